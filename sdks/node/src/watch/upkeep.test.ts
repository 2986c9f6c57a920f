// How a stream is kept, reopened and left, and that it keeps no process alive.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import { SESSION_ID, startFakeServer } from '../testing/fake_server.ts';
import { FakeClocks, FakeWatch } from '../testing/fake_watch.ts';
import { failureOf, HANDLE, type WatchWorld, warm, watchWorld, yes } from '../testing/watch_world.ts';

describe('watch: upkeep', function () {
  this.timeout(30_000);
  const open: { stop(): void }[] = [];
  afterEach(() => {
    for (const item of open.splice(0)) item.stop();
  });

  async function world(...given: Parameters<typeof watchWorld>): Promise<WatchWorld> {
    const made = await watchWorld(...given);
    open.push(made);
    return made;
  }

  it('SDK-42 WAT-4 a stream that says nothing for 3 s is cancelled and opened anew; pings count on', async () => {
    const one = await world();
    const stream = await warm(one);
    const begun = performance.now();
    await stream.ended;
    assert(performance.now() - begun > 2_500);
    const pings = [await stream.pings.take(), await stream.pings.take()];
    const next = await one.watch.streams.take();
    const first = await next.pings.take();
    assert(first > Math.max(...pings));
    assert.equal(await next.pings.take(), first + 1);
  });

  it('SDK-42 a stream that was cut is opened again soon, one that was refused is not', async () => {
    for (const [code, again] of [
      [status.UNAVAILABLE, true],
      [status.RESOURCE_EXHAUSTED, true],
      [status.UNIMPLEMENTED, false],
      [status.PERMISSION_DENIED, false],
    ] as const) {
      const one = await world();
      await one.client.verify(SESSION_ID);
      (await one.watch.streams.take()).cut(code);
      const opened = one.watch.streams.take().then(() => true);
      const waited = new Promise<boolean>((resolve) => setTimeout(resolve, again ? 10_000 : 700, false));
      assert.equal(await Promise.race([opened, waited]), again, status[code]);
      assert.equal((await one.client.verify(SESSION_ID)).active, true, 'each question is asked');
    }
  });

  it('SDK-42 WAT-14 uses are reported with their age, about every 5 s and at close', async () => {
    const one = await world();
    const stream = await warm(one);
    one.clocks.advance(700);
    one.client.verifyLocal(SESSION_ID);
    one.clocks.advance(30);
    const ponging = setInterval(() => stream.pings.drain(), 400);
    const keep = setInterval(() => stream.pong(0), 1_000);
    assert.deepEqual(await stream.uses.take(), [{ handle: HANDLE, ageMs: 30 }]);
    clearInterval(ponging);
    clearInterval(keep);
    one.client.verifyLocal(SESSION_ID);
    one.client.close();
    assert.deepEqual(await stream.uses.take(), [{ handle: HANDLE, ageMs: 0 }]);
    await stream.ended;
  });

  it('SDK-43 after close every question ends with CANCELLED, and memory is silent', async () => {
    const one = await world();
    const stream = await warm(one);
    const lease = one.client.awaitLease();
    one.client.close();
    await lease;
    assert.equal((await failureOf(one.client.verify(SESSION_ID))).reason, 'CANCELLED');
    assert.equal(one.client.verifyLocal(SESSION_ID), undefined);
    assert.equal(await one.client.awaitLease(), false);
    await stream.ended;
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal(one.watch.opened, 1);
  });

  it('SDK-43 a process that watches ends by itself, once its calls are answered', async () => {
    const clocks = new FakeClocks();
    const watch = new FakeWatch(clocks);
    const answer = () => new Promise((resolve) => setTimeout(resolve, 1_500, yes(clocks)));
    const server = await startFakeServer({ verify: answer }, { watch: watch.serve });
    open.push(server);
    const script = `
      import { TrustClient } from ${JSON.stringify(new URL('../index.ts', import.meta.url).href)};
      const client = new TrustClient({ address: ${JSON.stringify(server.address)} });
      void client.awaitLease(60_000).then((leased) => console.log('leased ' + leased));
      const verdict = await client.verify(${JSON.stringify(SESSION_ID)});
      console.log('active ' + verdict.active);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    await (await watch.streams.take()).prove();
    const late = setTimeout(() => child.kill(), 15_000);
    const [code] = await once(child, 'close');
    clearTimeout(late);
    assert.deepEqual([code, text], [0, 'leased true\nactive true\n']);
  });
});
