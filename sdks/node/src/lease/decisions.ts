// What the machine is asked and what it answers.
import type { Reading } from './reading.ts';

/** A question to the source, as it stood when it was asked. */
export interface Ask {
  /** The stream whose cache the answer may enter; 0 for none. */
  readonly stream: number;
  readonly at: Reading;
  /** How old the source's answer may be at that moment: nothing if it was asked to read the database. */
  readonly sourceBoundMs: number;
}

/**
 * What to do with a remote answer: `kept` and `used` give it to the caller; `late` and `superseded` drop it and ask
 * again (`superseded` with STRONG).
 */
export type AnswerUse = 'kept' | 'used' | 'late' | 'superseded';

/** `unknown`: memory cannot tell; ask the server or refuse. */
export type TokenDecision = 'accept' | 'refuse' | 'unknown';

/** A use to report: `WatchUse`. */
export interface Use {
  readonly handle: string;
  readonly ageMs: number;
}
