import assert from 'node:assert/strict';
import { DATABASE_TIME, tailWorld } from '../../../../test/support/fake_feed.ts';
import { MINUTE, SECOND } from '../../kernel/clock.ts';
import { recentChanges } from '../change/recent_changes.ts';
import { BACKLOG_WINDOW, POLL_EVERY } from '../change/tail.ts';
import { type Frame, watchHub } from './hub.ts';
import { MAX_QUEUED_FRAMES, type Subscription, subscription } from './subscription.ts';

/** Watchers on a fake feed. What is sent to one is read as words: `c3` for the change at position 3, `ready`, `p7` for a pong. */
function watchers() {
  const { feed, clock, tail } = tailWorld();
  let encoded = 0;
  const hub = watchHub({
    tail,
    recentChanges: recentChanges(feed.changes),
    encode: (change) => {
      encoded += 1;
      return Buffer.from(change.kind === 'session' ? `c${change.handle.slice(4)}` : '?');
    },
  });
  const watch = (tenantId = 'default') => {
    const sent: Frame[] = [];
    const failures: unknown[] = [];
    const outlet = { reads: true };
    const stream: Subscription = subscription(
      { hub, tail, ready: Buffer.from('ready'), pong: (number, time) => Buffer.from(`p${number}${at(time)}`) },
      {
        send: (frame) => {
          sent.push(frame);
          return outlet.reads;
        },
        fail: (error) => void failures.push((error as { reason: string }).reason),
      },
    );
    stream.start(tenantId);
    return { stream, outlet, sent, failures, words: () => sent.map(String) };
  };
  return { feed, clock, hub, watch, encodings: () => encoded };
}

/** Nothing while the database's clock does not matter: it starts at the same instant in each world. */
const at = (time: number) => (time >= DATABASE_TIME + MINUTE ? `@${time - DATABASE_TIME}` : '');

describe('watching', () => {
  it('WAT-31 sends the backlog, ready, and what came while the backlog was read, in this order', async () => {
    const { feed, clock, watch } = watchers();
    feed.control.before = 2;
    feed.write(2);
    const first = watch();
    await clock.pass(POLL_EVERY * 2);
    let release = () => {};
    const read = feed.changes.readRecent;
    Object.assign(feed.changes, {
      readRecent: async (...args: Parameters<typeof read>) => {
        const rows = await read(...args);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        return rows;
      },
    });
    const late = watch();
    await clock.settle();
    feed.write();
    await clock.pass(POLL_EVERY * 2);
    assert.deepEqual(late.words(), [], 'nothing before the backlog');
    release();
    await clock.settle();
    assert.deepEqual(late.words(), ['c1', 'c2', 'ready', 'c3']);
    assert.deepEqual(first.words(), ['c1', 'c2', 'ready', 'c3']);
  });

  it('WAT-33 puts a pong behind ready and behind all that its read found', async () => {
    const { feed, clock, watch } = watchers();
    feed.control.before = 1;
    feed.write();
    const { stream, words } = watch();
    stream.ping(1n);
    await clock.pass(POLL_EVERY * 2);
    assert.deepEqual(words(), ['c1', 'ready', 'p1']);
    feed.control.wakes = false;
    stream.ping(2n);
    feed.write(2);
    stream.ping(5n);
    await clock.pass(POLL_EVERY * 2);
    assert.deepEqual(words().slice(3), ['c2', 'c3', 'p5']);
  });

  it('WAT-33 a pong carries the database’s clock of its own read', async () => {
    const { feed, clock, watch } = watchers();
    const { stream, words } = watch();
    await clock.pass(POLL_EVERY * 2);
    feed.control.time = DATABASE_TIME + MINUTE;
    stream.ping(1n);
    await clock.pass(POLL_EVERY);
    feed.control.time = DATABASE_TIME + 2 * MINUTE;
    stream.ping(2n);
    await clock.pass(POLL_EVERY);
    assert.deepEqual(words(), ['ready', 'p1@60000', 'p2@120000']);
  });

  it('WAT-33 a ping that comes while a read is under way waits for the next', async () => {
    const { feed, clock, watch } = watchers();
    const { stream, words } = watch();
    await clock.pass(POLL_EVERY * 2);
    let release = () => {};
    feed.control.hold = new Promise((resolve) => {
      release = resolve;
    });
    await clock.pass(POLL_EVERY);
    stream.ping(1n);
    feed.control.hold = undefined;
    release();
    await clock.settle();
    assert.deepEqual(words(), ['ready']);
    await clock.pass(POLL_EVERY);
    assert.deepEqual(words(), ['ready', 'p1']);
  });

  it('encodes each change once for all who watch, and none that nobody watches', async () => {
    const { feed, clock, watch, encodings } = watchers();
    const all = Array.from({ length: 20 }, () => watch());
    await clock.pass(POLL_EVERY * 2);
    feed.write(5);
    feed.write(5, 'other');
    await clock.pass(POLL_EVERY * 2);
    assert.equal(encodings(), 5);
    const frames = new Set(all.map(({ sent }) => sent.at(-1)));
    assert.equal(frames.size, 1);
  });

  it('reads one backlog for all who come while one is read', async () => {
    const { feed, clock, watch } = watchers();
    for (let count = 0; count < 50; count++) watch();
    await clock.pass(POLL_EVERY);
    assert.equal(feed.calls.filter((call) => call === 'readRecent').length, 2);
    watch();
    await clock.pass(POLL_EVERY);
    assert.equal(feed.calls.filter((call) => call === 'readRecent').length, 3);
  });

  it('WAT-40 sends nothing while the outlet is full, goes on in order, and gives up at its bound', async () => {
    const { feed, clock, hub, watch } = watchers();
    const { stream, outlet, words, failures } = watch();
    await clock.pass(POLL_EVERY * 2);
    outlet.reads = false;
    feed.write(10);
    await clock.pass(POLL_EVERY);
    assert.deepEqual(words(), ['ready', 'c1']);
    outlet.reads = true;
    stream.drained();
    assert.deepEqual(words().slice(1), ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c10']);
    outlet.reads = false;
    feed.write(3);
    await clock.pass(POLL_EVERY);
    stream.ping(1n);
    await clock.pass(POLL_EVERY * 2);
    assert.equal(words().at(-1), 'c11');
    outlet.reads = true;
    stream.drained();
    assert.deepEqual(words().slice(-4), ['c11', 'c12', 'c13', 'p1'], 'a pong waits behind the changes before it');
    outlet.reads = false;
    feed.write(MAX_QUEUED_FRAMES + 1);
    await clock.pass(POLL_EVERY * 2);
    assert.deepEqual(failures, []);
    feed.write();
    await clock.pass(POLL_EVERY * 2);
    assert.deepEqual(failures, ['RATE_LIMITED']);
    assert.equal(hub.size, 0);
  });

  it('WAT-35 ends every stream when the place in the feed is lost, and begins anew for those who come again', async () => {
    const { feed, clock, hub, watch } = watchers();
    const [one, two] = [watch(), watch('other')];
    await clock.pass(POLL_EVERY * 2);
    feed.control.failure = new Error('away');
    await clock.pass(BACKLOG_WINDOW + SECOND);
    feed.control.failure = undefined;
    await clock.pass(SECOND);
    assert.deepEqual([...one.failures, ...two.failures, hub.size], ['WATCH_POSITION_LOST', 'WATCH_POSITION_LOST', 0]);
    const again = watch();
    await clock.pass(POLL_EVERY * 2);
    feed.write();
    await clock.pass(POLL_EVERY);
    assert.deepEqual(again.words(), ['ready', 'c1']);
  });

  it('ends with the failure of its backlog, and a stream that was closed is told nothing', async () => {
    const { feed, clock, hub, watch } = watchers();
    feed.control.failure = Object.assign(new Error('away'), { reason: 'DATABASE_UNAVAILABLE' });
    const { failures, words } = watch();
    await clock.pass(POLL_EVERY);
    assert.deepEqual([failures, words(), hub.size], [['DATABASE_UNAVAILABLE'], [], 0]);
    feed.control.failure = undefined;
    const closed = watch();
    closed.stream.closed();
    feed.write();
    await clock.pass(SECOND);
    assert.deepEqual([closed.words(), closed.failures], [[], []]);
  });
});
