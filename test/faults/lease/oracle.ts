// When each revocation was acknowledged, by the clock of the test, and what was answered too late.

/** B: no yes that was asked for later than this after the answer to the revocation. */
export const BOUND_MS = 2_000;

/** A session that the test made. `endedAt` is when the end was acknowledged; `boundMs` is 0 where the SDK ended it itself. */
export type Known = {
  readonly sessionId: string;
  readonly identityId: string;
  readonly trustToken: string;
  endedAt: number;
  boundMs: number;
};

export type Counts = { revocations: number; accepts: number; local: number; rejections: number; failures: number };

export class Oracle {
  readonly violations: string[] = [];
  readonly counts: Counts = { revocations: 0, accepts: 0, local: 0, rejections: 0, failures: 0 };
  readonly #who: string;

  constructor(who: string) {
    this.#who = who;
  }

  ended(session: Known, boundMs = BOUND_MS): void {
    session.endedAt = performance.now();
    session.boundMs = boundMs;
    this.counts.revocations += 1;
  }

  /**
   * A yes. Asked after the acknowledgement and B it is a violation, wherever the answer lay meanwhile: the question had not
   * reached the SDK before `askedAt`, so the SDK answered later still.
   */
  accepted(session: Known, what: string, askedAt: number): void {
    this.counts.accepts += 1;
    const late = askedAt - session.endedAt - session.boundMs;
    if (late > 0) this.violations.push(`${this.#who}: ${what} accepted, asked ${late.toFixed(0)} ms too late`);
  }
}
