// The whole system on each server database: the standard through the SDKs, two nodes on one database, and 20 kills.
import assert from 'node:assert/strict';
import { examine, isFailed, readKnownFailures, scenarioExams } from '../conformance/exam.ts';
import { ProbePool } from '../conformance/probe.ts';
import { findSdks } from '../conformance/sdks.ts';
import { rounds } from '../faults/kill_rounds.ts';
import { DATABASES, onDatabase } from '../store/databases.ts';
import { oauthEnv, servedIssuer } from '../support/issuer.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { newIdentity, newSession, verdictOf } from '../support/shared_server.ts';
import { type TwoNodes, twoNodes } from '../support/two_nodes.ts';
import { Watcher } from '../support/watch_world.ts';

const KILLS = Number(process.env.TRUST_TEST_KILLS ?? 20);
const REVOCATIONS = 40;
const PATIENCE_MS = 30_000;
/** Every SDK is examined on one server database as well as on the file; on the others one stands for all. */
const ALL_SDKS_ON = process.env.TRUST_TEST_ALL_SDKS === 'true' ? DATABASES.map(({ name }) => name) : ['postgresql'];

for (const server of DATABASES.filter(({ dialect }) => !dialect.startsWith('libsql')))
  onDatabase('the whole system', server, (database) => {
    let pair: TwoNodes;
    const callers: { close(): void }[] = [];
    const rpcOf = (place: 0 | 1) => {
      const rpc = new RpcCaller(pair.nodes[place].grpcAddress, pair.nodes[0].serviceKey);
      callers.push(rpc);
      return rpc;
    };

    let issuer: Awaited<ReturnType<typeof servedIssuer>> | undefined;
    before(async function () {
      this.timeout(120_000);
      const url = await database.create();
      const elsewhere = (await database.elsewhere?.(url)) ?? url;
      issuer = await servedIssuer();
      pair = await twoNodes({ TRUST_LOG_LEVEL: 'warn', ...oauthEnv(issuer) }, { url, elsewhere });
    });
    afterEach(() => {
      for (const caller of callers.splice(0)) caller.close();
    });
    after(async () => {
      await pair?.remove();
      await issuer?.close();
    });

    for (const { name, sdk, missing } of findSdks().filter(
      ({ name }) => name === 'node' || ALL_SDKS_ON.includes(database.name),
    ))
      it(`answers the ${name} SDK as the standard says`, async function () {
        this.timeout(300_000);
        if (sdk === undefined) {
          assert.notEqual(process.env.CI, 'true', missing);
          return this.skip();
        }
        const pool = new ProbePool(sdk);
        const known = readKnownFailures();
        const failed: string[] = [];
        try {
          for (const exam of scenarioExams()) {
            const outcome = await examine(exam, name, pool, pair.nodes[0], known);
            if (isFailed(outcome)) failed.push(`${outcome.feature}: ${outcome.name}: ${outcome.failure}`);
          }
        } finally {
          pool.close();
        }
        assert.deepEqual(failed, []);
      });

    it('P5 any node answers any request', async function () {
      this.timeout(60_000);
      const [here, there] = [rpcOf(0), rpcOf(1)];
      for (const [one, other] of [
        [here, there],
        [there, here],
      ] as const) {
        const { sessionId, identityId, handle } = await newSession(one);
        assert.equal(await verdictOf(other, sessionId), 'active');
        const rotated = await other.ok('SessionService', 'rotateSession', { sessionId });
        assert.equal(await verdictOf(one, rotated.sessionId, 'strong'), 'active');
        assert.notEqual(await verdictOf(one, sessionId, 'strong'), 'active');
        await one.ok('SessionService', 'revokeSession', { target: { $case: 'handle', value: handle } });
        assert.notEqual(await verdictOf(other, rotated.sessionId, 'strong'), 'active');
        const { events } = await other.ok('AuditService', 'listAuditEvents', { identityId });
        assert.ok(events.length >= 3);
      }
      const identityId = await newIdentity(here);
      const calls = await Promise.all(
        Array.from({ length: 16 }, (_, n) =>
          (n % 2 === 0 ? here : there).call('SessionService', 'revokeIdentitySessions', { identityId }),
        ),
      );
      const epochs = calls.flatMap(({ value }) => (value === undefined ? [] : [Number(value.epoch)]));
      for (const { failure } of calls) assert.ok(failure === undefined || failure.reason === 'CONCURRENT_CHANGE');
      const { identity } = await there.ok('IdentityService', 'getIdentity', { identityId });
      assert.equal(Number(identity?.epoch), 1 + epochs.length);
      assert.equal(new Set(epochs).size, epochs.length);
    });

    it('P2 what one node revoked is told to a watcher of the other, and before the pong to a ping that came later', async function () {
      this.timeout(120_000);
      const rpc = rpcOf(0);
      const watcher = new Watcher(pair.nodes[1].grpcAddress, pair.nodes[0].serviceKey);
      callers.push(watcher);
      await watcher.started();
      const identityId = await newIdentity(rpc);
      const times: number[] = [];
      for (let round = 0; round < REVOCATIONS; round++) {
        const { handle } = await newSession(rpc, identityId);
        await rpc.ok('SessionService', 'revokeSession', { target: { $case: 'handle', value: handle } });
        const acknowledged = performance.now();
        if (round % 4 === 3) {
          await watcher.ping();
          assert.ok(watcher.revoked.includes(handle), `round ${round}`);
          continue;
        }
        await watcher.until(() => watcher.revoked.includes(handle), PATIENCE_MS);
        times.push(performance.now() - acknowledged);
      }
      times.sort((a, b) => a - b);
      const at = (share: number) => times[Math.ceil(share * times.length) - 1]?.toFixed(1);
      console.log(`      told after the answer: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms`);
    });

    it(`P4 ${KILLS} kills lose nothing that was acknowledged`, async function () {
      this.timeout(600_000);
      await pair.nodes[1].stop();
      await rounds(pair.nodes[0], KILLS, 5);
    });
  });
