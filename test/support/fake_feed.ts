// A change feed in memory whose transactions commit when they are told to, in any order, and whose reads can be held.

import type { Change } from '../../server/src/features/change/change.ts';
import type { ChangeStore, FeedRow } from '../../server/src/features/change/store.ts';
import { type ChangeTail, changeTail, type DoneRead, type Follower } from '../../server/src/features/change/tail.ts';
import type { Timer } from '../../server/src/kernel/timer.ts';

type Writer = { readonly number: number; readonly positions: number[]; state: 'open' | 'committed' | 'ended' };

/** Names its position, so that tests can tell rows apart. */
const rowAt = (position: number, tenantId: string): FeedRow => ({
  position,
  change: { tenantId, kind: 'session', handle: `ses_${position}`, version: 1, revoked: true },
});

/** Far from any clock of the tests' own. */
export const DATABASE_TIME = Date.UTC(2030, 0, 1);

export function fakeFeed() {
  const writers: Writer[] = [];
  const tenants = new Map<number, string>();
  const wakes = new Set<(own: readonly Change[]) => void>();
  let lastPosition = 0;
  const control = {
    /** While set, a read waits for it after it was asked and before it looks. */
    hold: undefined as Promise<void> | undefined,
    failure: undefined as Error | undefined,
    /** Rows up to here have been deleted. */
    pruned: 0,
    /** What `positionBefore` answers. */
    before: 0,
    /** What it was asked last. */
    age: 0,
    wakes: true,
    hears: false,
    /** What the clock of the database says; each statement that asks it takes a millisecond. */
    time: DATABASE_TIME,
  };
  const calls: string[] = [];

  const visible = () =>
    writers
      .filter(({ state }) => state === 'committed')
      .flatMap(({ positions }) => positions)
      .filter((position) => position > control.pruned)
      .toSorted((a, b) => a - b)
      .map((position) => rowAt(position, tenants.get(position) ?? 'default'));
  const asked = async (call: string) => {
    calls.push(call);
    await control.hold;
    if (control.failure !== undefined) throw control.failure;
  };

  const changes: ChangeStore = {
    async readAfter(position, limit) {
      await asked('readAfter');
      const rows = visible().filter((row) => row.position > position);
      return { databaseTime: control.time++, rows: rows.slice(0, limit) };
    },
    async readGaps(gaps, limit) {
      await asked('readGaps');
      const rows = visible().filter(({ position }) => gaps.some(({ from, to }) => from <= position && position <= to));
      const open = writers.filter(({ state }) => state === 'open').map(({ number }) => number);
      const next = writers.length + 1;
      return { databaseTime: control.time++, rows: rows.slice(0, limit), oldest: Math.min(next, ...open), next };
    },
    async positionBefore(age) {
      await asked('positionBefore');
      // As PostgreSQL does.
      if (!Number.isInteger(age)) throw new Error(`${age} is not whole milliseconds`);
      control.age = age;
      return control.before;
    },
    async readRecent(tenantId, _age, position, limit) {
      await asked('readRecent');
      return visible()
        .filter((row) => row.position > position && row.change.tenantId === tenantId)
        .slice(0, limit);
    },
    prune: async () => 0,
    listen(wake) {
      wakes.add(wake);
      return { hears: () => control.hears, end: () => void wakes.delete(wake) };
    },
  };

  return {
    changes,
    control,
    calls,
    get listeners() {
      return wakes.size;
    },
    /** Begins a transaction that takes so many positions at once. */
    begin(rows = 1, tenantId = 'default') {
      const writer: Writer = { number: writers.length + 1, positions: [], state: 'open' };
      writers.push(writer);
      for (let row = 0; row < rows; row++) {
        lastPosition += 1;
        writer.positions.push(lastPosition);
        tenants.set(lastPosition, tenantId);
      }
      return {
        positions: writer.positions,
        commit() {
          writer.state = 'committed';
          if (control.wakes) for (const wake of wakes) wake([]);
        },
        rollback() {
          writer.state = 'ended';
        },
      };
    },
    /** One transaction from begin to end. */
    write(rows = 1, tenantId = 'default') {
      const writer = this.begin(rows, tenantId);
      writer.commit();
      return writer.positions;
    },
  };
}

/** A clock that is moved by hand, with the timers that hang on it. */
export function handClock() {
  const timers = new Map<object, { readonly at: number; readonly run: () => void }>();
  const time = { now: 1_000_000, wall: Date.UTC(2026, 0, 1) };
  /** A clock that never steps has fractions, and moves between two looks at it. */
  let looks = 0;
  const settle = async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const timer: Timer = (after, run) => {
    const key = {};
    timers.set(key, { at: time.now + after, run });
    return () => void timers.delete(key);
  };
  return {
    time,
    timer,
    settle,
    clocks: () => ({ mono: time.now + looks++ / 1_000_000, wall: time.wall }),
    get pending() {
      return timers.size;
    },
    /** Lets so many milliseconds pass, timer by timer. */
    async pass(ms: number) {
      const end = time.now + ms;
      await settle();
      for (;;) {
        const [due] = [...timers].filter(([, { at }]) => at <= end).toSorted(([, a], [, b]) => a.at - b.at);
        if (due === undefined) break;
        const [key, { at, run }] = due;
        timers.delete(key);
        time.wall += at - time.now;
        time.now = at;
        run();
        await settle();
      }
      time.wall += end - time.now;
      time.now = end;
    },
  };
}

/** A tail on a fake feed. `told` are the positions that its one follower was told of, in their order. */
export function tailWorld() {
  const feed = fakeFeed();
  const clock = handClock();
  const failures: unknown[] = [];
  const tail: ChangeTail = changeTail({
    changes: feed.changes,
    clocks: clock.clocks,
    timer: clock.timer,
    failed: (error) => failures.push(error),
  });
  const told: number[] = [];
  const reads: DoneRead[] = [];
  let lost = 0;
  const follower: Follower = {
    changed: (rows) => void told.push(...rows.map(({ position }) => position)),
    read: (done) => void reads.push(done),
    lost: () => {
      lost += 1;
    },
  };
  return {
    feed,
    clock,
    tail,
    told,
    reads,
    failures,
    follow: () => tail.follow(follower),
    get lost() {
      return lost;
    },
  };
}
