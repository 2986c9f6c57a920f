// From any database to any other: everything, exactly, whatever comes between.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import Libsql from 'libsql';
import { type CopyOptions, type CopyTold, copyDatabase } from '../../server/src/store/copy/copy.ts';
import { cursorOf, writeRows } from '../../server/src/store/copy/copy_rows.ts';
import { type CopyRow, type CopyTable, compareKeys, copyTables } from '../../server/src/store/copy/copy_table.ts';
import { type Database, openDatabase } from '../../server/src/store/database.ts';
import { openDialect } from '../../server/src/store/dialects/dialect.ts';
import { openStore, type Store } from '../../server/src/store/store.ts';
import { DATABASES, onEachDatabase, type TestDatabase } from './databases.ts';
import { fullTrail, identity, NO_TRAIL, newTenantId, session } from './fixtures.ts';

const quiet = () => {};
const never = new AbortController().signal;
const [embedded] = DATABASES;

const copy = (from: string, to: string, more: Partial<CopyOptions> = {}) =>
  copyDatabase({
    from,
    to,
    target: 'empty',
    follow: false,
    stop: never,
    tell: quiet,
    nonce: `${Math.random()}`,
    ...more,
  });

async function migrated(database: TestDatabase | undefined): Promise<string> {
  const url = (await database?.create()) ?? '';
  const store = await openStore({ databaseUrl: url });
  await store.migrate();
  await store.close();
  return url;
}

async function within<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase(await openDialect(url, quiet), quiet);
  return await work(database).finally(database.close);
}

async function allRows(database: Database, table: CopyTable): Promise<readonly CopyRow[]> {
  const cursor = cursorOf(database, table);
  const rows: CopyRow[] = [];
  for (;;) {
    if (!cursor.ready) await cursor.load();
    if (cursor.row === undefined) return rows;
    rows.push(cursor.row);
    cursor.step();
  }
}

const contents = (url: string) =>
  within(url, async (database) => {
    const tables = copyTables(database.orm);
    const found: Record<string, readonly CopyRow[]> = {};
    for (const table of tables) found[table.name] = await allRows(database, table);
    return found;
  });

const put = (database: Database, table: CopyTable, rows: readonly CopyRow[]) =>
  database.write((tx) =>
    writeRows({ database, tx, table }, { put: rows, replaced: [], removed: [], clearUniques: false }),
  );

/** So many rows in every table, in keys of several tenants, with whatever bytes a text may have. */
const fillEvery = (url: string, count: number) =>
  within(url, async (database) => {
    for (const table of copyTables(database.orm)) {
      const rows = Array.from({ length: count }, (_, n) =>
        table.columns.map(({ kind, name }, place) => {
          if (kind === 'boolean') return n % 3 === 0;
          if (kind === 'number') return name === table.counted ? 2 * n + 1 : n;
          if (place === 0 && table.key.length > 1) return `t${n % 3}`;
          return table.key.includes(place) ? `${name}-${n}` : ['', 'Zoë ☕ 𝄞', ' a ', "o'c\\n%_\n"][n % 4] + String(n);
        }),
      );
      for (let from = 0; from < count; from += 100) await put(database, table, rows.slice(from, from + 100));
      const { counted, name } = table;
      const sql = counted && database.dialect.continueCountSql?.(name, counted);
      if (sql !== undefined) await database.write((tx) => tx.execute(sql));
    }
  });

for (const [title, from, to] of [
  ...DATABASES.map((database) => [`from ${embedded?.name} to ${database.name}`, embedded, database] as const),
  ...DATABASES.slice(1).map((database) => [`from ${database.name} to ${embedded?.name}`, database, embedded] as const),
]) {
  describe(`copying ${title}`, function () {
    this.timeout(120_000);
    const absence = from?.absence ?? to?.absence;
    if (absence !== undefined) {
      it(`is skipped: ${absence}`, function () {
        if (process.env.CI === 'true') throw new Error(absence);
        this.skip();
      });
      return;
    }

    it('takes every row of every table, and counts and sums are the same on both', async () => {
      const [source, target] = [await migrated(from), (await to?.create()) ?? ''];
      await fillEvery(source, 1_234);
      const report = await copy(source, target);
      assert.equal(report.finished, true);
      assert.ok(report.tables.length >= 11);
      for (const { table, source: a, target: b } of report.tables) {
        assert.equal(a.rows, 1_234, table);
        assert.deepEqual(a, b, table);
        assert.match(a.checksum, /^[0-9a-f]{64}$/);
      }
      assert.deepEqual(await contents(target), await contents(source));
      // The sums are those of the rows, not of the database: a further copy has the same.
      const again = await copy(target, (await embedded?.create()) ?? '');
      assert.deepEqual(
        again.tables.map((table) => table.source.checksum),
        report.tables.map((table) => table.source.checksum),
      );
    });

    it('leaves a store that goes on where the other one stopped', async () => {
      const [source, target] = [await migrated(from), (await to?.create()) ?? ''];
      const tenantId = newTenantId();
      const [owner, record] = [identity(tenantId), session(tenantId)];
      const before = await openStore({ databaseUrl: source });
      await before.identities.insert(owner, fullTrail(tenantId), 'hash');
      await before.sessions.insert(record, fullTrail(tenantId));
      const old = (await before.changes.readAfter(0, 100)).rows;
      await before.close();
      await copy(source, target);
      const after = await openStore({ databaseUrl: target });
      try {
        assert.equal(await after.refusal(false), undefined);
        assert.deepEqual(await after.identities.read(tenantId, owner.id), owner);
        assert.deepEqual((await after.sessions.readByDigest(tenantId, record.digest))?.session, record);
        assert.equal(await after.passwords.read(tenantId, owner.id), 'hash');
        await after.sessions.replace(record, { ...record, version: 2 }, fullTrail(tenantId));
        const feed = (await after.changes.readAfter(0, 100)).rows;
        assert.deepEqual(feed.slice(0, old.length), old);
        assert.equal(feed.length, old.length + fullTrail(tenantId).changes.length);
      } finally {
        await after.close();
      }
    });
  });
}

onEachDatabase('copying', (database) => {
  const stopAt = (rows: number) => {
    const stop = new AbortController();
    const tell = (told: CopyTold) => {
      if (told.at === 'rows' && told.table === 'session' && told.rows >= rows) stop.abort();
    };
    return { stop: stop.signal, tell };
  };

  it('refuses a target that holds something, unless told; then it is what the source is', async function () {
    this.timeout(60_000);
    const [source, target] = [await migrated(embedded), await migrated(database)];
    await fillEvery(source, 10);
    await fillEvery(target, 700);
    const before = await contents(target);
    await assert.rejects(
      copy(source, target),
      /^Error: The database at --to is not empty \(\w+ has rows\): --overwrite/,
    );
    assert.deepEqual(await contents(target), before);
    assert.equal((await copy(source, target, { target: 'overwrite' })).finished, true);
    assert.deepEqual(await contents(target), await contents(source));
  });

  it('goes on where it was stopped, from the same source only; until then the target is not served', async function () {
    this.timeout(60_000);
    const [source, target] = [await migrated(embedded), await database.create()];
    await fillEvery(source, 1_600);
    assert.equal((await copy(source, target, stopAt(1_000))).finished, false);
    const half = await openStore({ databaseUrl: target });
    assert.match((await half.refusal(true)) ?? '', /^The database is the target of a copy that has not ended: /);
    await half.close();
    await assert.rejects(
      copy(source, target),
      /There is an unfinished copy at --to: go on with --resume, or begin anew with --overwrite\./,
    );
    const other = await migrated(embedded);
    await assert.rejects(copy(other, target, { target: 'resume' }), /is of another database than --from/);
    const seen: CopyTold[] = [];
    const report = await copy(source, target, { target: 'resume', tell: (told) => seen.push(told) });
    assert.equal(report.finished, true);
    // The first walk passes over what it did before, in the tables and within one.
    const first = seen.filter((told) => told.at === 'rows' && told.pass === 1);
    const table = first[0]?.at === 'rows' ? first[0].table : '';
    assert.equal(table, 'session');
    assert.ok(first.every((told) => told.at === 'rows' && (told.table !== 'session' || told.rows >= 1_000)));
    assert.deepEqual(await contents(target), await contents(source));
    await assert.rejects(copy(source, target, { target: 'resume' }), /There is no unfinished copy at --to/);
  });

  it('follows writes, and once they end --resume leaves no difference', async function () {
    this.timeout(120_000);
    const [source, target] = [await migrated(database), (await embedded?.create()) ?? ''];
    await fillEvery(source, 600);
    const store = await openStore({ databaseUrl: source });
    const stop = new AbortController();
    let writing = true;
    let passes = 0;
    const writer = write(store, () => writing);
    const following = copy(source, target, {
      follow: true,
      stop: stop.signal,
      tell: (told) => {
        if (told.at === 'pass') passes += 1;
        // Several walks met writes.
        if (passes === 3) stop.abort();
      },
    });
    assert.equal((await following).finished, false);
    writing = false;
    const written = await writer;
    assert.ok(written > 0);
    await store.sessions.insert(session(newTenantId()), NO_TRAIL);
    await store.close();
    assert.notDeepEqual(await contents(target), await contents(source));
    const report = await copy(source, target, { target: 'resume' });
    assert.equal(report.finished, true);
    assert.deepEqual(await contents(target), await contents(source));
  });

  it('gives up on a source that is written to all the time, and says what to do', async function () {
    this.timeout(60_000);
    const [source, target] = [await migrated(embedded), await database.create()];
    const file = new Libsql(source.slice('file:'.length));
    let turn = 0;
    await fillEvery(source, 1);
    const tell = (told: CopyTold) => {
      if (told.at === 'pass')
        file.exec(
          `insert into change (tenant_id, kind, subject, version, epoch, ended, written_at) values ('t', 'tenant', '${turn++}', 1, 1, 0, 1)`,
        );
    };
    await assert.rejects(
      copy(source, target, { tell }),
      /is being written to: stop its servers or set TRUST_READ_ONLY=on there/,
    );
    file.close();
    assert.equal((await copy(source, target, { target: 'resume' })).finished, true);
  });

  it('moves a unique value from one row to another', async () => {
    const [source, target] = [await migrated(embedded), await database.create()];
    const tenantId = newTenantId();
    const a = session(tenantId, { handle: 'ses_a' });
    const b = session(tenantId, { handle: 'ses_z' });
    const store = await openStore({ databaseUrl: source });
    await store.sessions.insert(b, NO_TRAIL);
    const stop = new AbortController();
    await copy(source, target, { follow: true, stop: stop.signal, tell: (told) => told.at === 'pass' && stop.abort() });
    await store.sessions.replace(b, { ...b, version: 2, digest: 'other' }, NO_TRAIL);
    await store.sessions.insert({ ...a, digest: b.digest }, NO_TRAIL);
    // So many rows between them that the two are not written by one transaction.
    await store.close();
    await within(source, async (opened) => {
      const [table] = copyTables(opened.orm).filter(({ name }) => name === 'session');
      assert.ok(table !== undefined);
      const row = (n: number) =>
        table.columns.map(({ name, kind }) => {
          if (name === 'tenant_id') return tenantId;
          return kind === 'number' ? n : name === 'handle' ? `ses_b${n}` : `${name} ${n}`;
        });
      await put(
        opened,
        table,
        Array.from({ length: 600 }, (_, n) => row(n)),
      );
    });
    assert.equal((await copy(source, target, { target: 'resume' })).finished, true);
    assert.deepEqual(await contents(target), await contents(source));
  });

  it('refuses what it cannot copy, in one sentence without a password', async () => {
    const [url, bare] = [await migrated(database), await database.create()];
    const cases: readonly (readonly [string, string, RegExp])[] = [
      [url, url, /^--from and --to are one database\.$/],
      [bare, await database.create(), /^(The database at --from has no tables|There is no database at --from\.)/],
      ['postgres://u:canary@127.0.0.1:1/d', bare, /^The database at --from cannot be used: /],
      [url, 'postgres://u:canary@127.0.0.1:1/d', /^The database at --to cannot be used: /],
      [url, 'canary://x', /^DATABASE_URL has the scheme "canary"/],
    ];
    for (const [from, to, expected] of cases) {
      await assert.rejects(copy(from, to), (error: Error) => {
        assert.match(error.message, expected);
        assert.doesNotMatch(error.message, /u:canary|\n/);
        return true;
      });
    }
    assert.equal((await contents(url)).copy_progress, undefined);
    const store = await openStore({ databaseUrl: url });
    assert.equal(await store.refusal(false), undefined);
    await within(url, (opened) =>
      opened.write((tx) => tx.execute("delete from migration where name > '0001_first'", [], 'run')),
    );
    await assert.rejects(
      copy(url, await database.create()),
      /^Error: The database at --from is at 0001_first and this version copies \d{4}_\w+: /,
    );
    await store.close();
  });
});

/** Every kind of write that a server makes, again and again. */
async function write(store: Store, on: () => boolean): Promise<number> {
  let written = 0;
  for (; on(); written++) {
    const tenantId = newTenantId();
    const [owner, record, gone] = [identity(tenantId), session(tenantId), session(tenantId)];
    await store.identities.insert(owner, fullTrail(tenantId), 'hash');
    await store.sessions.insert(record, NO_TRAIL);
    await store.sessions.insert({ ...gone, identityId: owner.id }, NO_TRAIL);
    await store.sessions.replace(record, { ...record, version: 2, revokedAt: 5 }, fullTrail(tenantId));
    await store.sessions.recordUse([
      { tenantId, handle: record.handle, usedAt: record.lastUsedAt + 5, reported: false },
    ]);
    if (written % 2 === 0) await store.identities.remove(owner, NO_TRAIL);
    await store.changes.prune(0, 3);
    await sleep(2);
  }
  return written;
}

describe('the order of keys', () => {
  it('is that of bytes in UTF-8, and of numbers', () => {
    const texts = ['', 'A', 'Z', 'a', 'a ', 'ab', 'é', '￿', '𝄞'];
    for (const [i, x] of texts.entries()) {
      for (const [j, y] of texts.entries())
        assert.equal(Math.sign(compareKeys(['t', x], ['t', y])), Math.sign(i - j), `${x} ${y}`);
    }
    assert.ok(compareKeys([9], [10]) < 0);
    assert.ok(compareKeys(['a', 'z'], ['b', 'a']) < 0);
  });
});
