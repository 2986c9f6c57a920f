import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

const TASKS = '/proc/self/task';
/** What the pool is called in which Node computes password hashes. */
const POOL = 'libuv-worker';
/** Niceness: a tenth of the time of a core that is wanted by others too. */
const BEHIND = 10;

/**
 * Has password hashes wait for the event loop where both want one core: a flood of sign-ins must not slow Verify. The pool has to be running.
 * On Linux a priority is one thread's; elsewhere nothing is done, and a flood is felt more.
 */
export function letHashesStepBack(): void {
  try {
    for (const thread of readdirSync(TASKS)) {
      if (readFileSync(`${TASKS}/${thread}/comm`, 'utf8').trim() === POOL) setPriority(Number(thread), BEHIND);
    }
  } catch {
    // Not Linux, or not allowed: everything works without.
  }
}
