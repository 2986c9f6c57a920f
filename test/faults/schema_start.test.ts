// A server that meets tables which it cannot serve says so in one sentence and does not start.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'libsql';

const run = promisify(execFile);

describe('tables of another form', function () {
  this.timeout(60_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'trust-layer-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the command line, and gives what it said and its exit code. */
  async function trustLayer(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('TRUST_') && name !== 'DATABASE_URL');
    const options = { env: { ...Object.fromEntries(own), TRUST_DATA_DIR: folder, ...env } };
    const command = run(process.execPath, ['server/bin/trust_layer.mjs', ...args], options);
    return await command.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }) as { code: number; stdout: string; stderr: string },
    );
  }

  it('a server told not to migrate waits for the command; a newer form ends it, in one sentence each', async () => {
    const early = await trustLayer(['serve', '--dev'], { TRUST_MIGRATE: 'off' });
    assert.equal(early.code, 1);
    assert.match(
      early.stderr,
      /^The database has no tables yet and this version needs \d{4}_\w+: run trust-layer migrate[^\n]*\.\n$/,
    );

    const migrated = JSON.parse((await trustLayer(['migrate', '--json'])).stdout);
    assert.equal(migrated.applied[0], '0001_first');
    const key = randomBytes(32).toString('base64');
    const sealed = { TRUST_MASTER_KEY: key, TRUST_PUBLIC_URL: 'http://127.0.0.1:1' };
    await trustLayer(['signing-key', 'reset'], sealed);
    const well = await trustLayer(['doctor'], sealed);
    assert.equal(well.code, 0, well.stdout);
    assert.match(well.stdout, /^ok +master key +opens 1 signing keys$/m);
    for (const change of [
      { TRUST_PUBLIC_URL: 'http://127.0.0.1:2' },
      { TRUST_MASTER_KEY: randomBytes(32).toString('base64') },
    ]) {
      const ill = await trustLayer(['doctor', '--json'], { ...sealed, ...change });
      assert.equal(ill.code, 1);
      const { ok, findings } = JSON.parse(ill.stdout);
      const [finding] = findings.filter((one: { ok: boolean }) => !one.ok);
      assert.deepEqual([ok, finding.check, finding.found], [false, 'master key', 'does not open the signing keys']);
      assert.ok(!ill.stdout.includes(key) && !ill.stderr.includes(key));
    }

    const people = new Database(join(folder, 'people.db'));
    people.exec(
      "create table people (id text, email text, password text); insert into people values ('1', 'a@example.com', 'canary')",
    );
    people.close();
    const table = {
      ...sealed,
      TRUST_USERS_DATABASE_URL: `file:${join(folder, 'people.db')}`,
      TRUST_USERS_TABLE: 'people',
      TRUST_USERS_HASH: 'bcrypt',
    };
    for (const [change, found] of [
      [{}, /^holds a hash of no form/],
      [{ TRUST_USERS_TABLE: 'persons' }, /^cannot be read \(the database failed: SQLITE_ERROR\)$/],
    ] as const) {
      const ill = await trustLayer(['doctor', '--json'], { ...table, ...change });
      assert.equal(ill.code, 1);
      const [finding] = JSON.parse(ill.stdout).findings.filter((one: { ok: boolean }) => !one.ok);
      assert.equal(finding.check, 'users table');
      assert.match(finding.found, found);
      assert.doesNotMatch(ill.stdout, /canary/);
    }

    const file = new Database(join(folder, 'trust-layer.db'));
    file.exec("insert into migration (name, executed_at) values ('9009_drop_old_needs_9001', 0)");
    file.close();
    for (const args of [
      ['serve', '--dev'],
      ['migrate'],
      ['service-key', 'create', '--service', 'a', '--scopes', 'tenants:admin', '--dev'],
    ]) {
      const late = await trustLayer(args);
      assert.equal(late.code, 1);
      assert.match(
        late.stderr,
        /^The database is newer than this version can serve: 9009_drop_old_needs_9001 [^\n]*\.\n$/,
      );
    }
  });
});
