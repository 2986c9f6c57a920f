// What is asked of the JavaScript engine, before anything else is loaded.
import { createHook } from 'node:async_hooks';
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Bytes of V8's young generation, both halves, above which it grows no more. */
const YOUNG_BYTES = 16 * 1_024 * 1_024;
const youngBytes = () =>
  getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? YOUNG_BYTES;
const youngMayGrow = (may: boolean) => setFlagsFromString(`--semi-space-growth-factor=${may ? 2 : 1}`);
// It keeps its first size while the modules are loaded: that would grow it to 48 MB, which never come back. Then it grows with what is in flight,
// to a bound: a small one makes the pauses of calls under load shorter (bench verify, start).
youngMayGrow(false);
new PerformanceObserver(() => youngMayGrow(youngBytes() < YOUNG_BYTES)).observe({ entryTypes: ['gc'] });
// Nothing is made in the old generation at once. V8 would, where it has seen that what a line makes lives on; all that hangs on such an object
// is then kept until the next full collection, though its call has ended, which proves V8 right (bench verify).
setFlagsFromString('--no-allocation-site-pretenuring');
// The old generation is collected when it has grown by a fifth, not after several times that: what a node remembers lives long, and garbage
// beside it would take more memory than it does (bench memory).
setFlagsFromString('--heap-growing-percent=20');

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
