// The chain of the audit trail holds when nodes that chain are killed, and when two of them do so at once.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditSigner, checkpointReader } from '../../server/src/features/audit/checkpoint.ts';
import { verifyStored } from '../../server/src/features/audit/verify_chain.ts';
import { openStore } from '../../server/src/store/store.ts';
import { chance } from '../support/message_mutator.ts';
import { needsPostgres } from '../support/needs.ts';
import { postgresServer } from '../support/postgres.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';

const WRITERS = 4;

describe('fault: the audit trail while nodes die', function () {
  this.timeout(300_000);
  const random = chance(41);

  /** Writes until the server is gone; answers how many acts were acknowledged. */
  async function write(server: ServerProcess): Promise<number> {
    const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
    let acts = 0;
    const writer = async (place: number) => {
      const name = `shop-${place}-${server.grpcAddress.split(':')[1]}`;
      while ((await rpc.call('ServiceKeyService', 'putService', { name })).failure === undefined) acts += 1;
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, place) => writer(place)));
    rpc.close();
    return acts;
  }

  /** Waits until all is chained; answers what is wrong, and how many events there are. */
  async function examine(server: ServerProcess, databaseUrl: string) {
    const masterKey = Buffer.from(readFileSync(join(server.dataDir, 'master-key'), 'utf8'), 'base64');
    const store = await openStore({ databaseUrl, readOnly: true });
    try {
      while ((await store.chain.unchained()).events > 0) await sleep(100);
      const read = checkpointReader([auditSigner(masterKey).jwk]);
      const [report] = await verifyStored({ chain: store.chain, read });
      return { bad: report?.bad, events: report?.events ?? 0 };
    } finally {
      await store.close();
    }
  }

  /** Kills the server while it writes and chains; answers how many acts were acknowledged. */
  async function killed(server: ServerProcess, count: number): Promise<number> {
    let acts = 0;
    for (let round = 0; round < count; round += 1) {
      const writing = write(server);
      // The first turn of the chain is a second after the start, and may last some milliseconds.
      await sleep(850 + random() * 450);
      await server.kill9();
      acts += await writing;
      await server.restart();
    }
    assert.ok(acts > count);
    return acts;
  }

  async function assertWhole(server: ServerProcess, databaseUrl: string, acts: number): Promise<void> {
    const { bad, events } = await examine(server, databaseUrl);
    assert.equal(bad, undefined);
    assert.ok(events >= acts, `${events} events of ${acts} acknowledged acts`);
  }

  it('P4 AUD-3 8 kills while events are chained leave a whole chain on the embedded database', async () => {
    const server = await startServer();
    try {
      const acts = await killed(server, 8);
      await assertWhole(server, `file:${join(server.dataDir, 'trust-layer.db')}`, acts);
    } finally {
      await server.remove();
    }
  });

  it('P5 AUD-3 two nodes on PostgreSQL chain at once, one of them is killed again and again', async function () {
    needsPostgres(this);
    const databaseUrl = await (await postgresServer()).createDatabase();
    const first = await startServer({ env: { DATABASE_URL: databaseUrl } });
    const second = await startServer({
      env: { DATABASE_URL: databaseUrl, TRUST_PUBLIC_URL: first.publicUrl },
      dataDir: first.dataDir,
    });
    try {
      const beside = write(second);
      const acts = await killed(first, 4);
      // Nobody writes any more: while one does, there is always an event that is not chained yet.
      await second.stop();
      const actsBeside = await beside;
      assert.ok(actsBeside > 0);
      await assertWhole(first, databaseUrl, acts + actsBeside);
    } finally {
      await second.remove();
      await first.remove();
    }
  });
});
