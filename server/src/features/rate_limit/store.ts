import type { Instant, Span } from '../../kernel/clock.ts';

export type RateLimitStore = {
  /**
   * Reads when the buckets of the subjects will be full (0 for one never used), and writes what `decide` answers for those that it changes, all in one
   * step that no other caller comes between. `now` is the database's clock, which all nodes share. The same statements run whether a subject is known or
   * not. `decide` may run more than once.
   */
  update(
    tenantId: string,
    subjects: readonly string[],
    decide: (arrivals: readonly Instant[], now: Instant) => readonly Instant[],
  ): Promise<void>;
  /** Deletes at most `limit` rows of buckets that have been full for `age`; answers how many. */
  prune(age: Span, limit: number): Promise<number>;
};
