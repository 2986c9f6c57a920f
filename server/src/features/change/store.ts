import type { Instant, Span } from '../../kernel/clock.ts';
import type { Change } from './change.ts';

/** A change with its place in the feed. Positions rise, but rows commit out of order. */
export type FeedRow = { readonly position: number; readonly change: Change };

/** Positions that were passed over, both ends included: a transaction under way may still fill them. */
export type Gap = { readonly from: number; readonly to: number };

/** Rows, and the database's clock when the statement that looked for them began. */
export type FeedRead = { readonly databaseTime: Instant; readonly rows: readonly FeedRow[] };

/**
 * What one look into gaps found. Writers are numbered in the order in which they began to write: all those below `oldest` had ended when it
 * looked, and `next` is above every one that had begun. Both are 0 where rows commit in the order of their positions.
 */
export type GapRead = FeedRead & { readonly oldest: number; readonly next: number };

/** `hears`: whether `wake` is called for others too at present, but for what is lost on the way. */
export type Listening = { hears(): boolean; end(): void };

/**
 * Reads the change feed, always from the primary, and each time anew: what was committed before a call is seen by it. Rows are written by the
 * other stores, with what they tell of. Ages are whole milliseconds, measured by the database's clock alone.
 */
export type ChangeStore = {
  /** Rows after `position`, lowest first, at most `limit`. */
  readAfter(position: number, limit: number): Promise<FeedRead>;
  /** Rows inside the gaps, lowest first, at most `limit`. */
  readGaps(gaps: readonly Gap[], limit: number): Promise<GapRead>;
  /** A position below that of every row written in the last `age`, committed or not. 0 if no row is older. */
  positionBefore(age: Span): Promise<number>;
  /** Rows of a tenant after `position` that were written in the last `age`, lowest first, at most `limit`. */
  readRecent(tenantId: string, age: Span, position: number, limit: number): Promise<readonly FeedRow[]>;
  /** Deletes at most `limit` rows written more than `age` ago; answers how many. */
  prune(age: Span, limit: number): Promise<number>;
  /**
   * Calls `wake` when changes were committed: by this process, with the changes, before the write that made them answers; by another where the
   * database can tell, soon and with none, and no such call is promised.
   */
  listen(wake: (own: readonly Change[]) => void): Listening;
};
