// `trust-layer audit` against a database that a server wrote, and a reader that knows only the spec.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'libsql';
import { pythonSdk } from '../../scripts/tools.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { newSession } from '../support/shared_server.ts';

describe('trust-layer audit', function () {
  this.timeout(300_000);
  let server: ServerProcess;
  let folder: string;
  const at = (name: string) => join(folder, name);

  const trustLayer = (...args: readonly string[]) => {
    const env = { PATH: process.env.PATH, TRUST_DATA_DIR: server.dataDir };
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['server/bin/trust_layer.mjs', 'audit', ...args, ...(args.includes('--keys') ? [] : ['--dev'])],
      { env, encoding: 'utf8', maxBuffer: 2 ** 26 },
    );
    return { status, stdout, stderr };
  };
  const verifyByPython = (file: string) => {
    const { stdout } = spawnSync(pythonSdk(), ['test/support/audit_verifier.py', file, at('keys.json')], {
      encoding: 'utf8',
    });
    return JSON.parse(stdout) as { whole: boolean; events?: number; error?: string };
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'audit_command_'));
    server = await startServer();
    const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
    for (let n = 0; n < 150; n += 1) await rpc.ok('ServiceKeyService', 'putService', { name: `shop-${n}` });
    for (;;) {
      const { unchained } = JSON.parse(trustLayer('verify', '--json').stdout);
      if (unchained.events === 0) break;
      await sleep(200);
    }
    rpc.close();
  });
  after(async () => {
    await server?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('AUD-3 AUD-8 a serving database is found whole, in words and as JSON', () => {
    const words = trustLayer('verify');
    assert.equal(words.status, 0, words.stderr);
    assert.match(words.stdout, /^default {2}\d+ events in places 1 to \d+; [12] checkpoints?, the newest of 20/);
    assert.match(words.stdout, /\nThe audit trail is whole: \d+ events of 1 tenant\.\n$/);
    const { whole, tenants } = JSON.parse(trustLayer('verify', '--json').stdout);
    assert.equal(whole, true);
    assert.ok(tenants[0].events >= 150 && tenants[0].bad === null && tenants[0].cut_at === 0);
  });

  it('AUD-9 an export is checked without the database and the master key, by this program and by another', () => {
    writeFileSync(at('export.jsonl'), trustLayer('export').stdout);
    writeFileSync(at('keys.json'), trustLayer('key').stdout);
    const checked = trustLayer('verify', '--file', at('export.jsonl'), '--keys', at('keys.json'), '--json');
    assert.equal(checked.status, 0, checked.stderr);
    const { tenants } = JSON.parse(checked.stdout);
    assert.deepEqual(verifyByPython(at('export.jsonl')), {
      whole: true,
      events: tenants[0].events,
      last: tenants[0].last,
    });
  });

  it('AUD-8 AUD-9 a changed export is refused by both, with exit code 3', () => {
    const text = readFileSync(at('export.jsonl'), 'utf8');
    const lines = text.split('\n');
    const changes: Readonly<Record<string, string>> = {
      changed: text.replace(/("seq":77,"subject":")shop/, '$1ship'),
      'without an event': lines.toSpliced(78, 1).join('\n'),
      truncated: `${lines.slice(0, 100).join('\n')}\n`,
    };
    for (const [name, change] of Object.entries(changes)) {
      assert.notEqual(change, text, name);
      writeFileSync(at('changed.jsonl'), change);
      const { status, stdout } = trustLayer('verify', '--file', at('changed.jsonl'), '--keys', at('keys.json'));
      assert.equal(status, 3, name);
      assert.match(stdout, /FIRST BAD ROW: place (77|78|99|100)\b/, name);
      assert.match(stdout, /\nThe audit trail is NOT whole: 1 tenant of 1\.\n$/);
      assert.equal(verifyByPython(at('changed.jsonl')).whole, false, name);
    }
  });

  it('AUD-6 a checkpoint that was kept elsewhere is compared, and without a key nothing is said', () => {
    writeFileSync(at('checkpoints'), trustLayer('checkpoint').stdout);
    assert.equal(trustLayer('verify', '--checkpoints', at('checkpoints')).status, 0);
    writeFileSync(at('checkpoints'), 'a.b.c\n');
    const { status, stderr } = trustLayer('verify', '--checkpoints', at('checkpoints'));
    assert.deepEqual([status, stderr.split('\n').length], [1, 2], stderr);
    const other = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) }] };
    writeFileSync(at('other.json'), JSON.stringify(other));
    assert.equal(trustLayer('verify', '--file', at('export.jsonl'), '--keys', at('other.json')).status, 3);
    const none = spawnSync(
      process.execPath,
      ['server/bin/trust_layer.mjs', 'audit', 'verify', '--file', at('export.jsonl')],
      {
        env: { PATH: process.env.PATH },
        encoding: 'utf8',
      },
    );
    assert.equal(none.status, 1);
    assert.match(none.stderr, /master key: set TRUST_MASTER_KEY, or name a file/);
  });

  it('AUD-10 AUD-11 trust-layer explain says who ended a session, by its handle or from standard input', async () => {
    const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
    const { sessionId, identityId, handle } = await newSession(rpc);
    const explain = (session: string, input = '', ...flags: readonly string[]) =>
      spawnSync(
        process.execPath,
        ['server/bin/trust_layer.mjs', 'explain', session, '--address', server.grpcAddress, ...flags],
        {
          env: { PATH: process.env.PATH, TRUST_SERVICE_KEY: server.serviceKey },
          encoding: 'utf8',
          input,
        },
      );
    assert.match(
      explain(handle).stdout,
      /^The session is active, until 20\S+Z if it is not used\.\n {2}state {5}active\n/,
    );
    await rpc.ok('SessionService', 'revokeIdentitySessions', { identityId });
    const ended = explain('-', `${sessionId}\n`).stdout;
    assert.match(ended, /^dev ended sessions of its identity at 20\S+Z \(identity\.sessions_revoked\)\.\n/);
    assert.match(
      ended,
      new RegExp(`\n {2}session {3}${handle}\n[^]*\n {2}by {8}dev, identity.sessions_revoked \\(aud_`),
    );
    assert.equal(JSON.parse(explain(handle, '', '--json').stdout).state, 'SESSION_STATE_ENDED');
    const refused = explain(sessionId);
    assert.deepEqual([refused.status, refused.stdout, refused.stderr.includes(sessionId)], [2, '', false]);
    rpc.close();
  });

  it('AUD-8 a changed row of the serving database is named', async () => {
    const sql = new Database(join(server.dataDir, 'trust-layer.db'));
    sql.exec('pragma busy_timeout = 5000');
    sql.exec("update audit_event set actor = 'nobody' where seq = 42");
    sql.close();
    const { status, stdout } = trustLayer('verify');
    assert.equal(status, 3);
    assert.match(
      stdout,
      /^default {2}FIRST BAD ROW: place 42 \(aud_[0-9a-f]{32}\): the event, its place or its hash is not what was written\./,
    );
  });
});
