// Migrations where a change of the tables commits at once: whoever dies in the middle, the next one goes on.
import assert from 'node:assert/strict';
import { openDatabase } from '../../server/src/store/database.ts';
import { openDialect } from '../../server/src/store/dialects/dialect.ts';
import { migrateStepwise } from '../../server/src/store/migrate_stepwise.ts';
import { schemaState } from '../../server/src/store/schema_state.ts';
import { openStore } from '../../server/src/store/store.ts';
import { onEachDatabase } from './databases.ts';
import { NO_TRAIL, newTenantId, session } from './fixtures.ts';

const quiet = () => {};

onEachDatabase('migrating step by step', (database) => {
  if (database.dialect !== 'mysql' && database.dialect !== 'mariadb') return;

  it('goes on where a starter died, after any statement', async () => {
    const url = await database.create();
    const open = await openDialect(url, quiet);
    const opened = await openDatabase(open, quiet);
    let deaths = 0;
    try {
      for (let lives = 1; (await schemaState(opened)).pending.length > 0; lives++) {
        let left = 9;
        // The statement is run, the answer never comes, and nothing is said after that.
        const dying: typeof opened = {
          ...opened,
          read: async (work) => {
            if (left < 0) throw new Error('dead');
            const answer = await opened.read(work);
            left -= 1;
            if (left < 0) throw new Error('dead');
            return answer;
          },
        };
        await migrateStepwise(dying, async () => (await schemaState(opened)).pending).catch(() => {
          deaths += 1;
        });
        // Instead of waiting until the lease of the dead has run out.
        const connection = opened.orm.em.getConnection();
        await connection.execute('update migration_step set until = 0').catch(() => undefined);
        assert.ok(lives < 200);
      }
      assert.ok(deaths > 10);
    } finally {
      await opened.close();
    }
    const store = await openStore({ databaseUrl: url });
    try {
      await store.sessions.insert(session(newTenantId()), NO_TRAIL);
    } finally {
      await store.close();
    }
  });

  it('waits for a starter that holds the lease', async () => {
    const url = await database.create();
    const stores = await Promise.all([1, 2].map(() => openStore({ databaseUrl: url })));
    const opened = await openDatabase(await openDialect(url, quiet), quiet);
    const connection = opened.orm.em.getConnection();
    try {
      await stores[0]?.migrate();
      await connection.execute("delete from migration_step where name <> 'lease'");
      await connection.execute('delete from migration');
      await connection.execute(
        "update migration_step set owner = 'other', until = unix_timestamp(now(3)) * 1000 + 60000",
      );
      const waiting = stores[1]?.migrate();
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.equal((await connection.execute<object[]>('select name from migration')).length, 0);
      // The other one is done.
      for (const { name } of opened.dialect.migrations) {
        await connection.execute('insert into migration (name) values (?)', [name], 'run');
      }
      assert.deepEqual(await waiting, []);
    } finally {
      for (const store of stores) await store.close();
      await opened.close();
    }
  });
});
