// Several workers behind one port: they share the connections, die one by one without the others noticing, and end together.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from 'node:tls';
import { TrustClient } from '@trust-layer/sdk';
import { Authority, pem } from '../grpc/certificates.ts';
import { cleanUp } from '../grpc/fixture.ts';
import { needsPostgres } from '../support/needs.ts';
import { postgresServer } from '../support/postgres.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { newSession, verdictOf } from '../support/shared_server.ts';
import { broken, newLedger, unrecorded, Writer } from './ledger.ts';

const WORKERS = 3;
const PATIENCE_MS = 60_000;
const LOCAL = 'DNS:localhost,IP:127.0.0.1';

type Line = Readonly<Record<string, unknown>>;

describe('fault: several workers on one machine', function () {
  this.timeout(180_000);
  let server: ServerProcess;
  const callers: { close(): unknown }[] = [];

  const start = async (env: Readonly<Record<string, string>> = {}) => {
    const DATABASE_URL = await (await postgresServer()).createDatabase();
    server = await startServer({
      env: { DATABASE_URL, TRUST_WORKERS: String(WORKERS), TRUST_LOG_LEVEL: 'debug', ...env },
    });
    await until(() => lines('ready').length === 1);
  };
  /** Lines of the log, by their event or message; the last may be half written. */
  const lines = (name: string): Line[] =>
    server
      .output()
      .split('\n')
      .filter((text) => text.startsWith('{') && text.endsWith('}'))
      .map((text) => JSON.parse(text) as Line)
      .filter(({ event, msg }) => event === name || msg === name);
  const until = async (met: () => boolean | Promise<boolean>) => {
    const end = performance.now() + PATIENCE_MS;
    while (!(await met())) {
      assert.ok(performance.now() < end, `not met:\n${server.output().slice(-3_000)}`);
      await wait(50);
    }
  };
  const caller = () => {
    const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
    callers.push(rpc);
    return rpc;
  };
  const pidOf = (worker: unknown) => Number(lines('worker_ready').findLast((line) => line.worker === worker)?.pid);
  /** A caller of each worker, by the worker's number. */
  const callersOfAll = async (): Promise<ReadonlyMap<number, RpcCaller>> => {
    const found = new Map<number, RpcCaller>();
    await until(async () => {
      const rpc = caller();
      const before = lines('call').length;
      await verdictOf(rpc, 'x');
      const answered = lines('call').slice(before);
      if (answered.length === 1) found.set(Number(answered[0]?.worker), rpc);
      return found.size === WORKERS;
    });
    return found;
  };

  before(function () {
    needsPostgres(this);
  });
  afterEach(async () => {
    for (const each of callers.splice(0)) await each.close();
    await server?.remove();
    await cleanUp();
  });

  it('share connections and the database; one is ready for all, and one keeps house', async () => {
    await start();
    assert.equal(lines('worker_ready').length, WORKERS);
    assert.equal(lines('ready')[0]?.workers, WORKERS);
    assert.equal(lines('migrated').filter(({ worker }) => worker !== 1).length, 0, 'the first alone migrates');
    const all = [...(await callersOfAll()).values()];
    const [one, other] = all as [RpcCaller, RpcCaller];
    const session = await newSession(one);
    for (const rpc of all) assert.equal(await verdictOf(rpc, session.sessionId), 'active');
    await one.ok('SessionService', 'revokeSession', { target: { $case: 'handle', value: session.handle } });
    await until(async () => (await verdictOf(other, session.sessionId)) !== 'active');
    assert.equal(lines('worker_maintain').length, 1);
    assert.equal((await fetch(`${server.publicUrl}/readyz`)).status, 200);
    assert.equal((await one.ok('SigningKeyService', 'listSigningKeys', {})).keys.length, 1);
  });

  it('one killed is replaced, the others go on, and another keeps house', async () => {
    await start();
    const all = await callersOfAll();
    const keeper = Number(lines('worker_maintain')[0]?.worker);
    const { sessionId } = await newSession([...all.values()][0] as RpcCaller);
    // One of these connections is on its way to it when it is gone: the process that deals them out finds both at once.
    const dealer = server.pid() ?? 0;
    process.kill(dealer, 'SIGSTOP');
    const port = Number(server.grpcAddress.split(':')[1]);
    const strangers = Array.from({ length: 2 * WORKERS }, () => connectPlain(port, '127.0.0.1').on('error', () => {}));
    await Promise.all(strangers.map((stranger) => once(stranger, 'connect')));
    process.kill(pidOf(keeper), 'SIGKILL');
    process.kill(dealer, 'SIGCONT');
    for (const [worker, rpc] of all)
      if (worker !== keeper) assert.equal(await verdictOf(rpc, sessionId), 'active', `worker ${worker}`);
    await until(() => lines('worker_ready').length === WORKERS + 1 && lines('worker_maintain').length === 2);
    for (const stranger of strangers) stranger.destroy();
    assert.notEqual(lines('worker_maintain')[1]?.worker, keeper);
    assert.equal(lines('worker_ended').length, 1);
    assert.equal(lines('ready').length, 1);
    assert.equal((await callersOfAll()).has(WORKERS + 1), true, 'the new one takes connections');
    // All at once, and once more: what takes their place serves on the same port.
    for (const { pid } of lines('worker_ready').slice(1)) process.kill(Number(pid), 'SIGKILL');
    await until(() => lines('worker_ready').length === 2 * WORKERS + 1);
    assert.equal(await verdictOf(caller(), sessionId), 'active');
    assert.equal(await server.stop(), 0);
  });

  it('WAT-32 an SDK at one worker refuses what was revoked at another', async () => {
    await start();
    const rpcs = [...(await callersOfAll()).values()];
    for (const rpc of rpcs) {
      const client = new TrustClient({ address: server.grpcAddress, serviceKey: server.serviceKey });
      callers.push(client);
      const { sessionId, handle } = await newSession(rpc);
      await until(
        async () => (await client.verify(sessionId)).active && client.verifyLocal(sessionId)?.active === true,
      );
      await rpc.ok('SessionService', 'revokeSession', { target: { $case: 'handle', value: handle } });
      await until(async () => !(await client.verify(sessionId)).active);
    }
  });

  it('P4 under load SIGTERM to all of the group ends them in good order: exit code 0, nothing acknowledged is lost', async () => {
    await start({ TRUST_DRAIN_MS: '5000', TRUST_LOG_LEVEL: 'info' });
    const ledger = newLedger();
    const rpcs = Array.from({ length: 8 }, caller);
    let stopped = false;
    const running = rpcs.map((rpc, place) => new Writer(rpc, ledger, 90 + place).run(() => stopped));
    await until(() => ledger.acknowledged >= 80);
    const pids = lines('worker_ready').map(({ pid }) => Number(pid));
    // As a terminal and systemd do: the workers get the signal too, and leave it to the first process.
    for (const pid of pids) process.kill(pid, 'SIGTERM');
    const code = await server.stop(30_000);
    const reasons = new Set(await Promise.all(running));
    stopped = true;
    assert.equal(code, 0);
    for (const reason of reasons) assert.ok(reason === 'DRAINING' || reason === 'UNREACHABLE', reason);
    assert.equal(lines('stopped').length, WORKERS);
    assert.equal(lines('worker_ended').length, 0);
    for (const pid of pids) assert.throws(() => process.kill(pid, 0), 'none is left');
    await server.restart();
    const rpc = caller();
    assert.deepEqual(await broken(ledger, rpc), []);
    assert.deepEqual(await unrecorded(ledger, rpc), []);
  });

  it('the first process killed, none is left behind and the port is free', async () => {
    await start();
    const pids = lines('worker_ready').map(({ pid }) => Number(pid));
    await server.kill9();
    await until(() => pids.every((pid) => !lives(pid)));
    await server.restart();
    assert.equal((await newSession(caller())).handle.startsWith('ses_'), true);
  });

  it('every worker takes a new certificate', async () => {
    const authority = new Authority();
    const used = authority.issue('first', LOCAL);
    const DATABASE_URL = await (await postgresServer()).createDatabase();
    const env = { DATABASE_URL, TRUST_WORKERS: '2', TRUST_MASTER_KEY: randomBytes(32).toString('base64') };
    const tls = { TRUST_TLS_CERT_FILE: used.cert, TRUST_TLS_KEY_FILE: used.key };
    server = await startServer({
      env: { ...env, ...tls },
      args: ['server/bin/trust_layer.mjs', 'serve'],
      ca: pem(authority.ca.cert),
    });
    await until(() => lines('ready').length === 1);
    const port = Number(server.grpcAddress.split(':')[1]);
    const names = async (): Promise<ReadonlySet<string>> =>
      new Set(await Promise.all(Array.from({ length: 6 }, () => commonName(port))));
    assert.deepEqual([...(await names())], ['common-name-of-first']);
    authority.replace(used, authority.issue('second', LOCAL));
    await until(() => lines('tls_reloaded').length === 2);
    assert.deepEqual([...(await names())], ['common-name-of-second']);
  });

  it('a first worker that cannot start ends it all with exit code 1, and says why once', () => {
    const env = { ...process.env, DATABASE_URL: 'postgres://nobody:x@127.0.0.1:1/none', TRUST_WORKERS: '3' };
    const args = ['server/bin/trust_layer.mjs', 'serve', '--dev'];
    const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8', timeout: PATIENCE_MS });
    assert.equal(status, 1);
    assert.equal(stderr.match(/The database did not answer/g)?.length, 1, stderr);
  });
});

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function commonName(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['h2'] }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
