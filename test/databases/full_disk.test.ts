// A database whose disk is full, under load; neither it nor the server is restarted. The ledger is kept outside (P4).
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { broken, newLedger, unrecorded } from '../faults/ledger.ts';
import { load, until } from '../faults/load.ts';
import { DATABASES, onDatabase } from '../store/databases.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { newSession, verdictOf } from '../support/shared_server.ts';
import { onSmallDisk, type SmallDisk, smallDisk, smallDiskAbsence } from '../support/small_disk.ts';

/** What the log calls the cause. */
const FULL = /its disk is full \((53100|ER_RECORD_FILE_FULL|ER_DISK_FULL|SQLITE_\w+|DISK_FULL)\)/;
const VICTIMS = 12;
/** A database server may wait for room, longer than a call may last. */
const REFUSALS: ReadonlySet<string> = new Set(['DATABASE_UNAVAILABLE', 'DEADLINE_EXCEEDED']);

/** Answers how many revocations were done meanwhile. */
async function keepsItsWord(server: ServerProcess, disk: SmallDisk): Promise<number> {
  const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
  const ledger = newLedger();
  const kept = await newSession(rpc);
  const victims = await Promise.all(Array.from({ length: VICTIMS }, () => newSession(rpc)));
  const revoke = async (sessionId: string) =>
    (await rpc.call('SessionService', 'revokeSession', { target: { $case: 'sessionId', value: sessionId } })).failure
      ?.reason;
  const writing = load(server, server.serviceKey, ledger, 900);
  try {
    const pid = server.pid();
    await writing.acknowledges(40, 'writes at first');
    disk.fill();
    await until('a write is refused', () => writing.reasons.size > 0);
    const quiet = async () => {
      for (let round = 0; round < 20; round++) {
        assert.equal(await verdictOf(rpc, kept.sessionId), 'active');
        assert.equal(await verdictOf(rpc, kept.sessionId, 'strong'), 'active');
      }
    };
    await quiet();
    // A revocation is a write: it is done or refused, never half of it, and nobody is told that it is done when it is not.
    const refused: string[] = [];
    for (const { sessionId } of victims) {
      const reason = await revoke(sessionId);
      if (reason === undefined) assert.notEqual(await verdictOf(rpc, sessionId, 'strong'), 'active');
      else {
        assert.ok(REFUSALS.has(reason), reason);
        // A deadline says nothing about what was done.
        if (reason === 'DATABASE_UNAVAILABLE') assert.equal(await verdictOf(rpc, sessionId, 'strong'), 'active');
        refused.push(sessionId);
      }
    }
    await quiet();
    disk.free();
    await writing.acknowledges(40, 'writes when there is room');
    await writing.stop();
    assert.deepEqual(
      [...writing.reasons].filter((reason) => !REFUSALS.has(reason)),
      [],
    );
    for (const sessionId of refused) assert.equal(await revoke(sessionId), undefined);
    for (const { sessionId } of victims) assert.notEqual(await verdictOf(rpc, sessionId, 'strong'), 'active');
    assert.deepEqual(await broken(ledger, rpc), []);
    assert.deepEqual(await unrecorded(ledger, rpc), []);
    assert.equal(server.pid(), pid);
    if (writing.reasons.has('DATABASE_UNAVAILABLE')) assert.match(server.output(), FULL);
    console.log(`      ${VICTIMS - refused.length} of ${VICTIMS} revocations done while the disk was full`);
    return VICTIMS - refused.length;
  } finally {
    disk.free();
    await writing.stop();
    rpc.close();
    await server.remove();
  }
}

const TITLE =
  'refuses writes and says why, verifies on, undoes nothing, and goes on without a restart when there is room';

for (const libsql of DATABASES.filter(({ name }) => name === 'libsql'))
  onDatabase('a full disk', libsql, () => {
    it(TITLE, async function () {
      this.timeout(120_000);
      const absence = smallDiskAbsence();
      if (absence !== undefined) {
        console.log(`      skipped: ${absence}`);
        return this.skip();
      }
      const folder = mkdtempSync(join(tmpdir(), 'trust_disk_'));
      const disk = smallDisk(folder);
      const dataDir = join(folder, 'data');
      mkdirSync(dataDir);
      const reserve = join(dataDir, 'trust-layer.db-reserve');
      const server = await startServer({ dataDir, env: { TRUST_LOG_LEVEL: 'warn', TRUST_DB_RESERVE_MB: '4' } });
      assert.equal(statSync(reserve).size, 4 << 20);
      const done = await keepsItsWord(server, disk);
      assert.equal(done, VICTIMS, 'room is set aside for revocations');
      assert.equal(statSync(reserve).size, 4 << 20, 'and once more when the disk has room');
      assert.match(
        server.output(),
        /the disk is full: until it has room only what ends sessions and rights is written/,
      );
      assert.match(server.output(), /the disk has room again/);
    });
  });

for (const server of DATABASES.filter(({ server }) => server !== undefined))
  onDatabase('a full disk', server, (database) => {
    it(TITLE, async function () {
      this.timeout(120_000);
      const absence = smallDiskAbsence();
      if (absence !== undefined) {
        console.log(`      skipped: ${absence}`);
        return this.skip();
      }
      const url = await database.create();
      const disk = await onSmallDisk(url);
      const env = { DATABASE_URL: url, TRUST_LOG_LEVEL: 'warn', TRUST_DB_RESERVE_MB: '4' };
      const done = await keepsItsWord(await startServer({ env }), disk);
      assert.equal(done, VICTIMS, 'room is set aside for revocations');
    });
  });
