import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { setTimeout as wait } from 'node:timers/promises';
import { type Client, type ServiceError, status } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { readFailure } from '../../server/src/cli/failure.ts';
import { SERVICES } from '../../server/src/grpc/methods.ts';
import { cleanUp, client, invoke, rawFailure, start } from './fixture.ts';

const {
  Check: check,
  Watch: watch,
  List: list,
} = healthService as unknown as Record<'Check' | 'Watch' | 'List', Definition>;
type Definition = {
  path: string;
  requestSerialize: (value: object) => Buffer;
  responseDeserialize: (bytes: Buffer) => { status: string; statuses: object };
};

describe('gRPC health', () => {
  afterEach(cleanUp);

  it('says SERVING for the server and each service of the contract, without a service key', async () => {
    const from = client((await start()).target);
    for (const name of ['', ...Object.keys(SERVICES).map((service) => `trust.v1.${service}`)]) {
      assert.equal(await health(from, name), 'SERVING', name);
    }
    assert.equal(await health(from, 'trust.v1.Nothing'), 'NOT_FOUND');
    const all = await new Promise<{ statuses: object }>((resolve, reject) => {
      from.makeUnaryRequest(list.path, list.requestSerialize, list.responseDeserialize, {}, (error, value) =>
        value ? resolve(value) : reject(error),
      );
    });
    assert.equal(Object.keys(all.statuses).length, Object.keys(SERVICES).length + 1);
  });

  it('says NOT_SERVING once the store has failed or hung for a while, and SERVING when it is back', async () => {
    for (const failure of [() => Promise.reject(new Error('away')), () => new Promise<void>(() => {})]) {
      let ping: () => Promise<void> = async () => {};
      const server = await start({ ping: () => ping(), pingIntervalMs: 30, pingToleranceMs: 150 });
      const from = client(server.target);
      await wait(100);
      assert.equal(await health(from), 'SERVING');
      ping = failure;
      await wait(80);
      assert.equal(await health(from), 'SERVING', 'a short failure is borne');
      await wait(400);
      assert.equal(await health(from), 'NOT_SERVING');
      assert.equal((await invoke(from, 'SessionService', 'verify')).failure, undefined, 'calls are still tried');
      ping = async () => {};
      await wait(150);
      assert.equal(await health(from), 'SERVING');
    }
  });

  it('tells watchers each change, unknown services included, and ends them when it drains', async () => {
    const server = await start();
    const from = client(server.target);
    const known = healthWatch(from, 'trust.v1.SessionService');
    const unknown = healthWatch(from, 'nothing');
    await wait(100);
    await server.drain();
    assert.deepEqual([...known.seen, (await known.ended).reason], ['SERVING', 'NOT_SERVING', 'DRAINING']);
    assert.deepEqual(unknown.seen, ['SERVICE_UNKNOWN']);
  });
});

describe('gRPC drain', () => {
  afterEach(cleanUp);

  it('lets calls in progress finish, takes no connection, and ends as soon as they have', async () => {
    let finish = () => {};
    const server = await start({
      drainMs: 30_000,
      overrides: {
        'SessionService/verify': () =>
          new Promise((resolve) => {
            finish = () => resolve({ verdict: undefined });
          }),
      },
    });
    const inProgress = invoke(client(server.target), 'SessionService', 'verify');
    await wait(100);
    const began = performance.now();
    const drained = server.drain();
    await wait(50);
    const late = await invoke(
      client(server.target, undefined, { 'grpc.use_local_subchannel_pool': 1 }),
      'SessionService',
      'verify',
      {},
      { deadlineMs: 5_000 },
    );
    assert.equal(late.failure?.code, 'UNAVAILABLE');
    finish();
    assert.equal((await inProgress).failure, undefined);
    await drained;
    assert.ok(performance.now() - began < 20_000);
    assert.equal(server.drain(), server.drain(), 'a second drain is the first');
  });

  it('answers DRAINING to a call that was begun on an open connection but whose request comes after the drain', async () => {
    const server = await start({ drainMs: 2_000 });
    const session = connectHttp2(`http://127.0.0.1:${server.port}`);
    session.on('error', () => {});
    const stream = session.request({
      ':method': 'POST',
      ':path': '/trust.v1.SessionService/Verify',
      'content-type': 'application/grpc',
      authorization: 'Bearer good',
    });
    const answer = new Promise<Parameters<typeof rawFailure>[0]>((resolve) => {
      stream.on('response', (headers) => resolve({ headers, reset: 0 }));
    });
    stream.write(Buffer.alloc(3));
    await wait(50);
    const drained = server.drain();
    await wait(20);
    stream.end(Buffer.alloc(2));
    const failure = rawFailure(await answer);
    assert.equal(failure.reason, 'DRAINING');
    assert.equal(failure.code, 'UNAVAILABLE');
    assert.equal(server.seen.length, 0);
    session.close();
    await drained;
  });

  it('cuts off at the end of the drain what has not finished', async () => {
    const server = await start({ drainMs: 150, overrides: { 'SessionService/verify': () => new Promise(() => {}) } });
    const stuck = invoke(client(server.target), 'SessionService', 'verify');
    await wait(100);
    const began = performance.now();
    await server.drain();
    const took = performance.now() - began;
    assert.ok(took >= 140 && took < 10_000, `${took} ms`);
    assert.ok((await stuck).failure);
    assert.ok(performance.now() - began < 15_000, 'the connection is cut, not left to its deadline');
    assert.ok(server.lines.some((line) => line.includes('drain_forced')));
  });

  it('ends idle connections at once', async () => {
    const server = await start({ drainMs: 30_000 });
    const from = client(server.target);
    await invoke(from, 'SessionService', 'verify');
    const began = performance.now();
    await server.drain();
    assert.ok(performance.now() - began < 10_000);
  });
});

function health(from: Client, service = ''): Promise<string> {
  return new Promise((resolve) => {
    from.makeUnaryRequest(check.path, check.requestSerialize, check.responseDeserialize, { service }, (error, value) =>
      resolve(value?.status ?? status[(error as ServiceError).code] ?? 'nothing'),
    );
  });
}

function healthWatch(from: Client, service: string) {
  const seen: string[] = [];
  const stream = from.makeServerStreamRequest(watch.path, watch.requestSerialize, watch.responseDeserialize, {
    service,
  });
  stream.on('data', (value: { status: string }) => seen.push(value.status));
  const ended = new Promise<ReturnType<typeof readFailure>>((resolve) => {
    stream.on('error', (error) => resolve(readFailure(error as ServiceError)));
  });
  return { seen, ended };
}
