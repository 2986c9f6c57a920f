// How a server node follows the change feed (WAT-33 to WAT-36), as a pure model: it says from where to read, which rows
// are new, which pings are answered, and when rows may have been missed. It does no I/O and reads no clock.
import { type Reading, surelyPast } from '../../sdks/node/src/lease/reading.ts';

export interface FeedTailSettings {
  /** The longest a transaction may take, enforced by the database, and something more. */
  readonly overlapMs: number;
  /** W. */
  readonly windowMs: number;
}

export const FEED_TAIL: FeedTailSettings = { overlapMs: 10_000, windowMs: 360_000 };

/** A row with its place. Places rise as they are given out, but rows commit out of order. */
export interface PlacedRow {
  readonly position: number;
}

/** A ping that waits for a read of the feed. */
export interface WaitingPing {
  /** Whose: any value that names a stream of this node. */
  readonly watcher: number;
  readonly number: number;
}

/** What came of a read. */
export interface TailStep<R> {
  /** Rows that were not delivered before, lowest first. They go out before the pongs. */
  readonly fresh: readonly R[];
  /** One for each watcher whose pings waited when the read began: the latest. */
  readonly pongs: readonly WaitingPing[];
  /** Rows may have been missed: nothing of this read counts. End every stream, empty the cache, read again from the start. */
  readonly restart: boolean;
}

const NOTHING = { fresh: [], pongs: [], restart: false };

/** One read at a time. */
export class FeedTail<R extends PlacedRow> {
  protected readonly settings: FeedTailSettings;
  /** Pings that arrived since the last read began. */
  protected waiting: WaitingPing[] = [];
  /** Pings that had arrived when the present read began. */
  protected answering: WaitingPing[] = [];
  /** Every row up to here was delivered and no further one can appear. */
  #floor = 0;
  /** Positions above the floor that were delivered. */
  #seen = new Set<number>();
  /** Highest position seen, and when a read first ended with it: rows below began before that. Monotonic. */
  #highs: { readonly position: number; readonly at: number }[] = [];
  #high = 0;
  #began: number | undefined;
  #databaseTime: number | undefined;

  constructor(settings: FeedTailSettings) {
    this.settings = settings;
  }

  /** A ping has arrived; the next read that begins answers it. */
  ping(ping: WaitingPing): void {
    this.waiting.push(ping);
  }

  /** A stream has ended. */
  forget(watcher: number): void {
    this.waiting = this.waiting.filter((ping) => ping.watcher !== watcher);
    this.answering = this.answering.filter((ping) => ping.watcher !== watcher);
  }

  /** A read begins. @returns the position after which to read */
  begin(now: Reading): number {
    this.#began = now.mono;
    this.answering = [...this.answering, ...this.waiting];
    this.waiting = [];
    return this.#floor;
  }

  /** The read failed: its pings wait for the next. */
  failed(): void {
    this.#began = undefined;
  }

  /**
   * The read is done.
   * @param rows - all rows after the position that `begin` gave, lowest first
   * @param databaseTime - the database's clock, taken in the read before its rows
   */
  done(rows: readonly R[], databaseTime: number, now: Reading): TailStep<R> {
    const began = this.#began;
    if (began === undefined) return NOTHING;
    this.#began = undefined;
    if (this.missed(databaseTime)) {
      this.#reset();
      return { ...NOTHING, restart: true };
    }
    this.#databaseTime = databaseTime;
    const fresh = rows.filter(({ position }) => position > this.#floor && !this.#seen.has(position));
    for (const { position } of fresh) {
      this.#seen.add(position);
      this.#high = Math.max(this.#high, position);
    }
    if (this.#high > (this.#highs.at(-1)?.position ?? this.#floor)) {
      this.#highs.push({ position: this.#high, at: now.mono });
    }
    this.#raiseFloor(began);
    const latest = new Map(this.answering.map((ping) => [ping.watcher, ping]));
    this.answering = [];
    return { fresh, pongs: [...latest.values()], restart: false };
  }

  /** How much is remembered. */
  get size(): number {
    return this.#seen.size;
  }

  /** Rows are deleted by the database's clock, so it alone can tell whether some were deleted unread. Half of W is margin. */
  protected missed(databaseTime: number): boolean {
    const before = this.#databaseTime;
    return before !== undefined && !(databaseTime - before < this.settings.windowMs / 2);
  }

  /** A row below a high was begun before that high was seen; one overlap later it has committed, and this read saw it. */
  #raiseFloor(began: number): void {
    const settled = this.#highs.findLastIndex(({ at }) => began - at >= surelyPast(this.settings.overlapMs));
    const high = this.#highs[settled];
    if (high === undefined) return;
    this.#floor = high.position;
    this.#highs = this.#highs.slice(settled + 1);
    for (const position of this.#seen) if (position <= this.#floor) this.#seen.delete(position);
  }

  #reset(): void {
    this.#floor = 0;
    this.#high = 0;
    this.#highs = [];
    this.#seen.clear();
    this.#databaseTime = undefined;
    this.waiting = [];
    this.answering = [];
  }
}
