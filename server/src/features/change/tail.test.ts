import assert from 'node:assert/strict';
import fc from 'fast-check';
import { tailWorld } from '../../../../test/support/fake_feed.ts';
import { MINUTE, SECOND } from '../../kernel/clock.ts';
import { feedWindow, OVERLAP } from './feed_window.ts';
import { BACKLOG_WINDOW, POLL_EVERY, pruneChanges } from './tail.ts';

describe('change tail', () => {
  it('tells each row once, as soon as it is committed, without any wake-up', async () => {
    const { feed, clock, follow, told } = tailWorld();
    feed.control.wakes = false;
    follow();
    await clock.settle();
    feed.write(3);
    await clock.pass(POLL_EVERY);
    assert.deepEqual(told, [1, 2, 3]);
    feed.write();
    await clock.pass(POLL_EVERY * 4);
    assert.deepEqual(told, [1, 2, 3, 4]);
  });

  it('reads within 4 ms when woken, once for many wake-ups, and every 25 ms otherwise', async () => {
    const { feed, clock, follow, told } = tailWorld();
    follow();
    await clock.settle();
    feed.calls.length = 0;
    for (let count = 0; count < 50; count++) feed.write();
    await clock.pass(4);
    assert.equal(told.length, 50);
    assert.equal(feed.calls.length, 1);
    await clock.pass(1_000);
    assert.equal(feed.calls.length, 41);
  });

  it('polls and listens only while somebody follows', async () => {
    const { feed, clock, follow } = tailWorld();
    await clock.pass(1_000);
    assert.deepEqual([feed.calls.length, feed.listeners], [0, 0]);
    const [first, second] = [follow(), follow()];
    await clock.pass(100);
    assert.equal(feed.listeners, 1);
    first();
    second();
    await clock.pass(POLL_EVERY);
    feed.calls.length = 0;
    await clock.pass(1_000);
    assert.deepEqual([feed.calls.length, feed.listeners, clock.pending], [0, 0, 0]);
    follow();
    feed.write();
    await clock.pass(POLL_EVERY);
    assert.equal(feed.listeners, 1);
  });

  it('WAT-34 tells a row of a lower position that is committed after one of a higher', async () => {
    const { feed, clock, follow, told } = tailWorld();
    follow();
    await clock.settle();
    const [early, late] = [feed.begin(2), feed.begin()];
    late.commit();
    await clock.pass(POLL_EVERY);
    assert.deepEqual(told, [3]);
    await clock.pass(OVERLAP - SECOND);
    early.commit();
    await clock.pass(POLL_EVERY);
    assert.deepEqual(told, [3, 1, 2]);
  });

  it('WAT-34 waits for a writer that was under way for longer than the overlap, for its COMMIT may hang', async () => {
    const { feed, clock, follow, told } = tailWorld();
    follow();
    await clock.settle();
    const early = feed.begin();
    feed.write();
    await clock.pass(OVERLAP * 3);
    early.commit();
    await clock.pass(POLL_EVERY);
    assert.deepEqual(told, [2, 1]);
  });

  it('gives a gap up when the overlap has passed and its writers have ended, not before', async () => {
    const { feed, clock, follow } = tailWorld();
    follow();
    await clock.settle();
    feed.begin().rollback();
    feed.write();
    await clock.pass(OVERLAP - 100);
    feed.calls.length = 0;
    await clock.pass(75);
    assert.ok(feed.calls.includes('readGaps'));
    await clock.pass(200);
    feed.calls.length = 0;
    await clock.pass(1_000);
    assert.equal(feed.calls.includes('readGaps'), false);
  });

  it('begins behind what may still be open, and reads on in pages', async () => {
    const { feed, clock, follow, told } = tailWorld();
    feed.write(10);
    const open = feed.begin();
    feed.write(2_500);
    feed.control.before = 10;
    follow();
    await clock.settle();
    assert.equal(told.length, 2_500);
    assert.equal(told[0], 12);
    open.commit();
    await clock.pass(POLL_EVERY);
    assert.equal(told.at(-1), 11);
  });

  it('WAT-34 begins behind what may have come since it was followed, however long the first read fails', async () => {
    const { feed, clock, follow } = tailWorld();
    feed.control.failure = new Error('away');
    follow();
    await clock.pass(2 * MINUTE);
    feed.control.failure = undefined;
    await clock.pass(SECOND);
    assert.ok(feed.control.age >= 3 * MINUTE && feed.control.age < 3 * MINUTE + 2 * SECOND, `${feed.control.age}`);
  });

  it('WAT-33 runs what waits for a read after one that began later, once all of it was told', async () => {
    const { feed, clock, tail, follow, told } = tailWorld();
    follow();
    await clock.pass(5);
    let release = () => {};
    feed.control.hold = new Promise((resolve) => {
      release = resolve;
    });
    await clock.pass(POLL_EVERY);
    // A read has begun and is held: it may have looked already.
    const seen: [string, number][] = [];
    tail.nextRead().whenDone(() => seen.push(['ping', told.length]));
    const first = tail.nextRead();
    feed.control.hold = undefined;
    release();
    await clock.settle();
    assert.deepEqual(seen, [], 'the read that was under way does not count');
    assert.equal(tail.nextRead(), first);
    feed.control.wakes = false;
    feed.write(2);
    await clock.pass(POLL_EVERY);
    assert.deepEqual(seen, [['ping', 2]]);
    assert.notEqual(tail.nextRead(), first);
  });

  it('WAT-33 tells the clock of the database before it looked at any row of the read', async () => {
    const { feed, clock, tail, follow, reads } = tailWorld();
    follow();
    await clock.settle();
    feed.begin();
    feed.write();
    await clock.pass(POLL_EVERY);
    const given: number[] = [];
    tail.nextRead().whenDone(({ databaseTime }) => given.push(databaseTime));
    // It looks into a gap first, and then ahead: the clock is asked twice.
    const before = feed.control.time;
    feed.calls.length = 0;
    await clock.pass(POLL_EVERY);
    assert.deepEqual(feed.calls, ['readGaps', 'readAfter']);
    assert.deepEqual([given, reads.at(-1)?.databaseTime], [[before], before]);
  });

  it('keeps waiting through failed reads, tries again more slowly, and says so once', async () => {
    const { feed, clock, tail, follow, told, reads, failures } = tailWorld();
    follow();
    await clock.pass(5);
    feed.control.failure = new Error('database down');
    let pongs = 0;
    tail.nextRead().whenDone(() => {
      pongs += 1;
    });
    const before = reads.length;
    feed.calls.length = 0;
    await clock.pass(30 * SECOND);
    assert.deepEqual([pongs, reads.length - before, failures.length], [0, 0, 1]);
    assert.ok(feed.calls.length < 80, `${feed.calls.length} reads`);
    feed.write();
    feed.control.failure = undefined;
    await clock.pass(SECOND);
    assert.deepEqual([pongs, told], [1, [1]]);
  });

  for (const [what, suspend] of [
    ['an outage', (world: ReturnType<typeof tailWorld>) => world.clock.pass(BACKLOG_WINDOW + SECOND)],
    [
      'a suspended machine',
      async ({ clock: { time } }: ReturnType<typeof tailWorld>) => {
        time.wall += 7 * MINUTE;
      },
    ],
  ] as const) {
    it(`WAT-35 loses its place after ${what} longer than W, for rows may have been deleted`, async () => {
      const world = tailWorld();
      const { feed, clock } = world;
      world.follow();
      await clock.pass(5);
      feed.control.failure = new Error('away');
      await clock.pass(100);
      await suspend(world);
      feed.write(3);
      feed.control.pruned = 3;
      feed.control.failure = undefined;
      await clock.pass(SECOND);
      assert.equal(world.lost, 1);
      assert.equal(feed.listeners, 0, 'nobody follows any more');
    });
  }

  it('WAT-35 does not lose its place after a shorter one', async () => {
    const world = tailWorld();
    world.follow();
    await world.clock.pass(5);
    world.feed.control.failure = new Error('away');
    await world.clock.pass(BACKLOG_WINDOW - 2 * SECOND);
    world.feed.write();
    world.feed.control.failure = undefined;
    await world.clock.pass(SECOND);
    assert.deepEqual([world.lost, world.told], [0, [1]]);
  });

  it('loses its place rather than keep more gaps than it may', async () => {
    const world = tailWorld();
    world.follow();
    await world.clock.pass(5);
    for (let count = 0; count < 2_100; count++) {
      world.feed.begin().rollback();
      world.feed.write();
    }
    await world.clock.pass(POLL_EVERY);
    assert.equal(world.lost, 1);
  });

  it('WAT-34 tells everything that was committed before a read began, once, whatever the order', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('begin' as const), rows: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ do: fc.constantFrom('commit' as const, 'rollback' as const), pick: fc.nat(7) }),
      fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 10, 30, 900, 7_000) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const { feed, clock, tail, follow, told } = tailWorld();
        follow();
        await clock.settle();
        let open: { writer: ReturnType<typeof feed.begin>; since: number }[] = [];
        const committed: number[] = [];
        const finish = (end: 'commit' | 'rollback', pick: number) => {
          const [one] = open.splice(pick % Math.max(1, open.length), 1);
          if (one === undefined) return;
          one.writer[end]();
          if (end === 'commit') committed.push(...one.writer.positions);
        };
        const check = async () => {
          const due = [...committed];
          let done = false;
          tail.nextRead().whenDone(() => {
            done = true;
            for (const position of due) assert.ok(told.includes(position), `${position} is missing`);
          });
          await clock.pass(POLL_EVERY);
          assert.ok(done);
        };
        for (const one of steps) {
          if (one.do === 'begin') open.push({ writer: feed.begin(one.rows), since: clock.time.now });
          else if (one.do === 'pass') await clock.pass(one.ms);
          else finish(one.do, one.pick);
          await check();
        }
        while (open.length > 0) finish('commit', 0);
        open = [];
        await check();
        assert.equal(new Set(told).size, told.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('window of the feed', () => {
  it('drops what was seen', () => {
    const row = (position: number) => ({ position, change: { tenantId: 't', kind: 'tenant' as const, version: 1 } });
    const window = feedWindow(5);
    assert.deepEqual(window.take([row(4), row(7), row(8)], 0), [row(7), row(8)]);
    assert.deepEqual(window.fill({ rows: [row(6), row(7)], oldest: 0, next: 1 }, 0, true), [row(6)]);
    assert.deepEqual(window.fill({ rows: [row(6)], oldest: 0, next: 1 }, 0, true), []);
    assert.deepEqual([window.end, window.gaps], [8, []]);
  });
});

describe('pruning of changes', () => {
  it('WAT-36 goes on in batches while there is more, up to a bound, and keeps what a backlog may need', async () => {
    const asked: [number, number][] = [];
    let left = 1_200;
    const prune = async (age: number, limit: number) => {
      asked.push([age, limit]);
      const deleted = Math.min(left, limit);
      left -= deleted;
      return deleted;
    };
    await pruneChanges({ prune });
    assert.equal(left, 0);
    assert.equal(asked.length, 3);
    for (const [age, limit] of asked) assert.ok(age >= BACKLOG_WINDOW + 2 * MINUTE && limit <= 1_000);
    left = 1_000_000;
    await pruneChanges({ prune });
    assert.ok(left > 900_000, 'the rest is for the next turn');
  });
});
