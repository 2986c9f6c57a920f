import assert from 'node:assert/strict';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { cleanUp, client, definitionOf, invoke, onCleanUp, rawCall, rawFailure, start } from './fixture.ts';

const VERIFY = '/trust.v1.SessionService/Verify';
const KIB = 1024;

describe('gRPC limits', () => {
  afterEach(cleanUp);

  /** A request of exactly `bytes` bytes; a field of `open` bytes has 4 bytes in front of it at these sizes. */
  const requestOf = (bytes: number) => ({ sessionId: 'x'.repeat(bytes - 4) });

  it('takes a message of 64 KiB and refuses one byte more, naming the message', async () => {
    const server = await start();
    const from = client(server.target);
    const { requestSerialize } = definitionOf('SessionService', 'verify');
    assert.equal(requestSerialize({ tenantId: '', consistency: 0, ...requestOf(64 * KIB) }).length, 64 * KIB);
    assert.equal((await invoke(from, 'SessionService', 'verify', requestOf(64 * KIB))).failure, undefined);
    const { failure } = await invoke(from, 'SessionService', 'verify', requestOf(64 * KIB + 1));
    assert.equal(failure?.reason, 'INVALID_FIELD');
    assert.deepEqual(failure.fields, [{ field: 'message', description: 'must be at most 65536 bytes' }]);
  });

  it('refuses a longer message than any RPC takes before it is read', async () => {
    const server = await start();
    const { error } = await invoke(client(server.target), 'SessionService', 'verify', requestOf(1024 * KIB));
    assert.equal(error?.code, 8);
    assert.equal(server.seen.length, 0);
  });

  it('has room for the longest legal BatchVerify and UpdateTenant', async () => {
    const server = await start();
    const from = client(server.target);
    const sessionIds = Array.from({ length: 256 }, () => 'x'.repeat(256));
    assert.equal((await invoke(from, 'SessionService', 'batchVerify', { sessionIds })).failure, undefined);
    const settings = {
      displayName: 'x',
      returnTo: Array.from({ length: 64 }, () => 'x'.repeat(2048)),
      sessionIdleTimeoutSeconds: 60,
      sessionAbsoluteTimeoutSeconds: 60,
      trustTokenLifetimeSeconds: 60,
      signUpOpen: true,
      mfaPolicy: 3,
      mfaRoles: Array.from({ length: 32 }, () => 'x'.repeat(64)),
      rememberDeviceDays: 365,
      maxSessions: 1_000,
      sessionOverflow: 2,
      reauthenticationSeconds: 86_400,
      branding: {
        accentColor: '#123456',
        logo: Buffer.alloc(24_576),
        termsUrl: 'x'.repeat(2048),
        privacyUrl: 'x'.repeat(2048),
        supportUrl: 'x'.repeat(2048),
      },
    };
    assert.equal((await invoke(from, 'TenantService', 'updateTenant', { settings })).failure, undefined);
  });

  it('does not unpack a small message into a large one', async () => {
    const server = await start();
    const packed = gzipSync(Buffer.alloc(8 * 1024 * KIB));
    const head = Buffer.from([1, 0, 0, 0, 0]);
    head.writeUInt32BE(packed.length, 1);
    const answer = await rawCall(
      server.port,
      VERIFY,
      { authorization: 'Bearer good', 'grpc-encoding': 'gzip' },
      Buffer.concat([head, packed]),
    );
    assert.equal(answer.headers['grpc-status'], '8');
  });

  it('takes metadata up to 8 kB and refuses more', async () => {
    const server = await start();
    const call = (size: number) =>
      rawCall(server.port, VERIFY, { authorization: 'Bearer good', 'x-filler': 'x'.repeat(size) });
    // The settings reach the client's side of the connection with the first answer; HTTP/2 counts 32 bytes more for each header.
    assert.equal((await call(7_500)).headers['grpc-status'], '0');
    const refused = await withSession(server.port, async (session) => {
      await once(session, 'remoteSettings');
      await wait(50);
      const stream = session.request({
        ':method': 'POST',
        ':path': VERIFY,
        'content-type': 'application/grpc',
        authorization: 'Bearer good',
        'x-filler': 'x'.repeat(8_192),
      });
      stream.on('error', () => {});
      stream.end(Buffer.alloc(5));
      await once(stream, 'close');
      return { maximum: session.remoteSettings.maxHeaderListSize, reset: stream.rstCode };
    });
    assert.equal(refused.maximum, 8_192);
    assert.notEqual(refused.reset, 0);
    assert.equal(server.seen.length, 1);
  });

  it('runs at most so many calls of one connection at a time', async () => {
    let running = 0;
    let most = 0;
    const server = await start({
      limits: { streamsPerConnection: 4 },
      overrides: {
        'SessionService/verify': async () => {
          running += 1;
          most = Math.max(most, running);
          await wait(20);
          running -= 1;
          return { verdict: undefined };
        },
      },
    });
    const from = client(server.target);
    await invoke(from, 'SessionService', 'verify');
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => invoke(from, 'SessionService', 'verify')));
    assert.ok(outcomes.every(({ failure }) => failure === undefined));
    assert.equal(most, 4);
  });

  it('refuses the connection of one address beyond its share, and takes one again when one is closed', async () => {
    const server = await start({ limits: { connectionsPerAddress: 3 } });
    const sockets = await Promise.all([1, 2, 3].map(() => open(server.port)));
    assert.deepEqual(
      sockets.map(({ state }) => state()),
      ['open', 'open', 'open'],
    );
    const fourth = await open(server.port);
    await wait(50);
    assert.equal(fourth.state(), 'closed');
    assert.ok(server.lines.some((line) => line.includes('connections_refused')));
    sockets[0]?.socket.destroy();
    await wait(50);
    assert.equal((await open(server.port)).state(), 'open');
    const outcome = await invoke(client(server.target), 'SessionService', 'verify', {}, { deadlineMs: 500 });
    assert.ok(outcome.failure, 'the share is full again');
  });

  it('refuses connections beyond the whole number', async () => {
    const server = await start({ limits: { connections: 2 } });
    await Promise.all([1, 2].map(() => open(server.port)));
    const third = await open(server.port);
    await wait(50);
    assert.equal(third.state(), 'closed');
  });

  it('closes a connection that does not answer a ping', async () => {
    const server = await start({ limits: { keepaliveMs: 50, keepaliveTimeoutMs: 100 } });
    const silent = await open(server.port);
    assert.equal(silent.state(), 'open');
    await wait(400);
    assert.equal(silent.state(), 'closed');
  });

  it('leaves a connection open that answers pings', async () => {
    const server = await start({ limits: { keepaliveMs: 50, keepaliveTimeoutMs: 100 } });
    await withSession(server.port, async (session) => {
      await wait(400);
      assert.equal(session.closed, false);
    });
  });

  it('asks clients to connect anew at the maximum age, without failing a call', async () => {
    const server = await start({ maxConnectionAgeS: 0.2 });
    const closed = withSession(server.port, (session) => once(session, 'close'));
    const from = client(server.target);
    const peers = Array.from({ length: 8 }, async (_, index) => {
      await wait(index * 60);
      return (await invoke(from, 'SessionService', 'verify')).failure;
    });
    assert.deepEqual(await Promise.all(peers), Array(8).fill(undefined));
    await closed;
  });

  it('answers what is not gRPC without harm', async () => {
    const server = await start();
    const answer = await rawCall(server.port, VERIFY, { 'content-type': 'application/json' });
    assert.equal(answer.headers[':status'], 415);
    const unknown = await rawCall(server.port, '/trust.v1.SessionService/Nothing');
    assert.equal(rawFailure(unknown).code, 'UNIMPLEMENTED');
    const empty = await rawCall(server.port, VERIFY, { authorization: 'Bearer good' }, Buffer.alloc(0));
    assert.equal(empty.headers['grpc-status'], '12');
  });
});

async function once(emitter: { once(event: string, listener: () => void): unknown }, event: string): Promise<void> {
  await new Promise<void>((resolve) => emitter.once(event, resolve));
}

async function withSession<T>(port: number, use: (session: ClientHttp2Session) => Promise<T>): Promise<T> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  try {
    return await use(session);
  } finally {
    session.destroy();
  }
}

/** A connection that says its HTTP/2 preface and nothing more. */
async function open(port: number): Promise<{ socket: Socket; state: () => 'open' | 'closed' }> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  onCleanUp(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write(
    Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]),
  );
  socket.resume();
  await wait(20);
  return { socket, state: () => (socket.destroyed || socket.readableEnded ? 'closed' : 'open') };
}
