import { type Clocks, elapsed, type Instant, MINUTE, type Reading, type Span } from '../../kernel/clock.ts';
import type { Timer } from '../../kernel/timer.ts';
import type { Change } from './change.ts';
import { type FeedWindow, feedWindow } from './feed_window.ts';
import type { ChangeStore, FeedRow } from './store.ts';

/** W: for so long a change is told to those who begin to follow; the longest Trust Token lifetime and a margin. */
export const BACKLOG_WINDOW: Span = 6 * MINUTE;

/** What the instant of a write may differ from that of its commit by, and the clocks of two servers of one database from each other. */
export const BACKLOG_MARGIN: Span = MINUTE;

/** Rows are deleted after this, in batches of this size, at most so many at a time. */
const KEPT = BACKLOG_WINDOW + 2 * BACKLOG_MARGIN;
const PRUNE_ROWS = 500;
const PRUNE_BATCHES = 40;

/** Time from the start of one read to that of the next: while nothing is told of changes or somebody waits for a read, while all are told of, when woken, and at most while reads fail. */
export const POLL_EVERY: Span = 25;
export const HEARD_POLL_EVERY: Span = 500;
const WOKEN_AFTER: Span = 4;
const LONGEST_RETRY: Span = 500;

const ROWS_PER_READ = 1_000;

/** A read that is done: when it began by both clocks of this machine, and then by the database's. */
export type DoneRead = { readonly began: Reading; readonly databaseTime: Instant };

/** What follows the feed. The functions must not throw. */
export type Follower = {
  /** New rows; each row once, as soon as a read found it. */
  readonly changed: (rows: readonly FeedRow[]) => void;
  /** What this process changed itself, before whoever asked for it is answered. Comes again as rows. */
  readonly own?: (changes: readonly Change[]) => void;
  /** The longest time that it likes between the beginnings of two reads; asked after each. */
  readonly every?: () => Span;
  /** A read is done: every row committed before it began has been told. */
  readonly read?: (read: DoneRead) => void;
  /** The place in the feed is lost, and changes with it: whatever was built on it must be forgotten. Following ends. */
  readonly lost: () => void;
};

/** One read of the feed that has not begun. */
export type NextRead = {
  /** Runs when the read is done and all it found was told; if the read fails, when a later one is. */
  whenDone(run: (read: DoneRead) => void): void;
};

type Waiting = ((read: DoneRead) => void)[];

export type ChangeTail = {
  /** Answers how to end it. The feed is polled only while somebody follows. */
  follow(follower: Follower): () => void;
  /** The read that begins next: the same object until it begins. */
  nextRead(): NextRead;
};

export type TailDeps = {
  readonly changes: Pick<ChangeStore, 'readAfter' | 'readGaps' | 'positionBefore' | 'listen'>;
  readonly clocks: Clocks;
  readonly timer: Timer;
  /** Told of the first of failures in a row. */
  readonly failed?: (error: unknown) => void;
};

/**
 * Follows the feed from the primary for all of a node. A read that began after an instant tells of every row committed before that instant; nothing
 * depends on a wake-up.
 */
export function changeTail({ changes, clocks, timer, failed }: TailDeps): ChangeTail {
  const followers = new Set<Follower>();
  let waiting: Waiting = [];
  let next = newRead();
  let running = false;
  let woken = false;
  let wakeUp = () => {};

  function newRead(): NextRead {
    const served = waiting;
    return {
      whenDone(run) {
        if (served.push(run) === 1) wakeUp();
      },
    };
  }

  const tell = (rows: readonly FeedRow[]) => {
    if (rows.length > 0) for (const { changed } of followers) changed(rows);
  };

  async function readAhead(window: FeedWindow): Promise<Instant> {
    for (let began: Instant | undefined; ; ) {
      const { databaseTime, rows } = await changes.readAfter(window.end, ROWS_PER_READ);
      began ??= databaseTime;
      tell(window.take(rows, clocks().mono));
      if (rows.length < ROWS_PER_READ) return began;
    }
  }

  async function readBehind(window: FeedWindow): Promise<Instant | undefined> {
    for (let began: Instant | undefined; ; ) {
      const now = clocks().mono;
      const { gaps } = window;
      if (gaps.length === 0) return began;
      const read = await changes.readGaps(gaps, ROWS_PER_READ);
      began ??= read.databaseTime;
      const all = read.rows.length < ROWS_PER_READ;
      tell(window.fill(read, now, all));
      if (all) return began;
    }
  }

  /** Tells what is new; answers the database's clock before any row of it was looked at. */
  async function readAll(window: FeedWindow): Promise<Instant> {
    // The gaps first: those that this read notices hold nothing that was committed before it began.
    const began = await readBehind(window);
    const beganAhead = await readAhead(window);
    return began ?? beganAhead;
  }

  function pace(hears: boolean, liked: Span): Span {
    if (woken) return WOKEN_AFTER;
    return hears && waiting.length === 0 ? Math.min(liked, HEARD_POLL_EVERY) : POLL_EVERY;
  }

  const rest = (until: () => Instant) =>
    new Promise<void>((done) => {
      const arm = () => timer(Math.max(0, until() - clocks().mono), done);
      let disarm = arm();
      wakeUp = () => {
        disarm();
        disarm = arm();
      };
    });

  async function run(): Promise<void> {
    const listening = changes.listen((own) => {
      if (own.length > 0) for (const follower of followers) follower.own?.(own);
      if (woken) return;
      woken = true;
      wakeUp();
    });
    let window: FeedWindow | undefined;
    let last = clocks();
    // A suspended machine stops the monotonic clock.
    const sinceLast = () => elapsed(last, clocks());
    let failures = 0;
    while (followers.size > 0) {
      const began = clocks();
      const served = waiting;
      waiting = [];
      next = newRead();
      woken = false;
      try {
        // Who follows has read its backlog meanwhile: what came after that must lie in the window, however long the first read failed.
        // An age is whole milliseconds, and the monotonic clock is not.
        window ??= feedWindow(await changes.positionBefore(BACKLOG_MARGIN + Math.ceil(sinceLast())));
        const databaseTime = await readAll(window);
        // What was committed since the last read may have been deleted meanwhile.
        if (sinceLast() > BACKLOG_WINDOW || !window.whole) {
          window = undefined;
          for (const { lost } of dropAll()) lost();
        }
        last = began;
        failures = 0;
        const done = { began, databaseTime };
        for (const { read } of followers) read?.(done);
        for (const each of served) each(done);
      } catch (error) {
        failures += 1;
        if (failures === 1) failed?.(error);
        // They wait for a later read; those who came meanwhile do too.
        waiting.unshift(...served);
      }
      const retry = failures > 0 ? Math.min(POLL_EVERY * 2 ** failures, LONGEST_RETRY) : undefined;
      const liked = Math.min(...[...followers].map(({ every }) => every?.() ?? HEARD_POLL_EVERY));
      await rest(() => began.mono + (retry ?? pace(listening.hears(), liked)));
    }
    listening.end();
    running = false;
  }

  function dropAll(): readonly Follower[] {
    const dropped = [...followers];
    followers.clear();
    return dropped;
  }

  return {
    follow(follower) {
      followers.add(follower);
      if (!running) {
        running = true;
        void run();
      }
      return () => void followers.delete(follower);
    },
    nextRead: () => next,
  };
}

/** Deletes rows that nobody needs any more, in small batches. Called on a schedule by every node. */
export async function pruneChanges(changes: Pick<ChangeStore, 'prune'>): Promise<void> {
  for (let batch = 0; batch < PRUNE_BATCHES; batch++) {
    if ((await changes.prune(KEPT, PRUNE_ROWS)) < PRUNE_ROWS) return;
  }
}
