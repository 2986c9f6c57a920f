// P4: what was acknowledged survives kill -9 at any moment; on the server databases: test/databases. The ledger is kept by this process, which is not killed.
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { RpcCaller } from '../support/rpc_caller.ts';
import { startServer } from '../support/server_process.ts';
import { killedRound, rounds } from './kill_rounds.ts';
import { broken, newLedger } from './ledger.ts';

describe('fault: kill -9 during writes', function () {
  this.timeout(180_000);

  it('first: the check finds an entry that was never written, and one that was undone', async () => {
    const server = await startServer();
    try {
      const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
      const ledger = newLedger();
      await killedRound(server, ledger, 1);
      assert.deepEqual(await broken(ledger, rpc), []);
      const ended = [...ledger.sessions].find(([, state]) => state === 'ended')?.[0] ?? '';
      const active = [...ledger.sessions].find(([, state]) => state === 'active')?.[0] ?? '';
      ledger.sessions.set(ended, 'active');
      ledger.sessions.set(active, 'ended');
      ledger.identities.set(`idn_${'0'.repeat(32)}`, 1);
      ledger.signedUp.set('nobody-at-all', 'violet-otter-battery');
      assert.equal((await broken(ledger, rpc)).length, 4);
    } finally {
      await server.remove();
    }
  });

  it('first: the check finds that a database which lost its last writes lost them', async () => {
    const server = await startServer();
    try {
      const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
      const ledger = newLedger();
      await killedRound(server, ledger, 2);
      const kept = () => readdirSync(server.dataDir).filter((name) => /^trust-layer\.db/.test(name));
      await server.kill9();
      for (const name of kept()) copyFileSync(join(server.dataDir, name), join(server.dataDir, `kept-${name}`));
      await server.restart();
      await killedRound(server, ledger, 3);
      assert.deepEqual(await broken(ledger, rpc), []);
      await server.kill9();
      for (const name of kept()) rmSync(join(server.dataDir, name));
      for (const name of readdirSync(server.dataDir).filter((one) => one.startsWith('kept-')))
        copyFileSync(join(server.dataDir, name), join(server.dataDir, name.slice('kept-'.length)));
      await server.restart();
      assert.ok((await broken(ledger, rpc)).length >= 5);
    } finally {
      await server.remove();
    }
  });

  it('P4 20 kills on the embedded database lose nothing that was acknowledged', async () => {
    const server = await startServer();
    try {
      await rounds(server, 20);
    } finally {
      await server.remove();
    }
  });
});
