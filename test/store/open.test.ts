// Opening, migrating, closing: what holds for a database as a whole.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { promisify } from 'node:util';
import Database from 'libsql';
import { createOrm, openDatabase } from '../../server/src/store/database.ts';
import { openDialect } from '../../server/src/store/dialects/dialect.ts';
import { openStore, type Store } from '../../server/src/store/store.ts';
import { DATABASES, itUnless, onEachDatabase } from './databases.ts';
import { assertUnavailable, fullTrail, identity, NO_TRAIL, newTenantId, session } from './fixtures.ts';

const run = promisify(execFile);
const quiet = () => {};

onEachDatabase('opening a store', (database) => {
  const opened: Store[] = [];
  const open = async (databaseUrl: string) => {
    const store = await openStore({ databaseUrl });
    opened.push(store);
    return store;
  };
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });

  it('names the database and its version, and answers a ping', async () => {
    const store = await open(await database.create());
    assert.equal(store.database.name, database.dialect);
    assert.match(store.database.version, /^\d+\.\d+/);
    await store.ping();
  });

  it('says which migrations are pending, and runs each once', async () => {
    const store = await open(await database.create());
    const pending = await store.pendingMigrations();
    assert.ok(pending.length > 0);
    assert.deepEqual(await store.migrate(), pending);
    assert.deepEqual(await store.pendingMigrations(), []);
    assert.deepEqual(await store.migrate(), []);
  });

  it('runs each migration once when five starters migrate at once', async () => {
    const url = await database.create();
    const other = (await database.elsewhere?.(url)) ?? url;
    const stores = await Promise.all(Array.from({ length: 5 }, (_, place) => open(place % 2 === 0 ? url : other)));
    const pending = (await stores[0]?.pendingMigrations()) ?? [];
    const ran = await Promise.all(stores.map((store) => store.migrate()));
    assert.deepEqual(ran.flat(), pending);
    await Promise.all(stores.map((store) => store.sessions.insert(session(newTenantId()), NO_TRAIL)));
  });

  it('migrates to exactly the tables of the entities', async () => {
    const url = await database.create();
    await (await open(url)).migrate();
    const orm = createOrm(await openDialect(url, quiet));
    await orm.connect();
    try {
      assert.equal(await orm.schema.getUpdateSchemaSQL(), '');
    } finally {
      await orm.close(true);
    }
  });

  it('keeps its data when it is closed and opened again', async () => {
    const url = await database.create();
    const first = await open(url);
    await first.migrate();
    const [owner, record] = [identity(newTenantId()), session(newTenantId())];
    await first.identities.insert(owner, NO_TRAIL, 'hash');
    await first.sessions.insert(record, NO_TRAIL);
    await first.close();
    const second = await open(url);
    assert.deepEqual(await second.migrate(), []);
    assert.deepEqual(await second.identities.read(owner.tenantId, owner.id), owner);
    assert.deepEqual((await second.sessions.readByDigest(record.tenantId, record.digest))?.session, record);
  });

  it('fails with DATABASE_UNAVAILABLE once it is closed; closing twice is allowed', async () => {
    const store = await open(await database.create());
    await store.migrate();
    await store.close();
    await store.close();
    await assertUnavailable(store.ping());
    await assertUnavailable(store.pendingMigrations());
    await assertUnavailable(store.sessions.readByDigest('t', 'd'));
    await assertUnavailable(store.sessions.insert(session('t'), NO_TRAIL));
  });

  it('fails with DATABASE_UNAVAILABLE while the tables are missing, and names no value', async () => {
    const store = await open(await database.create());
    const record = session('t', { digest: 'canary-digest' });
    const failure = await store.sessions.insert(record, NO_TRAIL).catch((error: unknown) => error);
    assert.ok(failure instanceof Error && failure.cause instanceof Error);
    for (const text of [
      failure.message,
      failure.stack,
      failure.cause.message,
      failure.cause.stack,
      JSON.stringify(failure.cause),
    ]) {
      assert.doesNotMatch(text ?? '', /canary/);
    }
    await assertUnavailable(store.tenants.read('t'));
  });

  it('shows a unique violation without the values that collided', async () => {
    const store = await open(await database.create());
    await store.migrate();
    await store.sessions.insert(session('t', { digest: 'canary-digest' }), NO_TRAIL);
    const failure = await store.sessions
      .insert(session('t', { digest: 'canary-digest' }), NO_TRAIL)
      .catch((error: unknown) => error);
    assert.ok(failure instanceof Error && failure.cause instanceof Error);
    assert.doesNotMatch(
      `${failure.cause.stack}${JSON.stringify(failure.cause)}${Object.keys(failure.cause)}`,
      /canary/,
    );
  });

  const oneProcess = !database.manyNodes && 'which one process serves';
  itUnless(database, oneProcess, 'lets two nodes see each other at once', async () => {
    const url = await database.create();
    const [a, b] = [await open(url), await open((await database.elsewhere?.(url)) ?? url)];
    await a.migrate();
    const tenantId = newTenantId();
    const record = session(tenantId);
    const trail = fullTrail(tenantId);
    await a.sessions.insert(record, trail);
    assert.deepEqual((await b.sessions.readByDigest(tenantId, record.digest))?.session, record);
    assert.deepEqual(
      (await b.changes.readAfter(0, 100)).rows.map(({ change }) => change),
      trail.changes,
    );
    const replace = (store: Store, n: number) =>
      store.sessions.replace(record, { ...record, version: 2, acr: `${n}` }, NO_TRAIL);
    const won = await Promise.all(Array.from({ length: 16 }, (_, n) => replace(n % 2 === 0 ? a : b, n)));
    assert.equal(won.filter(Boolean).length, 1);
  });
});

describe('opening a libSQL file', () => {
  const create = async () => (await DATABASES[0]?.create()) ?? '';

  it('sets WAL, synchronous=FULL, busy_timeout and foreign keys on every connection, each time', async () => {
    const url = await create();
    for (let time = 0; time < 2; time++) {
      const database = await openDatabase(await openDialect(url, quiet), quiet);
      const settings = ['journal_mode', 'synchronous', 'busy_timeout', 'foreign_keys'];
      for (const [setting, expected] of settings.map((name, place) => [name, ['wal', 2, 50, 1][place]] as const)) {
        const [row] = await database.orm.em.getConnection().execute<object[]>(`pragma ${setting}`);
        assert.deepEqual(Object.values(row ?? {}), [expected], setting);
        assert.deepEqual(
          await database.reader.rows({ name: setting, sql: `pragma ${setting}` }, []),
          [[expected]],
          setting,
        );
      }
      await database.close();
    }
  });

  it('makes a file that only its owner reads', async () => {
    const url = await create();
    const store = await openStore({ databaseUrl: url });
    await store.migrate();
    for (const suffix of ['', '-wal']) assert.equal(statSync(`${url.slice(5)}${suffix}`).mode & 0o077, 0);
    await store.close();
  });

  it('opened twice, it keeps its locks: another process that writes and leaves does not delete the log', async () => {
    const url = await create();
    const path = url.slice(5);
    const first = await openStore({ databaseUrl: url });
    await first.migrate();
    const second = await openStore({ databaseUrl: url });
    const { ino } = statSync(`${path}-wal`);
    const leaves = `const db = new (require('libsql'))(process.argv[1]); db.exec('create table beside (x int)'); db.close()`;
    await run(process.execPath, ['-e', leaves, path]);
    assert.equal(statSync(`${path}-wal`, { throwIfNoEntry: false })?.ino, ino);
    for (const store of [first, second]) await store.close();
  });

  it('waits for another writer of the file, and goes on', async () => {
    const url = await create();
    const store = await openStore({ databaseUrl: url });
    await store.migrate();
    const other = new Database(url.slice(5));
    other.exec('begin immediate');
    const record = session(newTenantId());
    const insert = store.sessions.insert(record, NO_TRAIL);
    assert.equal(await store.sessions.readByDigest(record.tenantId, record.digest), undefined);
    setTimeout(() => other.exec('commit'), 300);
    await insert;
    assert.equal((await store.sessions.readByDigest(record.tenantId, record.digest))?.session.handle, record.handle);
    await store.close();
    other.close();
  });

  it('goes on after the file stayed locked for too long', async function () {
    this.timeout(15_000);
    const url = await create();
    const store = await openStore({ databaseUrl: url });
    await store.migrate();
    const other = new Database(url.slice(5));
    other.exec('begin immediate');
    await assertUnavailable(store.sessions.insert(session('t'), NO_TRAIL));
    other.exec('commit');
    await store.sessions.insert(session('t'), NO_TRAIL);
    await store.close();
    other.close();
  });

  it('loads no driver of another database', async () => {
    const url = await create();
    const program = `
      const { openStore } = await import(process.argv[1]);
      const store = await openStore({ databaseUrl: process.argv[2] });
      await store.migrate();
      await store.close();
      const { createRequire } = await import('node:module');
      const loaded = Object.keys(createRequire(process.argv[1]).cache).filter((file) => /node_modules\\/(pg|mysql2)\\//.test(file));
      console.log(JSON.stringify(loaded));`;
    const store = new URL('../../server/src/store/store.ts', import.meta.url).href;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program, store, url]);
    assert.deepEqual(JSON.parse(stdout), []);
  });

  it('refuses a URL that it does not serve, without quoting it', async () => {
    for (const databaseUrl of [
      'mongodb://u:canary@h/d',
      'canary',
      'file:',
      'file::memory:',
      'file:canary?mode=ro',
      'postgres://u:canary@[/d',
    ]) {
      await assert.rejects(
        openStore({ databaseUrl }),
        (error: Error) => /^DATABASE_URL/.test(error.message) && !/canary/.test(error.message),
      );
    }
  });
});
