// The facts of engines that are not to be had here, played on the database whose protocol they speak: that their statements do what they should.
import assert from 'node:assert/strict';
import type { Dialect, OpenDialect } from '../../server/src/store/dialects/dialect.ts';
import { openDialect } from '../../server/src/store/dialects/dialect.ts';
import { mysqlDialect } from '../../server/src/store/dialects/mysql_facts.ts';
import { postgresqlDialect } from '../../server/src/store/dialects/postgresql_facts.ts';
import { type Store, storeOn } from '../../server/src/store/store.ts';
import { changeSuite } from './change_suite.ts';
import { DATABASES, onDatabase } from './databases.ts';
import { fullTrail, NO_TRAIL, newTenantId, session } from './fixtures.ts';
import { sessionSuite } from './session_suite.ts';
import { trailSuite } from './trail_suite.ts';

const ENGINES: readonly (readonly [string, string, Dialect])[] = [
  ['CockroachDB and YugabyteDB', 'postgresql', postgresqlDialect('cockroachdb', undefined)],
  // Those of Vitess are Galera's.
  ['TiDB', 'mysql', mysqlDialect({ name: 'mysql', engine: 'tidb' })],
];

for (const [engine, base, dialect] of ENGINES)
  for (const found of DATABASES.filter(({ name }) => name === base))
    onDatabase(`the facts of ${engine}`, found, (database) => {
      const opened: Store[] = [];
      let url: string;
      const open = async () => {
        const { listen: _, ...plain } = await openDialect(url, () => {});
        const store = await storeOn({ ...plain, dialect } satisfies OpenDialect);
        opened.push(store);
        return store;
      };
      const store = () => opened[0] as Store;

      before(async () => {
        url = await database.create();
        const starters = await Promise.all([open(), open(), open()]);
        const ran = await Promise.all(starters.map((each) => each.migrate()));
        assert.equal(new Set(ran.flat()).size, ran.flat().length, 'each migration runs once');
        assert.deepEqual(await store().pendingMigrations(), []);
      });
      after(async () => {
        for (const each of opened) await each.close();
      });

      sessionSuite(store);
      trailSuite(store);
      changeSuite(store);

      it('rows of the change feed commit in the order of their positions', async () => {
        const seen: number[] = [];
        let done = false;
        const reading = (async () => {
          const [first] = (await store().changes.readAfter(0, 1)).rows;
          for (let from = first?.position ?? 0; !done; ) {
            const { rows } = await store().changes.readAfter(from, 1_000);
            for (const { position } of rows) seen.push(position);
            from = rows.at(-1)?.position ?? from;
          }
          return first?.position ?? 0;
        })();
        const tenantId = newTenantId();
        await Promise.all(
          Array.from({ length: 40 }, (_, n) =>
            (opened[n % 3] as Store).sessions.insert(session(tenantId), n % 4 === 3 ? NO_TRAIL : fullTrail(tenantId)),
          ),
        );
        done = true;
        const first = await reading;
        // What a reader had passed over would be missing here.
        const all: number[] = [];
        for (let from = first; ; ) {
          const { rows } = await store().changes.readAfter(from, 1_000);
          if (rows.length === 0) break;
          for (const { position } of rows) all.push(position);
          from = rows.at(-1)?.position ?? from;
        }
        assert.deepEqual(
          all.filter((position) => position <= (seen.at(-1) ?? 0)),
          seen,
        );
        assert.ok(seen.length > 0);
      });
    });
