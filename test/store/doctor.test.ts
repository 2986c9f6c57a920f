// What `trust-layer doctor` finds, and that it changes nothing.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readProgress } from '../../server/src/store/copy/copy_progress.ts';
import { openDatabase } from '../../server/src/store/database.ts';
import { openDialect } from '../../server/src/store/dialects/dialect.ts';
import { isAtLeast } from '../../server/src/store/dialects/health.ts';
import { openLibsqlServer } from '../../server/src/store/dialects/libsql_server.ts';
import { readServerUrl, transportTo } from '../../server/src/store/dialects/server_url.ts';
import { type Examination, encryptionOf, examineDatabase } from '../../server/src/store/doctor.ts';
import { openStore } from '../../server/src/store/store.ts';
import { itUnless, onEachDatabase } from './databases.ts';

const quiet = () => {};

/** Names of the checks that found something. */
const wrong = ({ findings }: Examination) => findings.filter(({ ok }) => !ok).map(({ check }) => check);

async function say(url: string, ...statements: string[]): Promise<void> {
  const database = await openDatabase(await openDialect(url, quiet), quiet);
  try {
    for (const sql of statements) await database.write((tx) => tx.execute(database.sql(sql)));
  } finally {
    await database.close();
  }
}

onEachDatabase('doctor', (database) => {
  async function migrated(): Promise<string> {
    const url = await database.create();
    const store = await openStore({ databaseUrl: url });
    await store.migrate();
    await store.close();
    return url;
  }

  it('finds nothing wrong with a migrated database, and leaves it as it was', async () => {
    const url = await migrated();
    const examination = await examineDatabase(url);
    // The server of these tests forgets writes in a crash of the machine, so as to be fast; and this machine may be busy.
    assert.deepEqual(
      wrong(examination).filter((check) => check !== 'durability' && check !== 'latency'),
      [],
    );
    assert.equal(examination.database, database.dialect);

    for (const check of [
      'connection',
      'encryption',
      'version',
      'clock',
      'latency',
      'migrations',
      'permissions',
      'collation',
      'pool',
    ])
      assert.ok(
        examination.findings.some((finding) => finding.check === check),
        check,
      );
    const opened = await openDatabase(await openDialect(url, quiet), quiet);
    assert.equal(await readProgress(opened).finally(opened.close), undefined);
  });

  it('tells of migrations to come, of a copy that has not ended, and of a clock that is off; each with what to do', async () => {
    const bare = await database.create();
    const fresh = await examineDatabase(bare);
    assert.deepEqual(
      wrong(fresh).filter((check) => check !== 'durability' && check !== 'latency'),
      [bare.startsWith('file:') ? 'connection' : 'migrations'],
    );
    if (bare.startsWith('file:')) assert.equal(existsSync(bare.slice(5)), false);
    const url = await migrated();
    await say(url, "insert into {copy_progress} (source, progress) values ('x', '{}')");
    assert.ok(wrong(await examineDatabase(url)).includes('migrations'));
    const late = await examineDatabase(url, { clock: () => Date.now() - 60_000 });
    const clock = late.findings.find(({ check }) => check === 'clock');
    assert.match(`${clock?.ok} ${clock?.found}`, /^false (59|60)\d{3} ms ahead of this machine/);
    for (const { findings } of [fresh, late])
      for (const { ok, advice, found } of findings) {
        assert.equal(advice === undefined, ok);
        assert.doesNotMatch(`${found} ${advice}`, /\n/);
      }
  });

  it('tells whether the room that keeps revocations going on a full disk is there', async () => {
    const url = await migrated();
    const look = async (reserveMb: number) => {
      const { findings } = await examineDatabase(url, { reserveMb });
      const finding = findings.find(({ check }) => check === 'room on a full disk');
      return `${finding?.ok}: ${finding?.found}`;
    };
    const store = await openStore({ databaseUrl: url });
    try {
      assert.match(await look(0), /^true: none is set aside/);
      if (database.name === 'libsql_server') return assert.match(await look(2), /^true: none can be set aside/);
      assert.match(await look(2), /^true: none yet/);
      await store.setRoomAside(2 * 2 ** 20);
      assert.match(await look(2), /^true: 2 MB are set aside/);
      const served = ['tenant_id', 'kid', 'alg', 'state', 'public_jwk', 'sealed', 'created_at'];
      await say(url, `insert into {signing_key} (${served.join(', ')}) values ('default', 'k', '', '', '', '', 0)`);
      assert.match(await look(3), /^false: the 3 MB that servers set aside are not there/);
    } finally {
      await store.close();
    }
  });

  it('P2 a node sees that another gave the room back, for that is how it learns of a full disk', async () => {
    const url = await migrated();
    const opened = await openDatabase(await openDialect(url, quiet), quiet);
    try {
      if (database.name === 'libsql_server') return assert.equal(await opened.hasRoomAside(2 ** 20), undefined);
      assert.equal(await opened.hasRoomAside(2 ** 20), false);
      await opened.setRoomAside(2 ** 20);
      assert.equal(await opened.hasRoomAside(2 ** 20), true);
    } finally {
      await opened.close();
    }
  });

  const noUsers = database.dialect.startsWith('libsql') && 'which has no users with rights of their own';
  itUnless(database, noUsers, 'names the tables that it may not write to', async () => {
    const url = await migrated();
    const user = `clerk_${Math.random().toString(36).slice(2, 10)}`;
    const limited = new URL(url);
    limited.username = user;
    limited.password = 'canary';
    if (database.dialect === 'postgresql')
      await say(
        url,
        `create role ${user} login password 'canary'`,
        `grant select, insert, update, delete on all tables in schema public to ${user}`,
        `revoke delete on {session} from ${user}`,
      );
    else
      await say(
        url,
        `create user '${user}'@'%' identified by 'canary'`,
        `grant select on ${limited.pathname.slice(1)}.* to '${user}'@'%'`,
      );
    const examination = await examineDatabase(limited.href);
    const finding = examination.findings.find(({ check }) => check === 'permissions');
    assert.match(`${finding?.ok} ${finding?.found}`, /^false refused: .*delete on session \(\w+\)/);
    assert.doesNotMatch(JSON.stringify(examination), /canary/);
  });

  const oneCollation = database.dialect.startsWith('libsql') && 'which alters no column';
  itUnless(database, oneCollation, 'finds text columns that are not ordered and compared by bytes', async () => {
    const broken = {
      postgresql: 'alter table {copy_progress} alter column source type varchar(255) collate "en-x-icu"',
      mysql: 'alter table {copy_progress} modify source varchar(255) collate utf8mb4_general_ci not null',
    };
    const sql = database.dialect === 'postgresql' ? broken.postgresql : broken.mysql;
    const url = await migrated();
    await say(url, sql);
    assert.ok(wrong(await examineDatabase(url)).includes('collation'));
  });

  it('says that a database cannot be reached, without its password', async () => {
    const url = new URL(await database.create());
    if (url.protocol === 'file:') return;
    url.username = 'someone';
    url.password = 'canary';
    url.port = '1';
    const examination = await examineDatabase(url.href);
    assert.deepEqual(wrong(examination), ['connection']);
    assert.doesNotMatch(JSON.stringify(examination), /canary/);
  });
});

describe('encryption', () => {
  const transport = (url: string) =>
    /^(libsql|https?|wss?):/.test(url) ? openLibsqlServer(url).transport : transportTo(readServerUrl(url, 1));

  it('is asked of a database that is not on this machine, and of its certificate', () => {
    for (const url of [
      'postgres://h@127.0.0.1/d',
      'mysql://h@localhost:3307/d?sslmode=no-verify',
      'postgres://[::1]/d',
      'postgres:///d?socket=/run/postgresql',
      'http://127.8.0.1:8080',
    ])
      assert.equal(encryptionOf(transport(url)).ok, true, url);
    for (const [url, found] of [
      ['postgres://h@db.example.com/d', /^plain text/],
      ['mysql://10.0.0.7/d?sslmode=disable', /^plain text/],
      ['mysql://127.example.com/d', /^plain text/],
      ['postgres://localhost.example.com/d', /^plain text/],
      ['mariadb://db/d?sslmode=no-verify', /^TLS with whatever certificate/],
      ['http://db.example.com', /^plain text/],
      ['ws://db.example.com', /^plain text/],
      ['libsql://db.example.com?tls=0', /^plain text/],
    ] as const) {
      const finding = encryptionOf(transport(url));
      assert.equal(finding.ok, false, url);
      assert.match(finding.found, found, url);
      assert.match(`${finding.advice}`, /sslmode=verify-full/);
    }
    for (const url of ['postgres://h@db.example.com/d?sslmode=verify-full', 'libsql://db.example.com', 'wss://db'])
      assert.deepEqual(encryptionOf(transport(url)).found, 'TLS, and the certificate is checked', url);
  });
});

describe('versions', () => {
  it('are compared number by number', () => {
    for (const [version, oldest] of [
      ['15.6', '15'],
      ['10.11.6-MariaDB', '10.11'],
      ['11.4', '10.11'],
      ['3.45.1', '3.42'],
      ['8.0.12', '8.0'],
    ] as const)
      assert.equal(isAtLeast(version, oldest), true, version);
    for (const [version, oldest] of [
      ['14.9', '15'],
      ['10.6.1-MariaDB', '10.11'],
      ['5.7.44', '8.0'],
    ] as const)
      assert.equal(isAtLeast(version, oldest), false, version);
  });
});
