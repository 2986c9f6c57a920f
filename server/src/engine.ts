// What is asked of the JavaScript engine, before anything else is loaded.
import { createHook } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';

// Keeps V8's young generation at its first size. Loading the modules would grow it to 48 MB, which never come back; and pauses of calls
// under load are shorter with a small one (bench verify, start).
setFlagsFromString('--semi-space-growth-factor=1');
// The old generation is collected when it has doubled, not after several times that: what a node remembers lives long, and garbage beside it
// would take more memory than it does (bench memory). A fifth instead takes a fifth of the calls (bench verify).
setFlagsFromString('--heap-growing-percent=100');

/** Where the process keeps what must outlive every collection. */
export const HELD = Symbol('held');

// One of the objects that `process.nextTick` queues. While one lives, so does the hidden class of all of them. A full collection that finds none
// makes V8 forget that class, and from then on `nextTick` takes seven times as long for good: a tenth of every call (bench verify).
const hook = createHook({
  init: (_id, type, _trigger, resource) => {
    if (type === 'TickObject') Object.defineProperty(process, HELD, { value: resource, configurable: true });
  },
}).enable();
process.nextTick(() => undefined);
hook.disable();
