// From every form that the tables ever had to the present one, and what a server does about any other.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { Migration } from '@mikro-orm/migrations';
import { DatabaseSchema } from '@mikro-orm/sql';
import { createOrm, type Database, openDatabase } from '../../server/src/store/database.ts';
import { type OpenDialect, openDialect } from '../../server/src/store/dialects/dialect.ts';
import { migrate, planMigrations } from '../../server/src/store/migrate.ts';
import type { MigrationEntry } from '../../server/src/store/migrations/migration_entry.ts';
import { schemaRefusal, schemaState } from '../../server/src/store/schema_state.ts';
import { openStore } from '../../server/src/store/store.ts';
import { onEachDatabase } from './databases.ts';
import { identity, NO_TRAIL, newTenantId, session } from './fixtures.ts';

const quiet = () => {};

/** A database as a version with these migrations opens it. */
async function openWith(url: string, change: (known: readonly MigrationEntry[]) => readonly MigrationEntry[]) {
  const open = await openDialect(url, quiet);
  const { driver, dbName, patientOptions } = open.orm;
  const dialect = { ...open.dialect, migrations: change(open.dialect.migrations) };
  return await openDatabase(
    { ...open, dialect, orm: { driver, dbName, driverOptions: patientOptions, patientOptions } },
    quiet,
  );
}

const migration = (name: string, ...sql: string[]): MigrationEntry => ({
  name,
  load: async () => ({
    default: class extends Migration {
      override up(): void {
        for (const line of sql) this.addSql(line);
      }
    },
  }),
});

type Column = { readonly name: string; readonly type: string };

/** The tables as the database itself tells of them. */
async function tablesOf({
  orm,
}: Database): Promise<readonly { readonly name: string; readonly columns: readonly Column[] }[]> {
  const connection = orm.em.getConnection();
  const schema = await DatabaseSchema.create(connection, orm.em.getPlatform(), orm.config);
  return schema
    .getTables()
    .filter(({ name }) => !name.startsWith('migration'))
    .map((table) => ({ name: table.name, columns: table.getColumns().map(({ name, type }) => ({ name, type })) }));
}

function madeUp({ type }: Column, n: number): unknown {
  if (/bool|tinyint/i.test(type)) return n % 2 === 0;
  if (/int|serial|numeric/i.test(type)) return n + 1;
  return `Zoë ${n}`;
}

const plain = (value: unknown) => (typeof value === 'boolean' ? Number(value) : String(value));

async function rowsOf({ orm }: Database, table: string, columns: readonly Column[]): Promise<readonly string[]> {
  const quote = (name: string) => orm.em.getPlatform().quoteIdentifier(name);
  const names = columns.map(({ name }) => quote(name)).join(', ');
  const rows = await orm.em.getConnection().execute<object[]>(`select ${names} from ${quote(table)}`);
  return rows.map((row) => JSON.stringify(Object.values(row).map(plain))).sort();
}

onEachDatabase('migrations', (database) => {
  const opened: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(one: T): T => {
    opened.push(one);
    return one;
  };
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });

  it('bring every released form forward, and every row stays as it was', async function () {
    this.timeout(240_000);
    const { migrations } = (await openDialect(await database.create(), quiet)).dialect;
    for (let count = 1; count <= migrations.length; count++) {
      const url = await database.create();
      const old = keep(await openWith(url, (known) => known.slice(0, count)));
      await migrate(old);
      const quote = (name: string) => old.orm.em.getPlatform().quoteIdentifier(name);
      const before = new Map<string, { columns: readonly Column[]; rows: readonly string[] }>();
      for (const { name, columns } of await tablesOf(old)) {
        for (let n = 0; n < 3; n++) {
          await old.orm.em.getConnection().execute(
            `insert into ${quote(name)} (${columns.map((column) => quote(column.name)).join(', ')}) values (${columns.map(() => '?').join(', ')})`,
            columns.map((column) => madeUp(column, n)),
          );
        }
        before.set(name, { columns, rows: await rowsOf(old, name, columns) });
      }
      const now = keep(await openWith(url, (known) => known));
      const names = migrations.map(({ name }) => name);
      assert.deepEqual(await migrate(now), names.slice(count));
      assert.deepEqual(await schemaState(now), { applied: names, pending: [], unknown: [] });
      for (const [name, { columns, rows }] of before) {
        assert.equal(rows.length, 3);
        assert.deepEqual(await rowsOf(now, name, columns), rows, `${name} from ${names[count - 1]}`);
      }
      const orm = createOrm(await openDialect(url, quiet));
      await orm.connect();
      assert.equal(await orm.schema.getUpdateSchemaSQL().finally(() => orm.close(true)), '');
    }
  });

  it('are shown before they run, and showing changes nothing', async () => {
    const url = await database.create();
    const open: OpenDialect = await openDialect(url, quiet);
    const plan = await planMigrations(open, quiet);
    assert.deepEqual(
      plan.map(({ name }) => name),
      open.dialect.migrations.map(({ name }) => name),
    );
    for (const { sql } of plan)
      assert.ok(sql.length > 0 && sql.every((line) => /^(create|alter|update|insert|drop) /.test(line)));
    if (url.startsWith('file:')) assert.equal(existsSync(url.slice(5)), false);
    const store = keep(await openStore({ databaseUrl: url }));
    assert.deepEqual(
      await store.pendingMigrations(),
      plan.map(({ name }) => name),
    );
    assert.deepEqual(await tablesOf(keep(await openWith(url, (known) => known))), []);
    await store.migrate();
    assert.deepEqual(await planMigrations(open, quiet), []);
  });

  it('leave the versions before and after an addition side by side', async () => {
    const url = await database.create();
    const before = keep(await openStore({ databaseUrl: url }));
    await before.migrate();
    const [owner, first] = [identity(newTenantId()), session(newTenantId())];
    await before.identities.insert(owner, NO_TRAIL, 'hash');
    await before.sessions.insert(first, NO_TRAIL);
    const next = migration(
      '9001_next',
      'create table next_version (id integer not null)',
      'alter table session add column mood integer null',
    );
    const after = keep(await openWith(url, (known) => [...known, next]));
    assert.deepEqual(await migrate(after), ['9001_next']);
    // Both the store that was open and one that is opened now, as after a step back to the version before.
    const again = keep(await openStore({ databaseUrl: url }));
    for (const store of [before, again]) {
      assert.equal(await store.refusal(true), undefined);
      assert.equal(await store.refusal(false), undefined);
      assert.deepEqual(await store.migrate(), []);
      assert.deepEqual((await store.sessions.readByDigest(first.tenantId, first.digest))?.session, first);
      const second = session(newTenantId());
      await store.sessions.insert(second, NO_TRAIL);
      assert.equal(await store.sessions.replace(second, { ...second, version: 2 }, NO_TRAIL), true);
    }
  });

  it('that take something away end the versions which need it, in one sentence', async () => {
    const url = await database.create();
    const store = keep(await openStore({ databaseUrl: url }));
    await store.migrate();
    const far = migration('9002_drop_old_needs_9001', 'create table next_version (id integer not null)');
    await migrate(keep(await openWith(url, (known) => [...known, migration('9001_next', 'select 1'), far])));
    assert.match(
      (await store.refusal(true)) ?? '',
      /^The database is newer than this version can serve: 9002_drop_old_needs_9001 needs a server that knows migration 9001, [^.]+\. Run a newer version\.$/,
    );
  });

  it('are asked for by name where a server must not run them itself', async () => {
    const store = keep(await openStore({ databaseUrl: await database.create() }));
    assert.equal(await store.refusal(true), undefined);
    assert.match(
      (await store.refusal(false)) ?? '',
      /^The database has no tables yet and this version needs \d{4}_\w+: run trust-layer migrate/,
    );
  });
});

describe('the form of the tables', () => {
  const known = ['0001_first', '0002_second'];
  const state = (applied: string[]) => ({
    applied,
    pending: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  });

  it('is served when it is the known one or only adds to it', () => {
    for (const applied of [known, [...known, '0003_third'], [...known, '0003_third_needs_0002', '0004_x_needs_0001']]) {
      assert.equal(schemaRefusal(state(applied), known, true), undefined);
      assert.equal(schemaRefusal(state(applied), known, false), undefined);
    }
  });

  it('is refused beyond what is known, where it comes from another line, and, if told not to migrate, before it', () => {
    assert.match(schemaRefusal(state([...known, '0003_x_needs_0003']), known, true) ?? '', /newer than this version/);
    for (const applied of [
      ['0001_first', '0002_other'],
      ['0001_first', '0003_third'],
      ['0001_other', ...known],
    ]) {
      assert.match(schemaRefusal(state(applied), known, true) ?? '', /another line of versions/);
    }
    assert.match(
      schemaRefusal(state(['0001_first']), known, false) ?? '',
      /is at 0001_first and this version needs 0002_second/,
    );
    assert.equal(schemaRefusal(state(['0001_first']), known, true), undefined);
  });
});
