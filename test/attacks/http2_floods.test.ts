// Floods and slow clients, from loopback addresses and bounded: the server survives, its memory is bounded, and an honest client is answered meanwhile.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { RejectionReason } from '../../server/src/contract/gen/trust/v1/session.ts';
import { newServiceKey, newSessionId } from '../../server/src/kernel/secret.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { type NewSession, newSession, verdictOf } from '../support/shared_server.ts';
import { repeatableRandom } from '../support/world.ts';

/** Whoever floods has another loopback address, so that the bound of its address is not that of the honest client. */
const FLOODER = '127.0.0.66';
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const VERIFY = '/trust.v1.SessionService/Verify';

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

describe('attack: floods', function () {
  this.timeout(90_000);
  let server: ServerProcess;
  let honest: RpcCaller;
  let session: NewSession;
  const open: (Socket | ClientHttp2Session)[] = [];

  before(async () => {
    server = await startServer();
    honest = new RpcCaller(server.grpcAddress, server.serviceKey);
    session = await newSession(honest);
  });
  after(async () => {
    honest?.close();
    await server?.remove();
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.destroy();
  });

  const portOf = (address: string) => Number(address.slice(address.lastIndexOf(':') + 1));
  const grpcPort = () => portOf(server.grpcAddress);
  const httpPort = () => Number(new URL(server.publicUrl).port);

  function socket(port: number): Promise<Socket> {
    const made = connect({ host: '127.0.0.1', port, localAddress: FLOODER });
    open.push(made);
    made.on('error', () => {});
    made.resume();
    return new Promise((resolve) => {
      made.once('connect', () => resolve(made));
      made.once('close', () => resolve(made));
    });
  }

  function http2(): ClientHttp2Session {
    const made = connectHttp2(`http://127.0.0.1:${grpcPort()}`, {
      createConnection: () => connect({ host: '127.0.0.1', port: grpcPort(), localAddress: FLOODER }),
    });
    open.push(made);
    made.on('error', () => {});
    return made;
  }

  const headers = (more: Readonly<Record<string, string>> = {}) => ({
    ':method': 'POST',
    ':path': VERIFY,
    'content-type': 'application/grpc',
    te: 'trailers',
    authorization: `Bearer ${server.serviceKey}`,
    ...more,
  });
  const residentMib = () => {
    const path = `/proc/${server.pid()}/status`;
    return existsSync(path) ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(path, 'utf8'))?.[1] ?? 0) / 1_024 : 0;
  };

  /** Runs a flood while honest clients, old and new, ask; then looks at what is left of the server. */
  async function survives(flood: () => Promise<unknown>): Promise<void> {
    const before = residentMib();
    const pid = server.pid();
    let over = false;
    let slowest = 0;
    const asking = (async () => {
      do {
        const begun = performance.now();
        assert.equal(await verdictOf(honest, session.sessionId), 'active');
        const newcomer = new RpcCaller(server.grpcAddress, server.serviceKey);
        assert.equal(await verdictOf(newcomer, session.sessionId), 'active');
        newcomer.close();
        assert.equal((await fetch(`${server.publicUrl}/healthz`, { signal: AbortSignal.timeout(10_000) })).status, 200);
        slowest = Math.max(slowest, performance.now() - begun);
      } while (!over);
    })();
    await flood().finally(() => {
      over = true;
    });
    await asking;
    for (const one of open.splice(0)) one.destroy();
    assert.equal(server.pid(), pid, server.output().slice(-2_000));
    assert.ok(slowest < 10_000, `an honest client waited ${Math.round(slowest)} ms`);
    const grown = residentMib() - before;
    assert.ok(grown < 200, `memory grew by ${Math.round(grown)} MiB`);
    assert.doesNotMatch(server.output(), /"event":"crash"|failed unexpectedly/);
  }

  it('rapid reset: 6,000 streams that are cancelled as soon as they are opened', () =>
    survives(async () => {
      for (let connection = 0; connection < 3; connection += 1) {
        const client = http2();
        for (let count = 0; count < 2_000 && !client.destroyed && !client.closed; count += 1) {
          const stream = client.request(headers());
          stream.on('error', () => {});
          stream.close(constants.NGHTTP2_CANCEL);
          if (count % 100 === 0) await sleep(1);
        }
      }
    }));

  it('1,000 streams on each of 4 connections that never end their message: at most 256 are open on one', () =>
    survives(async () => {
      for (let connection = 0; connection < 4; connection += 1) {
        const client = http2();
        await new Promise((resolve) => client.once('remoteSettings', resolve));
        assert.ok((client.remoteSettings.maxConcurrentStreams ?? 0) <= 256);
        for (let count = 0; count < 1_000; count += 1) {
          const stream = client.request(headers());
          stream.on('error', () => {});
          // A message that says 100 bytes and sends one.
          stream.write(Buffer.from([0, 0, 0, 0, 100, 1]));
        }
      }
      await sleep(1_500);
    }));

  it('700 connections of one address: those beyond 512 are closed, other addresses are served', () =>
    survives(async () => {
      const sockets = await Promise.all(Array.from({ length: 700 }, () => socket(grpcPort())));
      await sleep(500);
      const alive = sockets.filter((one) => !one.destroyed && !one.readableEnded).length;
      assert.ok(alive <= 512, `${alive} are open`);
      assert.ok(alive > 400);
    }));

  it('slow headers and slow bodies at the pages, 300 of them', () =>
    survives(async () => {
      const sockets = await Promise.all(Array.from({ length: 300 }, () => socket(httpPort())));
      for (const [place, one] of sockets.entries()) {
        one.write(
          place % 2 === 0
            ? 'GET /sign-in HTTP/1.1\r\nHost: x\r\nX-A: '
            : 'POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10000\r\n\r\n',
        );
      }
      for (let round = 0; round < 20; round += 1) {
        await sleep(100);
        for (const one of sockets) if (!one.destroyed) one.write('a');
      }
    }));

  it('HTTP/2 without HTTP/2: noise, half a preface, HTTP/1.1, and nothing at all', () =>
    survives(async () => {
      const noise = [
        Buffer.from(PREFACE.slice(0, 10)),
        Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
        Buffer.alloc(20_000, 0xff),
        Buffer.alloc(0),
        Buffer.from(`${PREFACE}${'x'.repeat(1_000)}`),
        frame(0, 0, 1, Buffer.alloc(10)),
      ];
      for (let round = 0; round < 10; round += 1) for (const bytes of noise) (await socket(grpcPort())).write(bytes);
      await sleep(500);
    }));

  it('floods of frames: SETTINGS, PING, empty DATA, PRIORITY, endless CONTINUATION, WINDOW_UPDATE of 0', () =>
    survives(async () => {
      const empty = Buffer.alloc(0);
      const settings = frame(4, 0, 0, empty);
      // HEADERS without END_HEADERS, then literal headers without end.
      const field = Buffer.concat([
        Buffer.from([0x00, 0x03]),
        Buffer.from('x-a'),
        Buffer.from([0x7f, 0x80, 0x01]),
        Buffer.alloc(255, 0x61),
      ]);
      const floods: readonly (readonly [Buffer, number])[] = [
        [settings, 20_000],
        [frame(6, 0, 0, Buffer.alloc(8)), 20_000],
        [frame(2, 0, 1, Buffer.from([0, 0, 0, 0, 1])), 20_000],
        [frame(8, 0, 0, Buffer.alloc(4)), 1_000],
        [frame(9, 0, 1, field), 20_000],
        [frame(0, 0, 1, empty), 20_000],
        [frame(3, 0, 1, Buffer.from([0, 0, 0, 8])), 5_000],
        [frame(250, 0, 0, Buffer.alloc(16_000)), 500],
      ];
      for (const [bytes, times] of floods) {
        const one = await socket(grpcPort());
        one.write(Buffer.concat([Buffer.from(PREFACE), settings]));
        if (bytes[3] === 9) one.write(frame(1, 0, 1, field));
        for (let sent = 0; sent < times && !one.destroyed; sent += 500) {
          if (!one.write(Buffer.concat(Array.from({ length: Math.min(500, times) }, () => bytes)))) {
            await Promise.race([new Promise((resolve) => one.once('drain', resolve)), sleep(300)]);
          }
        }
      }
      await sleep(300);
    }));

  it('metadata of 8 kB and more, and messages that are long or say so, are refused without harm', () =>
    survives(async () => {
      for (const size of [9_000, 16_000, 60_000]) {
        const { failure } = await honest.call(
          'SessionService',
          'verify',
          {},
          { metadata: [['x-large', 'a'.repeat(size)]] },
        );
        assert.notEqual(failure, undefined, String(size));
      }
      for (const size of [240_000, 1_000_000, 10_000_000]) {
        const { failure } = await honest.raw(VERIFY, Buffer.alloc(size));
        assert.equal(failure?.code, 'RESOURCE_EXHAUSTED', String(size));
      }
      const client = http2();
      const heads = ['00ffffffff', '0100000010', '0000010000', '02deadbeef', 'ffffffffff'];
      const answered = heads.map(
        (head) =>
          new Promise<void>((resolve) => {
            const stream = client.request(headers());
            stream.on('error', () => {});
            stream.on('close', resolve);
            stream.resume();
            stream.end(Buffer.concat([Buffer.from(head, 'hex'), Buffer.alloc(64)]));
          }),
      );
      await Promise.race([
        Promise.all(answered),
        sleep(12_000).then(() => assert.fail('a broken message was never answered')),
      ]);
    }));

  it('a flood of unknown keys and session_ids does not slow down or evict the known', () =>
    survives(async () => {
      const flooder = new RpcCaller(server.grpcAddress, server.serviceKey);
      const random = repeatableRandom('flood');
      for (let round = 0; round < 20; round += 1) {
        const keys = Array.from({ length: 50 }, () =>
          flooder.raw(VERIFY, Buffer.alloc(0), { authorization: `Bearer ${newServiceKey(random).key}` }),
        );
        for (const { failure } of await Promise.all(keys)) assert.equal(failure?.reason, 'SERVICE_KEY_REJECTED');
        const ids = Array.from({ length: 50 }, () => verdictOf(flooder, newSessionId(random)));
        for (const verdict of await Promise.all(ids)) assert.equal(verdict, RejectionReason.UNKNOWN);
      }
      flooder.close();
    }));
});
