// DATABASE_URL: its options on real servers, and what an operator is told of a wrong one.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { CliActions } from '../../server/src/cli/actions.ts';
import { buildCli, runCli } from '../../server/src/cli/cli.ts';
import { readConfig } from '../../server/src/config/config.ts';
import { migrateOnly, planOnly } from '../../server/src/operate.ts';
import { openDatabase } from '../../server/src/store/database.ts';
import { openDialect } from '../../server/src/store/dialects/dialect.ts';
import { openStore } from '../../server/src/store/store.ts';
import { freePort } from '../support/free_port.ts';
import { DATABASES, onDatabase, onEachDatabase } from './databases.ts';
import { NO_TRAIL, newTenantId, session } from './fixtures.ts';

const quiet = () => {};

/** What `trust-layer migrate` prints with this environment, and its exit code. */
async function migrate(env: Record<string, string>): Promise<{ code: number; text: string }> {
  let text = '';
  const say = (line: string) => {
    text += line;
  };
  const io = { env, out: say, err: say, readStdin: async () => '', tty: false };
  const actions = {
    migrate: () => migrateOnly(readConfig(env, { dev: true })),
    planMigrations: () => planOnly(readConfig(env, { dev: true })),
  };
  const code = await runCli(buildCli(actions as unknown as CliActions, io), ['migrate', '--dev'], io);
  return { code, text };
}

describe('a DATABASE_URL that cannot be used is told of in one sentence with its cause and without its secrets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trust_url_'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const told = async (databaseUrl: string, words: RegExp) => {
    const { code, text } = await migrate({ DATABASE_URL: databaseUrl });
    assert.equal(code, 1);
    assert.match(text, words, databaseUrl);
    assert.match(text, /^[^\n]+\.\n$/, databaseUrl);
    assert.doesNotMatch(text, /canary/, databaseUrl);
  };

  for (const [scheme, rest] of [
    ['libsql', '/?tls=0&authToken=canary'],
    ['http', '/?authToken=canary'],
    ['https', '/?authToken=canary'],
    ['ws', '/?authToken=canary'],
    ['wss', '/?authToken=canary'],
    ['postgres', '/trust'],
    ['postgresql', '/trust'],
    ['mysql', '/trust'],
    ['mariadb', '/trust'],
  ] as const)
    it(`${scheme}: nothing listens, or there is no such host`, async () => {
      const port = await freePort();
      await told(
        `${scheme}://u:canary@127.0.0.1:${port}${rest}`,
        new RegExp(
          `^The database did not answer: 127\\.0\\.0\\.1:${port}[^ ]*: nothing listens there \\(ECONNREFUSED\\)`,
        ),
      );
      await told(
        `${scheme}://u:canary@nowhere.invalid:${port}${rest}`,
        /: (there is no such host|its host name cannot be looked up now) \((ENOTFOUND|EAI_AGAIN)\)/,
      );
      await told(`${scheme}://u:canary@nowhere.invalid:port${rest}`, /^DATABASE_URL (is not a URL|must name a host)/);
      await told(
        `${scheme}://u:canary@127.0.0.1:${port}${rest}${rest.includes('?') ? '&' : '?'}canary_option=1`.replace(
          'canary_option',
          'odd',
        ),
        /has an option that is not served: odd/,
      );
    });

  for (const scheme of ['file', 'sqlite'])
    it(`${scheme}: something else than a database, a folder, no place for a file`, async () => {
      const other = join(folder, `other_${scheme}`);
      writeFileSync(other, 'This is no database. '.repeat(100));
      mkdirSync(join(folder, `folder_${scheme}`));
      await told(`${scheme}:${other}`, /other_\w+: the file holds something else than a database \(SQLITE_NOTADB\)/);
      await told(`${scheme}:${join(folder, `folder_${scheme}`)}`, /: it is a folder \(EISDIR\)/);
      await told(`${scheme}:${join(other, 'x.db')}`, /: its folder cannot be made \((ENOTDIR|EEXIST)\)/);
      await told(`${scheme}:`, /^DATABASE_URL must name a file/);
    });

  it('another scheme, and a schema where there is none', async () => {
    const { code, text } = await migrate({ DATABASE_URL: 'mongodb://u:canary@h/d' });
    assert.equal(code, 1);
    assert.match(text, /DATABASE_URL must begin with file:/);
    for (const url of ['mysql://u:canary@h/d', 'file:x.db', 'libsql://h'])
      assert.match(
        (await migrate({ DATABASE_URL: url, TRUST_DB_SCHEMA: 'trust' })).text,
        /TRUST_DB_SCHEMA is served on PostgreSQL only/,
      );
    for (const url of ['mysql://u:canary@h/d?schema=x', 'libsql://h/?schema=x'])
      await told(url, /which PostgreSQL alone has/);
  });
});

onEachDatabase('the URL', (database) => {
  if (database.server === undefined) return;

  it('of a database that is not there, or of a user who is not', async () => {
    const url = new URL((await database.create()).replace(/^[a-z]+/, 'x'));
    const scheme = database.dialect;
    const say = async (change: (copy: URL) => void) => {
      const copy = new URL(url);
      change(copy);
      return (await migrate({ DATABASE_URL: copy.href.replace(/^x/, scheme) })).text;
    };
    assert.match(
      await say((copy) => {
        copy.pathname = '/no_such_one';
      }),
      /\/no_such_one: there is no such database on it \((3D000|ER_BAD_DB_ERROR)\)\.\n$/,
    );
    const refused = await say((copy) => {
      copy.username = 'nobody_at_all';
      copy.password = 'canary';
    });
    assert.match(refused, /: it refuses the user or the password \((28000|ER_ACCESS_DENIED_ERROR)\)\.\n$/);
    assert.doesNotMatch(refused, /canary/);
  });

  it('asks for TLS: a server with the right certificate is used, any other is not', async () => {
    const { caFile } = (await database.server?.()) ?? {};
    const url = await database.create();
    const named = url.replace('127.0.0.1', 'localhost');
    const isTls = async (databaseUrl: string) => {
      const opened = await openDatabase(await openDialect(databaseUrl, quiet), quiet);
      const sql =
        database.dialect === 'postgresql'
          ? 'select ssl::text from pg_stat_ssl where pid = pg_backend_pid()'
          : `select variable_value from ${database.dialect === 'mysql' ? 'performance_schema' : 'information_schema'}.session_status where variable_name = 'Ssl_cipher'`;
      try {
        const [[read] = []] = await opened.reader.rows({ name: 'tls', sql }, []);
        const written = await opened.write((tx) => tx.execute<Record<string, string>[]>(sql));
        return [read, ...Object.values(written[0] ?? {})].map((value) => !['', 'false'].includes(String(value)));
      } finally {
        await opened.close();
      }
    };
    const query = (options: Record<string, string>) => `?${new URLSearchParams(options)}`;
    assert.deepEqual(await isTls(url), [false, false]);
    assert.deepEqual(await isTls(`${named}?sslmode=no-verify`), [true, true]);
    if (caFile === undefined) return;
    assert.deepEqual(await isTls(named + query({ sslmode: 'verify-full', sslrootcert: caFile })), [true, true]);
    const unknown = await migrate({ DATABASE_URL: `${named}?sslmode=require` });
    assert.match(unknown.text, /its certificate is of no authority that is known here: name that one by sslrootcert/);
    const address = await migrate({ DATABASE_URL: url + query({ sslmode: 'require', sslrootcert: caFile }) });
    assert.match(address.text, /its certificate is of another name|must name the server by its name/);
  });

  it('bounds statements and pools, and makes time zone and isolation explicit', async () => {
    const options = '?statement_ms=1000&transaction_ms=2000&pool=1&readers=1';
    const opened = await openDatabase(await openDialect((await database.create()) + options, quiet), quiet);
    const asked =
      database.dialect === 'postgresql'
        ? "select concat_ws(' ', current_setting('TimeZone'), current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('transaction_isolation')) found"
        : `select concat_ws(' ', @@time_zone, @@collation_connection, @@innodb_lock_wait_timeout, ${database.dialect === 'mysql' ? '@@transaction_isolation' : '@@tx_isolation'}) found`;
    const expected =
      database.dialect === 'postgresql' ? 'UTC 1s 800ms read committed' : '+00:00 utf8mb4_bin 1 READ-COMMITTED';
    try {
      assert.deepEqual(await opened.reader.rows({ name: 'settings', sql: asked }, []), [[expected]]);
      assert.deepEqual(await opened.write((tx) => tx.execute(asked)), [{ found: expected }]);
      // One connection: a second transaction waits for the first.
      const order: number[] = [];
      const turn = (n: number) =>
        opened.write(async (tx) => {
          order.push(n);
          await tx.execute('select 1');
          await tx.execute('select 1');
          order.push(n);
        });
      await Promise.all([turn(1), turn(2)]);
      assert.ok(order[0] === order[1] && order[2] === order[3]);
      const late = opened.write(async (tx) => {
        await tx.execute('select 1');
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        await tx.execute('select 1');
      });
      await assert.rejects(late, { reason: 'DATABASE_UNAVAILABLE' });
    } finally {
      await opened.close();
    }
  });
});

const postgresql = DATABASES.filter(({ name }) => name === 'postgresql');
for (const only of postgresql)
  onDatabase('TRUST_DB_SCHEMA', only, (database) => {
    it('puts the tables beside those of an application, and finds them there alone', async () => {
      const url = await database.create();
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      // The application has a table of a name that is ours too.
      await client.query('create table session (sid text primary key, migration int)');
      await client.query("insert into session values ('of the application', 1)");
      const env = { DATABASE_URL: url, TRUST_DB_SCHEMA: 'trust' };
      try {
        const { databaseUrl } = readConfig(env, { dev: true });
        const [first] = (await planOnly(readConfig(env, { dev: true }))).plan;
        assert.match(first?.sql[0] ?? '', /create schema "trust"/);
        const stores = await Promise.all(Array.from({ length: 5 }, () => openStore({ databaseUrl })));
        const ran = await Promise.all(stores.map((store) => store.migrate()));
        assert.ok(ran.flat().length > 0 && new Set(ran.flat()).size === ran.flat().length);
        const [record, store] = [session(newTenantId()), stores[0]];
        await store?.sessions.insert(record, NO_TRAIL);
        assert.deepEqual((await store?.sessions.readByDigest(record.tenantId, record.digest))?.session, record);
        assert.deepEqual(await store?.pendingMigrations(), []);
        await Promise.all(stores.map((each) => each.close()));
        const { rows } = await client.query(
          "select schemaname, tablename from pg_tables where schemaname in ('public', 'trust') order by 1, 2",
        );
        assert.deepEqual(
          rows.filter(({ schemaname }) => schemaname === 'public').map(({ tablename }) => tablename),
          ['session'],
        );
        assert.ok(rows.filter(({ schemaname }) => schemaname === 'trust').length > 10);
        assert.deepEqual((await client.query('select * from session')).rows, [
          { sid: 'of the application', migration: 1 },
        ]);
        // Without the schema the same URL holds nothing of ours, and the application's table is in the way of nobody.
        const without = await openStore({ databaseUrl: url });
        assert.ok((await without.pendingMigrations()).length > 0);
        await without.close();
      } finally {
        await client.end();
      }
    });
  });
