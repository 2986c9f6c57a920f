// A database that fails over, loses a node, or has a full disk, under load; the servers are not restarted. The ledger is kept outside (P4).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { broken, type Ledger, newLedger, unrecorded, Writer } from '../faults/ledger.ts';
import { DATABASES, onDatabase } from '../store/databases.ts';
import { galeraCluster } from '../support/galera.ts';
import { postgresPair } from '../support/postgres_pair.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { newSession, verdictOf } from '../support/shared_server.ts';
import { TcpProxy } from '../support/tcp_proxy.ts';
import { twoNodes } from '../support/two_nodes.ts';
import { Watcher } from '../support/watch_world.ts';

const WRITERS = 4;
const PATIENCE_MS = 60_000;

const named = (name: string) => DATABASES.filter((database) => database.name === name);

/** Resolves when it holds; fails after a while. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await wait(50)) if (await holds()) return;
  assert.fail(`not within ${PATIENCE_MS} ms: ${what}`);
}

/** Writes from several sides through failures, until told to stop; tells the reasons of the failures. */
function load(server: ServerProcess, key: string, ledger: Ledger, seed: number) {
  let stopped = false;
  const reasons = new Set<string>();
  const run = async (place: number) => {
    const rpc = new RpcCaller(server.grpcAddress, key);
    for (let turn = 0; !stopped; turn++) {
      const reason = await new Writer(rpc, ledger, seed + 100 * turn + place).run(() => stopped);
      if (reason !== undefined) reasons.add(reason);
      if (!stopped) await wait(50);
    }
    rpc.close();
  };
  const running = Promise.all(Array.from({ length: WRITERS }, (_, place) => run(place)));
  const stop = async () => {
    stopped = true;
    await running;
  };
  const acknowledges = async (more: number, what: string) => {
    const goal = ledger.acknowledged + more;
    await until(what, () => ledger.acknowledged >= goal);
  };
  return { stop, reasons, acknowledges };
}

for (const postgresql of named('postgresql'))
  onDatabase('fail-over', postgresql, () => {
    it('P4 a replica is promoted under load: the server goes on, and nothing acknowledged is lost', async function () {
      this.timeout(180_000);
      const pair = await postgresPair();
      const proxy = await TcpProxy.before(pair.primary);
      const url = (await pair.createDatabase()).replace(pair.primary, proxy.address);
      const server = await startServer({ env: { DATABASE_URL: url, TRUST_LOG_LEVEL: 'warn' } });
      const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
      const ledger = newLedger();
      const writing = load(server, server.serviceKey, ledger, 500);
      const watchers: Watcher[] = [];
      try {
        const pid = server.pid();
        await writing.acknowledges(60, 'writes at first');
        await pair.crashPrimary();
        await until('the failure is seen', () => writing.reasons.size > 0);
        await pair.promote();
        proxy.aim(pair.replica);
        await writing.acknowledges(60, 'writes after the promotion');
        await writing.stop();
        for (const reason of writing.reasons)
          assert.ok(['DATABASE_UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(reason), reason);
        assert.deepEqual(await broken(ledger, rpc), []);
        assert.deepEqual(await unrecorded(ledger, rpc), []);
        const watcher = await new Watcher(server.grpcAddress, server.serviceKey).started();
        watchers.push(watcher);
        const { handle } = await newSession(rpc);
        await rpc.ok('SessionService', 'revokeSession', { target: { $case: 'handle', value: handle } });
        await watcher.ping();
        assert.ok(watcher.revoked.includes(handle));
        assert.equal(server.pid(), pid);
        console.log(`      ${ledger.acknowledged} acknowledged writes, none lost`);
      } finally {
        await writing.stop();
        for (const watcher of watchers) watcher.close();
        rpc.close();
        await server.remove();
        proxy.close();
        pair.remove();
      }
    });
  });

for (const galera of named('galera'))
  onDatabase('fail-over', galera, (database) => {
    it('P4 a node is killed under load: the others go on, its own server comes back with it, nothing acknowledged is lost', async function () {
      this.timeout(240_000);
      const cluster = await galeraCluster();
      const url = await database.create();
      const lost = cluster.nodes[2];
      assert.ok(lost !== undefined);
      const pair = await twoNodes({ TRUST_LOG_LEVEL: 'warn' }, { url, elsewhere: lost.urlOf(url) });
      const [stays, goes] = pair.nodes;
      const [here, there] = pair.nodes.map(({ grpcAddress }) => new RpcCaller(grpcAddress, stays.serviceKey));
      const ledger = newLedger();
      const loads = pair.nodes.map((server, place) => load(server, stays.serviceKey, ledger, 700 + 10 * place));
      try {
        assert.ok(here !== undefined && there !== undefined);
        const pids = pair.nodes.map((server) => server.pid());
        await loads[0]?.acknowledges(60, 'writes at first');
        await lost.kill();
        await until('the failure is seen', () => (loads[1]?.reasons.size ?? 0) > 0);
        await loads[1]?.stop();
        await loads[0]?.acknowledges(40, 'writes on the nodes that are left');
        assert.deepEqual(await broken({ ...ledger, sessions: new Map() }, here), []);
        await lost.start();
        await until('the server of the lost node is back', async () => {
          const { failure } = await there.call('TenantService', 'getTenant', {});
          return failure === undefined;
        });
        await loads[0]?.stop();
        for (const rpc of [here, there]) assert.deepEqual(await broken(ledger, rpc), []);
        assert.deepEqual(await unrecorded(ledger, there), []);
        const { sessionId } = await newSession(there);
        assert.equal(await verdictOf(here, sessionId), 'active');
        assert.deepEqual([stays.pid(), goes.pid()], pids);
        console.log(`      ${ledger.acknowledged} acknowledged writes, none lost`);
      } finally {
        await Promise.all(loads.map(({ stop }) => stop()));
        for (const rpc of [here, there]) rpc?.close();
        await pair.remove();
      }
    });
  });

for (const libsql of named('libsql'))
  onDatabase('a full disk', libsql, () => {
    it('refuses writes, verifies on, undoes nothing, and goes on without a restart when there is room', async function () {
      this.timeout(120_000);
      // No file may grow beyond the limit, as on a full disk; a limit that is met must not end the process.
      const server = await startServer({
        env: { TRUST_LOG_LEVEL: 'warn' },
        through: ['/bin/sh', '-c', 'trap "" XFSZ; exec "$@"', 'sh'],
      });
      const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
      const limit = (bytes: number | 'unlimited') =>
        execFileSync('prlimit', ['--pid', String(server.pid()), `--fsize=${bytes}:unlimited`]);
      const ledger = newLedger();
      const kept = await newSession(rpc);
      const writing = load(server, server.serviceKey, ledger, 900);
      try {
        const pid = server.pid();
        await writing.acknowledges(40, 'writes at first');
        const files = readdirSync(server.dataDir).filter((name) => name.startsWith('trust-layer.db'));
        limit(Math.max(...files.map((name) => statSync(join(server.dataDir, name)).size)));
        await until('a write is refused', () => writing.reasons.size > 0);
        for (let round = 0; round < 20; round++) {
          assert.equal(await verdictOf(rpc, kept.sessionId), 'active');
          assert.equal(await verdictOf(rpc, kept.sessionId, 'strong'), 'active');
        }
        // A revocation is a write: it is done or refused, never half of it.
        const victim = [...ledger.sessions].find(([, state]) => state === 'active')?.[0] ?? '';
        ledger.sessions.set(victim, 'open');
        const target = { $case: 'sessionId', value: victim } as const;
        const { failure } = await rpc.call('SessionService', 'revokeSession', { target });
        assert.ok(failure === undefined || failure.reason === 'DATABASE_UNAVAILABLE', failure?.reason);
        if (failure === undefined) assert.notEqual(await verdictOf(rpc, victim, 'strong'), 'active');
        limit('unlimited');
        await writing.acknowledges(40, 'writes when there is room');
        await writing.stop();
        assert.deepEqual([...writing.reasons], ['DATABASE_UNAVAILABLE']);
        await rpc.ok('SessionService', 'revokeSession', { target });
        ledger.sessions.set(victim, 'ended');
        assert.deepEqual(await broken(ledger, rpc), []);
        assert.deepEqual(await unrecorded(ledger, rpc), []);
        assert.equal(server.pid(), pid);
      } finally {
        limit('unlimited');
        await writing.stop();
        rpc.close();
        await server.remove();
      }
    });
  });
