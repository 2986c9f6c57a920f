// Reading a table that is not ours: found by its names as they are, never changed, and a failure is no answer.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import Libsql from 'libsql';
import { openDatabase } from '../../server/src/store/database.ts';
import { openDialect } from '../../server/src/store/dialects/dialect.ts';
import { type UsersTablePlace, usersTableStore } from '../../server/src/store/users_table_store.ts';
import { DATABASES, onEachDatabase } from './databases.ts';
import { assertUnavailable } from './fixtures.ts';

const quiet = () => {};
// Words of SQL, in mixed case: only quoted they are names.
const columns = {
  id: 'Id',
  identifier: 'order',
  password: 'Pass_Word',
  active: 'group',
  name: 'select',
  'metadata.since': 'since',
};
const place = (databaseUrl: string): UsersTablePlace => ({ databaseUrl, table: ['user'], columns, anyCase: false });

async function say(url: string, ...statements: string[]): Promise<void> {
  const database = await openDatabase(await openDialect(url, quiet), quiet);
  const { quote } = database.dialect;
  try {
    for (const sql of statements)
      await database.write((tx) => tx.execute(sql.replaceAll(/\[(\w+)\]/g, (_all, name: string) => quote(name))));
  } finally {
    await database.close();
  }
}

const TABLE =
  'create table [user] ([Id] integer primary key, [order] varchar(200), [Pass_Word] varchar(200), [group] integer, [select] varchar(200), [since] date)';
const ROWS = [
  "insert into [user] values (7, 'Ada@Example.com', 'hash-of-ada', 1, 'Zoë ☕', '2020-01-01')",
  "insert into [user] values (8, 'eve@example.com', null, 0, null, null)",
];

onEachDatabase('a users table', (database) => {
  it('is read by an identifier given as a value, as it is and canonical', async () => {
    const url = await database.create();
    await say(url, TABLE, ...ROWS);
    const store = await usersTableStore(place(url), quiet);
    try {
      const [ada, ...more] = await store.readByIdentifier(['ada@example.com', 'Ada@Example.com']);
      assert.equal(more.length, 0);
      assert.deepEqual(
        [ada?.id, ada?.identifier, ada?.password, ada?.active, ada?.name],
        ['7', 'Ada@Example.com', 'hash-of-ada', '1', 'Zoë ☕'],
      );
      const [eve] = await store.readByIdentifier(['eve@example.com', '']);
      assert.deepEqual([eve?.id, eve?.password, eve?.active, eve?.name], ['8', undefined, '0', undefined]);
      assert.equal(await store.anyHash(), 'hash-of-ada');
      for (const text of ["' or 1=1 --", '" or ""="', "x') union select 1 --", '%', '$1', '?', ''])
        assert.deepEqual(await store.readByIdentifier([text, text]), [], text);
    } finally {
      await store.close();
    }
  });

  it('is read in any case where it is set up so', async () => {
    const url = await database.create();
    await say(url, TABLE, ...ROWS);
    const store = await usersTableStore({ ...place(url), anyCase: true }, quiet);
    try {
      for (const [text, count] of [
        ['ada@example.com', 1],
        ['eve@example.com', 1],
        ["ada@example.com' --", 0],
        ['', 0],
      ] as const)
        assert.equal((await store.readByIdentifier([text, 'eve@example.com'])).length, count, text);
    } finally {
      await store.close();
    }
  });

  it('that cannot be read is DATABASE_UNAVAILABLE, and is asked again when it is there', async () => {
    const url = await database.create();
    const store = await usersTableStore(place(url), quiet);
    try {
      await assertUnavailable(store.readByIdentifier(['a', 'a']));
      await assertUnavailable(store.anyHash());
      if (url.startsWith('file:')) assert.equal(existsSync(url.slice(5)), false);
      await say(url, TABLE, ...ROWS);
      assert.equal((await store.readByIdentifier(['eve@example.com', 'x'])).length, 1);
    } finally {
      await store.close();
    }
  });

  it('is named by identifiers alone', async () => {
    const url = await database.create();
    for (const bad of ['user"; drop table session; --', 'a`b', 'a b', 'a.b', '', 'é', '1a', 'x'.repeat(64)]) {
      await assert.rejects(usersTableStore({ ...place(url), table: [bad] }, quiet), /is no identifier/, bad);
      await assert.rejects(
        usersTableStore({ ...place(url), columns: { ...columns, id: bad } }, quiet),
        /is no identifier/,
        bad,
      );
    }
  });
});

describe('a users table in a file', () => {
  it('leaves the file as it was, its journal and time included', async () => {
    const [embedded] = DATABASES;
    const path = ((await embedded?.create()) ?? '').slice('file:'.length);
    const file = new Libsql(path);
    file.exec(
      'create table user (Id integer, "order" text, Pass_Word text, "group" integer, "select" text, since text)',
    );
    file.exec("insert into user values (7, 'ada@example.com', 'hash', 1, 'Ada', '')");
    file.close();
    const digest = () => createHash('sha256').update(readFileSync(path)).digest('hex');
    const before = digest();
    const store = await usersTableStore(place(`file:${path}`), quiet);
    assert.equal((await store.readByIdentifier(['ada@example.com', 'x'])).length, 1);
    await store.close();
    assert.equal(digest(), before);
    assert.deepEqual(
      readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}-`)),
      [],
    );
    rmSync(path);
  });

  it('refuses to write even if it were told to', async () => {
    const [embedded] = DATABASES;
    const url = (await embedded?.create()) ?? '';
    await say(url, TABLE, ...ROWS);
    const open = await openDialect(url, quiet);
    const reader = await open.openForeignReader?.();
    await assert.rejects(
      async () => await reader?.rows({ name: 'w', sql: 'update user set "select" = 1 returning 1' }, []),
      /readonly/,
    );
    await reader?.close();
  });
});
