// A database that fails over or loses a node, under load; the servers are not restarted. The ledger is kept outside (P4).
import assert from 'node:assert/strict';
import { broken, newLedger, unrecorded } from '../faults/ledger.ts';
import { load, until } from '../faults/load.ts';
import { DATABASES, onDatabase } from '../store/databases.ts';
import { galeraCluster } from '../support/galera.ts';
import { postgresPair } from '../support/postgres_pair.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { startServer } from '../support/server_process.ts';
import { newSession, verdictOf } from '../support/shared_server.ts';
import { TcpProxy } from '../support/tcp_proxy.ts';
import { twoNodes } from '../support/two_nodes.ts';
import { Watcher } from '../support/watch_world.ts';

const named = (name: string) => DATABASES.filter((database) => database.name === name);

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
      let down = false;
      try {
        assert.ok(here !== undefined && there !== undefined);
        const pids = pair.nodes.map((server) => server.pid());
        await loads[0]?.acknowledges(60, 'writes at first');
        await lost.kill();
        down = true;
        await until('the failure is seen', () => (loads[1]?.reasons.size ?? 0) > 0);
        await loads[1]?.stop();
        await loads[0]?.acknowledges(40, 'writes on the nodes that are left');
        // What is written meanwhile may end any session, and refuse a sign-in that began before its identity's sessions were ended.
        assert.deepEqual(await broken({ ...ledger, sessions: new Map(), signedUp: new Map() }, here), []);
        await lost.start();
        down = false;
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
        // The cluster is that of other tests too.
        if (down) await lost.start();
      }
    });
  });
