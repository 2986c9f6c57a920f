// PostgreSQL that is stopped, frozen, and back: errors that say so, no false word, and recovery without a restart.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { needsPostgres } from '../support/needs.ts';
import { type PostgresServer, postgresServer } from '../support/postgres.ts';
import { type Outcome, RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { type NewSession, newSession, verdictOf } from '../support/shared_server.ts';
import { broken, newLedger, Writer } from './ledger.ts';

describe('fault: database stopped', function () {
  this.timeout(120_000);
  let postgres: PostgresServer;
  let url: string;
  let server: ServerProcess;
  let rpc: RpcCaller;
  let live: NewSession;
  let ended: NewSession;

  before(async function () {
    needsPostgres(this);
    postgres = await postgresServer();
    if (postgres.crash === undefined) {
      console.log('      skipped: this PostgreSQL is not ours to stop');
      this.skip();
    }
    url = await postgres.createDatabase();
    server = await startServer({ env: { DATABASE_URL: url } });
    rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
    live = await newSession(rpc);
    ended = await newSession(rpc);
    await rpc.ok('SessionService', 'revokeSession', { target: { $case: 'handle', value: ended.handle } });
  });
  after(async () => {
    rpc?.close();
    await server?.remove();
  });

  /** A connection of the test's own, which may be ended together with the database. */
  async function observing(): Promise<pg.Client> {
    const observer = new pg.Client({ connectionString: url });
    observer.on('error', () => {});
    await observer.connect();
    return observer;
  }

  const verify = (sessionId: string) => rpc.call('SessionService', 'verify', { sessionId });

  /** Until it holds, at most 30 s. */
  async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
    const until = performance.now() + 30_000;
    while (!(await holds())) {
      assert.ok(performance.now() < until, what);
      await sleep(100);
    }
  }

  async function recovered(pid: number | undefined): Promise<void> {
    await eventually('it answers again', async () => (await verify(live.sessionId)).failure === undefined);
    assert.equal(await verdictOf(rpc, live.sessionId), 'active');
    assert.notEqual(await verdictOf(rpc, ended.sessionId), 'active');
    assert.notEqual((await newSession(rpc)).handle, '', 'it writes again');
    assert.equal(server.pid(), pid, 'by itself');
    await eventually('it is ready again', async () => (await fetch(`${server.publicUrl}/readyz`)).status === 200);
    assert.doesNotMatch(server.output(), /"event":"crash"|failed unexpectedly/);
  }

  /** Neither a yes nor a no, however often it is asked. */
  async function noDecision(ask: () => Promise<Outcome<unknown>>): Promise<void> {
    const { failure, value } = await ask();
    assert.equal(value, undefined);
    assert.ok(['DATABASE_UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(failure?.reason ?? ''), failure?.reason);
  }

  it('stopped as by a crash, under load: UNAVAILABLE, then all that was acknowledged', async () => {
    const pid = server.pid();
    const ledger = newLedger();
    let stopped = false;
    const callers = Array.from({ length: 4 }, () => new RpcCaller(server.grpcAddress, server.serviceKey));
    const running = callers.map((caller, place) => new Writer(caller, ledger, 50 + place).run(() => stopped));
    for (let wait = 0; ledger.acknowledged < 30 && wait < 300; wait += 1) await sleep(20);
    await postgres.crash?.();
    try {
      const reasons = new Set(await Promise.all(running));
      stopped = true;
      for (const reason of reasons)
        assert.ok(reason === 'DATABASE_UNAVAILABLE' || reason === 'DEADLINE_EXCEEDED', reason);
      for (let round = 0; round < 10; round += 1) {
        for (const { sessionId } of [live, ended]) await noDecision(() => verify(sessionId));
        await noDecision(() =>
          rpc.call('SessionService', 'revokeSession', { target: { $case: 'sessionId', value: live.sessionId } }),
        );
        await noDecision(() => rpc.call('SessionService', 'createSession', { identityId: live.identityId }));
      }
      assert.equal((await fetch(`${server.publicUrl}/healthz`)).status, 200, 'alive');
      assert.equal((await fetch(`${server.publicUrl}/readyz`)).status, 503, 'not ready');
      const page = await fetch(`${server.publicUrl}/sign-in?return_to=x`);
      assert.ok([500, 503].includes(page.status), String(page.status));
    } finally {
      await postgres.start?.();
      for (const caller of callers) caller.close();
    }
    await recovered(pid);
    assert.deepEqual(await broken(ledger, rpc), []);
  });

  it('frozen: calls end within their deadline, and it recovers once the database goes on', async () => {
    const pid = server.pid();
    await eventually('it is connected', async () => (await verify(live.sessionId)).failure === undefined);
    const observer = await observing();
    const { rows } = await observer.query<{ pid: number }>(
      'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    assert.ok(rows.length >= 1);
    // Their parent too, which would make a new one for whoever connects.
    const parent = Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(rows[0]?.pid)], { encoding: 'utf8' }));
    const frozen = [parent, ...rows.map((backend) => backend.pid)];
    for (const each of frozen) process.kill(each, 'SIGSTOP');
    try {
      // What memory knew may be said for the bound of a node, a quarter of a second, and no longer (WAT-25).
      await sleep(1_000);
      const begun = performance.now();
      await Promise.all(Array.from({ length: 20 }, () => noDecision(() => verify(live.sessionId))));
      assert.ok(performance.now() - begun < 14_000, `${performance.now() - begun} ms`);
    } finally {
      for (const each of frozen) process.kill(each, 'SIGCONT');
      await observer.end();
    }
    await recovered(pid);
  });

  it('connections that the database ends one by one cost no false answer', async () => {
    const pid = server.pid();
    const observer = await observing();
    for (let round = 0; round < 10; round += 1) {
      await observer.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      );
      for (const { sessionId, expected } of [
        { ...live, expected: 'active' },
        { ...ended, expected: 'ended' },
      ]) {
        const { value, failure } = await verify(sessionId);
        if (failure !== undefined) assert.equal(failure.reason, 'DATABASE_UNAVAILABLE');
        else assert.equal(value?.verdict?.answer?.$case === 'active' ? 'active' : 'ended', expected);
      }
    }
    await observer.end();
    await recovered(pid);
  });
});
