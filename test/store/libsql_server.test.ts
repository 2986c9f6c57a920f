// A libSQL server by each of its ways, and what only it can do wrong. It is a double of the documented protocol: see test/support.
import assert from 'node:assert/strict';
import { openDatabase } from '../../server/src/store/database.ts';
import { openDialect } from '../../server/src/store/dialects/dialect.ts';
import { readLibsqlUrl } from '../../server/src/store/dialects/libsql_url.ts';
import { SessionEntity } from '../../server/src/store/entities/session.ts';
import { openStore, type Store } from '../../server/src/store/store.ts';
import { type HranaServer, hranaServer } from '../support/hrana_server.ts';
import { assertUnavailable, fullTrail, NO_TRAIL, newTenantId, session } from './fixtures.ts';

const quiet = () => {};

for (const scheme of ['http', 'ws'] as const) {
  describe(`a libSQL server over ${scheme}`, function () {
    this.timeout(60_000);
    let server: HranaServer;
    let url: string;
    let store: Store;
    before(async () => {
      server = await hranaServer();
      url = await server.createDatabase(scheme);
      store = await openStore({ databaseUrl: url });
      await store.migrate();
    });
    after(() => store.close());

    const saved = async () => {
      const record = session(newTenantId());
      await store.sessions.insert(record, NO_TRAIL);
      return record;
    };

    it('is shared by two nodes, of whom one wins', async () => {
      const other = await openStore({ databaseUrl: url });
      try {
        const [record, trail] = [session(newTenantId()), fullTrail('t')];
        await store.sessions.insert(record, trail);
        assert.deepEqual((await other.sessions.readByDigest(record.tenantId, record.digest))?.session, record);
        assert.equal((await other.changes.readAfter(0, 100)).rows.length, trail.changes.length);
        const replace = (from: Store, n: number) =>
          from.sessions.replace(record, { ...record, version: 2, acr: `${n}` }, NO_TRAIL);
        const won = await Promise.all(Array.from({ length: 8 }, (_, n) => replace(n % 2 === 0 ? store : other, n)));
        assert.equal(won.filter(Boolean).length, 1);
      } finally {
        await other.close();
      }
    });

    it('keeps nothing of a transaction after a statement that failed, even if the server had ended it', async () => {
      const database = await openDatabase(await openDialect(url, quiet), quiet);
      const record = session(newTenantId());
      try {
        const write = database.write(async (tx) => {
          await tx.execute('rollback');
          await tx.execute('select * from no_such_table').catch(() => undefined);
          await tx.insert(SessionEntity, { ...record, amr: '[]' } as never);
        });
        await assertUnavailable(write);
      } finally {
        await database.close();
      }
      assert.equal(await store.sessions.readByHandle(record.tenantId, record.handle), undefined);
    });

    it('answers errors while the server is gone, and goes on when it is back', async () => {
      const { tenantId, digest } = await saved();
      await server.crash();
      await assertUnavailable(store.ping());
      await assertUnavailable(store.sessions.insert(session(tenantId), NO_TRAIL));
      await assertUnavailable(openStore({ databaseUrl: url }));
      await server.start();
      assert.equal((await store.sessions.readByDigest(tenantId, digest))?.session.digest, digest);
      await saved();
    });

    it('gives up a statement that is not answered, and goes on', async () => {
      const open = await openDialect(url, quiet);
      const driverOptions = { ...open.orm.driverOptions, statementMs: 300 };
      const hasty = await openDatabase({ ...open, orm: { ...open.orm, driverOptions } }, quiet);
      try {
        await hasty.write((tx) => tx.execute('select 1'));
        server.silent = true;
        await assert.rejects(
          hasty.write((tx) => tx.execute('select 1')),
          ({ cause }: Error) => /TIMEOUT/.test(String(cause)),
        );
        server.silent = false;
        await hasty.write((tx) => tx.execute('select 1'));
      } finally {
        server.silent = false;
        await hasty.close();
      }
    });

    it('refuses another token, and neither is told', async () => {
      const wrong = url.replace(/authToken=\w+/, 'authToken=canary');
      await assert.rejects(openStore({ databaseUrl: wrong }), (error: Error) => {
        assert.doesNotMatch(`${error.stack} ${(error.cause as Error).stack}`, /canary/);
        return error.message === 'DATABASE_UNAVAILABLE';
      });
    });
  });
}

describe('the URL of a libSQL server', () => {
  it('says how it is reached: libsql: is https, or http with tls=0', () => {
    for (const [given, url, authToken] of [
      ['libsql://h.example.com?authToken=a', 'https://h.example.com/', 'a'],
      ['libsql://h:8080?tls=0', 'http://h:8080/', undefined],
      ['libsql://:p%40ss@h/db', 'https://h/db/', 'p@ss'],
      ['http://h:8080/a/b/', 'http://h:8080/a/b/', undefined],
      ['wss://h?authToken=a.b-c', 'wss://h/', 'a.b-c'],
    ] as const) {
      assert.deepEqual(readLibsqlUrl(given), { url, ...(authToken === undefined ? {} : { authToken }) });
    }
  });

  it('is refused with what is wrong, without being quoted', () => {
    for (const [url, why] of [
      ['libsql:canary', /must name a host/],
      ['https://h?canary=1&syncUrl=x', /option that is not served: (canary|syncUrl)/],
      ['https://canary@h?tls=0', /tls=0 or tls=1 with libsql: only/],
      ['libsql://canary@h?tls=2', /tls=0 or tls=1/],
    ] as const)
      assert.throws(() => readLibsqlUrl(url), why);
  });
});
