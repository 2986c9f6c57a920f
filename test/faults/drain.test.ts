// SIGTERM in the middle of everything: what was acknowledged is kept, calls are answered or told to go elsewhere, what was noted is written.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { newIdentity, newSession, verdictOf } from '../support/shared_server.ts';
import { broken, newLedger, unrecorded, Writer } from './ledger.ts';

const DRAIN_MS = 5_000;

describe('fault: drain', function () {
  this.timeout(90_000);
  let server: ServerProcess;
  let rpc: RpcCaller;

  beforeEach(async () => {
    server = await startServer({ env: { TRUST_DRAIN_MS: String(DRAIN_MS) } });
    rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
  });
  afterEach(async () => {
    rpc.close();
    await server.remove();
  });

  it('P4 under load: exit code 0 in time, every caller is told, nothing acknowledged is lost', async () => {
    const ledger = newLedger();
    for (let round = 1; round <= 3; round += 1) {
      const callers = Array.from({ length: 8 }, () => new RpcCaller(server.grpcAddress, server.serviceKey));
      let stopped = false;
      const running = callers.map((caller, place) => new Writer(caller, ledger, round * 10 + place).run(() => stopped));
      const goal = ledger.acknowledged + 40;
      for (let wait = 0; ledger.acknowledged < goal && wait < 400; wait += 1) await sleep(20);
      const begun = performance.now();
      const code = await server.stop(DRAIN_MS + 15_000);
      const took = performance.now() - begun;
      const reasons = new Set(await Promise.all(running));
      stopped = true;
      for (const caller of callers) caller.close();
      assert.equal(code, 0);
      assert.ok(took < DRAIN_MS + 10_000, `${took} ms`);
      for (const reason of reasons) assert.ok(reason === 'DRAINING' || reason === 'UNREACHABLE', reason);
      await server.restart();
      assert.deepEqual(await broken(ledger, rpc), [], `round ${round}`);
    }
    assert.deepEqual(await unrecorded(ledger, rpc), []);
    assert.match(server.output(), /"event":"stopped"/);
    assert.doesNotMatch(server.output(), /"event":"crash"|failed unexpectedly/);
  });

  it('SES-9 uses that were noted and token events that were not yet written are written', async () => {
    const identityId = await newIdentity(rpc);
    // With the shortest idle time-out a use counts after 0.6 s.
    const { sessionId } = await rpc.ok('SessionService', 'createSession', { identityId, idleTimeoutSeconds: 60 });
    const lastUsed = async () => {
      const { sessions } = await rpc.ok('SessionService', 'listSessions', { identityId });
      return sessions[0]?.lastUsedAt?.getTime() ?? 0;
    };
    const created = await lastUsed();
    await sleep(1_100);
    const usedAfter = Date.now();
    assert.equal(await verdictOf(rpc, sessionId), 'active');
    const jtis: string[] = [];
    for (let count = 0; count < 20; count += 1) {
      const { trustToken } = await rpc.ok('TrustTokenService', 'issueTrustToken', { sessionId, audience: 'orders' });
      jtis.push(
        (JSON.parse(Buffer.from(trustToken.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }).jti,
      );
    }
    assert.equal(await server.stop(DRAIN_MS + 15_000), 0);
    await server.restart();
    assert.ok((await lastUsed()) >= usedAfter, `used at ${usedAfter}, written ${await lastUsed()}, created ${created}`);
    const { events } = await rpc.ok('AuditService', 'listAuditEvents', { action: 'trust_token.issued', pageSize: 100 });
    const written = new Set(events.map(({ facts }) => facts.jti));
    assert.deepEqual(
      jtis.filter((jti) => !written.has(jti)),
      [],
    );
  });

  it('clients that hold a connection and say nothing do not hold up the end', async () => {
    await verdictOf(rpc, 'x');
    const health = new RpcCaller(server.grpcAddress, server.serviceKey);
    void health.raw('/grpc.health.v1.Health/Watch', Buffer.alloc(0), { timeout: 20_000 });
    await (await fetch(server.publicUrl, { headers: { connection: 'keep-alive' } })).text();
    const begun = performance.now();
    assert.equal(await server.stop(DRAIN_MS + 15_000), 0);
    assert.ok(performance.now() - begun < DRAIN_MS + 3_000, `${performance.now() - begun} ms`);
    health.close();
  });

  it('a second SIGTERM during the drain changes nothing', async () => {
    const pid = server.pid() ?? 0;
    await newSession(rpc);
    const ended = server.stop(DRAIN_MS + 15_000);
    await sleep(5);
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // It had ended already.
    }
    const code = await ended;
    assert.ok(code === 0 || code === 1, String(code));
    await server.restart();
    assert.notEqual((await newSession(rpc)).handle, '');
  });
});
