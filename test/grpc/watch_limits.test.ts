// What one watcher can cost a node (WAT-40).
import assert from 'node:assert/strict';
import { connect } from 'node:http2';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { HEARD_POLL_EVERY } from '../../server/src/features/change/tail.ts';
import { type WatchWorld, watchWorld } from '../support/watch_world.ts';
import { cleanUp, onCleanUp, rawFailure } from './fixture.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function usedMegabytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

describe('bounds of Watch', () => {
  let world: WatchWorld;
  const open = async (limits: NonNullable<Parameters<typeof watchWorld>[0]>['limits'] = {}) => {
    world = await watchWorld({ limits });
    return world;
  };
  afterEach(async () => {
    await cleanUp();
    await world?.close();
  });

  /** A watcher by plain HTTP/2 that reads nothing until it is asked to; then it tells what it got and how it ended. */
  const lazyWatcher = () => {
    const session = connect(`http://${world.target}`);
    session.on('error', () => {});
    onCleanUp(() => session.destroy());
    const stream = session.request({
      ':method': 'POST',
      ':path': '/trust.v1.SessionService/Watch',
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: `Bearer ${world.good.secret}`,
    });
    stream.on('error', () => {});
    const closed = new Promise<void>((resolve) => stream.on('close', () => resolve()));
    // WatchRequest{start: {}}
    stream.write(Buffer.from([0, 0, 0, 0, 2, 0x0a, 0]));
    return async () => {
      let bytes = 0;
      let trailers = {};
      stream.on('trailers', (found) => {
        trailers = found;
      });
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      await closed;
      return { bytes, reset: stream.rstCode, failure: rawFailure({ headers: trailers, reset: 0 }) };
    };
  };

  it('WAT-40 cuts a watcher that does not read, tells it why if it reads in time, and serves the others', async function () {
    this.timeout(60_000);
    const { watcher, revoke } = await open({ lingerMs: 10_000 });
    const read = lazyWatcher();
    const keen = await watcher().started();
    await wait(200);
    for (let round = 0; round < 9; round++) {
      await revoke(2_000);
      await keen.ping();
    }
    assert.equal(keen.revoked.length, 18_000);
    const { bytes, failure } = await read();
    assert.deepEqual([failure.code, failure.reason], ['RESOURCE_EXHAUSTED', 'RATE_LIMITED']);
    assert.deepEqual(failure.metadata, { limit: 'unread_changes' });
    assert.ok(bytes < 300_000, `it was sent ${bytes} bytes`);
  });

  it('WAT-40 keeps nothing of watchers that never read, however much is written', async function () {
    this.timeout(60_000);
    const { revoke, reads } = await open({ lingerMs: 100, stalledMs: 2_000 });
    await revoke(5_000);
    await wait(100);
    const before = usedMegabytes();
    for (let count = 0; count < 8; count++) lazyWatcher();
    await wait(500);
    const most: number[] = [];
    for (let round = 0; round < 3; round++) {
      await revoke(7_000);
      await wait(100);
      most.push(usedMegabytes() - before);
    }
    let count = -1;
    // Once all are cut, nobody follows the feed.
    while (count !== reads.count) {
      count = reads.count;
      await wait(HEARD_POLL_EVERY + 300);
    }
    const after = usedMegabytes() - before;
    assert.ok(Math.max(...most) < 120 && after < 15, `${most.map(Math.round)} MB, then ${Math.round(after)} MB`);
  });

  it('WAT-40 cuts a watcher that leaves even a little unread for too long', async function () {
    this.timeout(30_000);
    const { revoke, reads } = await open({ stalledMs: 2_000, recheckMs: 100, lingerMs: 100 });
    await revoke(12_000);
    const read = lazyWatcher();
    await wait(500);
    const during = reads.count;
    await wait(HEARD_POLL_EVERY + 200);
    assert.ok(reads.count > during);
    await wait(3_000);
    const after = reads.count;
    await wait(HEARD_POLL_EVERY + 200);
    assert.equal(reads.count, after);
    assert.equal((await read()).reset, 8, 'it did not read in time why it was ended');
  });

  it('WAT-40 refuses more streams of one connection or one service than it may have, until one ends', async () => {
    const { watcher, key } = await open({ watchesPerConnection: 2, watchesPerService: 3 });
    const shared = { channel: { 'grpc.use_local_subchannel_pool': 0 } };
    const two = await Promise.all([1, 2].map(() => watcher(undefined, shared).started()));
    const third = await watcher(undefined, shared).start().ended;
    assert.ok(third !== 'end');
    assert.deepEqual([third.code, third.reason], ['RESOURCE_EXHAUSTED', 'RATE_LIMITED']);
    assert.deepEqual(third.metadata, { limit: 'watches_per_connection' });
    await watcher().started();
    const fourth = await watcher().start().ended;
    assert.ok(fourth !== 'end');
    assert.deepEqual(fourth.metadata, { limit: 'watches_per_service' });
    const other = await key();
    await watcher(other.secret).started();
    two[0]?.close();
    await wait(100);
    await watcher().started();
  });

  it('ends a stream that does not say what it wants', async () => {
    const { watcher } = await open({ firstMessageMs: 300, recheckMs: 100 });
    const [silent, kept] = [watcher(), await watcher().started()];
    const failure = await silent.ended;
    assert.equal(failure !== 'end' && failure.reason, 'DEADLINE_EXCEEDED');
    await kept.ping();
  });
});
