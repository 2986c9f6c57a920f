// A move to another database as docs/guide/move.md has it: what was signed in stays signed in, and a copy that was cut off goes on.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { openDatabase } from '../../server/src/store/database.ts';
import { openDialect } from '../../server/src/store/dialects/dialect.ts';
import { AuditEventEntity } from '../../server/src/store/entities/audit_event.ts';
import { openStore } from '../../server/src/store/store.ts';
import { needsPostgres } from '../support/needs.ts';
import { postgresServer } from '../support/postgres.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';

const quiet = () => {};

/** Runs `trust-layer copy` with its URLs in the environment. `watch` is shown what it has said on standard error so far. */
function copy(
  from: string,
  to: string,
  flags: readonly string[] = [],
  watch: (text: string, child: ChildProcess) => void = quiet,
) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const args = ['server/bin/trust_layer.mjs', 'copy', '--from', 'env:FROM_URL', '--to', 'env:TO_URL', ...flags];
    const child = spawn(process.execPath, args, { env: { ...process.env, FROM_URL: from, TO_URL: to } });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
      watch(err, child);
    });
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

describe('a move from the embedded database to PostgreSQL', function () {
  this.timeout(180_000);
  let folder: string;
  let from: string;
  let to: string;
  const ends: (() => unknown)[] = [];

  before(function () {
    needsPostgres(this);
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'trust-layer-'));
    from = `file:${join(folder, 'trust-layer.db')}`;
    to = await (await postgresServer()).createDatabase();
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  });

  async function serve(env: Readonly<Record<string, string>>): Promise<{ server: ServerProcess; rpc: RpcCaller }> {
    const server = await startServer({ dataDir: folder, env });
    const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
    ends.push(server.remove, () => rpc.close());
    return { server, rpc };
  }

  it('keeps sessions, passwords and keys; Verify is answered all the time, and no write is lost or taken back', async () => {
    const first = await serve({ DATABASE_URL: from });
    const issuer = { TRUST_PUBLIC_URL: first.server.publicUrl };
    const place = { ...issuer, TRUST_HTTP_ADDRESS: new URL(first.server.publicUrl).host };
    const person = {
      identifierType: IdentifierType.EMAIL,
      identifier: 'ada@example.com',
      password: 'violet-otter-battery',
    };
    const { sessionId, session } = await first.rpc.ok('PasswordService', 'signUpWithPassword', person);
    const other = await first.rpc.ok('SessionService', 'createSession', { identityId: session?.identityId ?? '' });
    await first.rpc.ok('SessionService', 'revokeSession', {
      target: { $case: 'sessionId', value: other.sessionId },
    });
    const keys = await first.rpc.ok('TrustTokenService', 'getTrustKeys', {});
    const answer = async ({ rpc }: { rpc: RpcCaller }, id: string) =>
      (await rpc.ok('SessionService', 'verify', { sessionId: id })).verdict?.answer?.$case;
    assert.equal(await first.server.stop(), 0);

    const frozen = await serve({ DATABASE_URL: from, ...place, TRUST_READ_ONLY: 'on' });
    const refused = async ({ rpc }: { rpc: RpcCaller }) => {
      const create = await rpc.refused('SessionService', 'createSession', { identityId: session?.identityId ?? '' });
      const revoke = await rpc.refused('SessionService', 'revokeSession', {
        target: { $case: 'sessionId', value: sessionId },
      });
      assert.deepEqual([create.reason, revoke.reason], ['DATABASE_UNAVAILABLE', 'DATABASE_UNAVAILABLE']);
    };
    assert.equal(await answer(frozen, sessionId), 'active');
    await refused(frozen);

    const { code, out } = await copy(from, to);
    assert.equal(code, 0);
    assert.match(out, /^table +libsql +postgresql +checksum\n(?:.*\n)*session +2 +2 +[0-9a-f]{16} =\n/);
    assert.match(out, /TRUST_MASTER_KEY/);
    assert.equal(await answer(frozen, sessionId), 'active');

    const ready = await serve({ DATABASE_URL: to, ...issuer, TRUST_READ_ONLY: 'on' });
    assert.equal(await answer(ready, sessionId), 'active');
    assert.equal(await answer(ready, other.sessionId), 'rejected');
    await refused(ready);
    await frozen.server.stop();
    await ready.server.stop();

    const last = await serve({ DATABASE_URL: to, ...place });
    assert.equal(await answer(last, sessionId), 'active');
    assert.equal(await answer(last, other.sessionId), 'rejected');
    assert.deepEqual(await last.rpc.ok('TrustTokenService', 'getTrustKeys', {}), keys);
    await last.rpc.ok('PasswordService', 'signInWithPassword', person);
    await last.rpc.ok('SessionService', 'revokeSession', { target: { $case: 'sessionId', value: sessionId } });
    assert.equal(await answer(last, sessionId), 'rejected');
  });

  it('goes on after kill -9, where it was', async () => {
    const source = await openStore({ databaseUrl: from });
    await source.migrate();
    await source.close();
    const database = await openDatabase(await openDialect(from, quiet), quiet);
    const ROWS = 40_000;
    for (let start = 0; start < ROWS; start += 1_000) {
      const rows = Array.from({ length: 1_000 }, (_, n) => ({
        tenantId: 'default',
        id: `aud_${String(start + n).padStart(32, '0')}`,
        at: start + n,
        action: 'session.created',
        actor: 'service:orders',
        identityId: '',
        subject: '',
        facts: '{}',
      }));
      await database.write((tx) => tx.insertMany(AuditEventEntity, rows));
    }
    await database.close();

    const killed = await copy(from, to, [], (text, child) => {
      if (/audit_event, \d\d,\d{3} of/.test(text)) child.kill('SIGKILL');
    });
    assert.equal(killed.code, null);
    const half = await openStore({ databaseUrl: to });
    assert.match((await half.refusal(true)) ?? '', /has not ended/);
    await half.close();

    const again = await copy(from, to);
    assert.equal(again.code, 1);
    assert.match(
      again.err,
      /^There is an unfinished copy at --to: go on with --resume, or begin anew with --overwrite\.\n$/,
    );

    const { code, out, err } = await copy(from, to, ['--resume', '--json']);
    assert.equal(code, 0, err);
    // What was done before is not walked over in the first pass.
    const first = Number(/^Pass 1: audit_event, ([\d,]+) of 40,000 rows$/m.exec(err)?.[1]?.replaceAll(',', ''));
    assert.ok(first >= 10_000, err);
    const { finished, tables } = JSON.parse(out);
    assert.equal(finished, true);
    const audit = tables.find(({ table }: { table: string }) => table === 'audit_event');
    assert.deepEqual(audit.source, audit.target);
    assert.equal(audit.target.rows, ROWS);
  });

  it('--follow ends in good order when told to, and is used with one of --overwrite and --resume at most', async () => {
    const source = await openStore({ databaseUrl: from });
    await source.migrate();
    await source.close();
    const stopped = await copy(from, to, ['--follow'], (text, child) => {
      if (text.includes('Pass 2')) child.kill('SIGTERM');
    });
    assert.equal(stopped.code, 0, stopped.err);
    assert.match(stopped.out, /^Stopped\. .*--resume/);
    assert.equal((await copy(from, to, ['--resume'])).code, 0);
    const both = await copy(from, to, ['--resume', '--overwrite']);
    assert.equal(both.code, 2);
    assert.match(both.err, /^--overwrite begins anew and --resume goes on: only one of them\.\n$/);
  });
});
