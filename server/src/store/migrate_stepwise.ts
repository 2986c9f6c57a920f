import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryResult } from '@mikro-orm/core';
import type { Migration } from '@mikro-orm/migrations';
import { type Database, MIGRATION_STEP_TABLE, MIGRATION_TABLE, retried } from './database.ts';
import { codeOf } from './fault.ts';

/** Who migrates says so again and again; one who has been silent for so long is taken for gone. */
const LEASE_MS = 10_000;
const RENEW_MS = 2_000;
const POLL_MS = 100;
const LEASE = 'lease';

// What a statement says that was run before, though its place was not noted: table, column or key is there, or is not there any more.
const DONE_BEFORE = ['ER_TABLE_EXISTS_ERROR', 'ER_DUP_FIELDNAME', 'ER_DUP_KEYNAME', 'ER_CANT_DROP_FIELD_OR_KEY'];

type Answer = QueryResult<{ id: number }> | Record<string, unknown>[];

/**
 * Runs what is pending where a change of the tables commits at once and no lock outlives it: one starter holds a lease, in a row that every node of
 * a cluster sees, and notes its place after each statement. Who takes over from one that died goes on from there. Answers what was run here.
 */
export async function migrateStepwise(
  database: Database,
  pending: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const { orm, dialect } = database;
  const say = <T extends Answer>(sql: string, values: readonly unknown[] = []): Promise<T> =>
    // On a cluster two nodes may be in each other's way in any of these.
    retried(
      dialect,
      () => {},
      () =>
        database.read((em) =>
          em.getConnection().execute<T>(sql, [...values], sql.startsWith('select') ? 'all' : 'run'),
        ),
    );
  const steps = dialect.quote(MIGRATION_STEP_TABLE);
  const done = dialect.quote(MIGRATION_TABLE);
  const owner = randomUUID();
  const changed = async (sql: string, values: readonly unknown[]) =>
    (await say<QueryResult<{ id: number }>>(sql, values)).affectedRows > 0;

  const acquire = () =>
    changed(
      `update ${steps} set owner = ?, until = ${dialect.nowSql} + ${LEASE_MS} where name = ? and until < ${dialect.nowSql}`,
      [owner, LEASE],
    );
  const renew = () =>
    changed(`update ${steps} set until = ${dialect.nowSql} + ${LEASE_MS} where name = ? and owner = ?`, [LEASE, owner]);

  async function run(name: string, statements: readonly string[]): Promise<void> {
    await say(`insert into ${steps} (name, place) values (?, 0) on duplicate key update name = name`, [name]);
    const [row] = await say<{ place: number }[]>(`select place from ${steps} where name = ?`, [name]);
    const first = row?.place ?? 0;
    for (const [place, sql] of statements.entries()) {
      if (place < first) continue;
      if (!(await renew())) throw new Error('another node has taken the migration over');
      await say(sql).catch((error: unknown) => {
        if (place > first || !DONE_BEFORE.includes(codeOf((error as Error).cause ?? error))) throw error;
      });
      await say(`update ${steps} set place = ? where name = ?`, [place + 1, name]);
    }
    await say(`insert into ${done} (name) values (?)`, [name]);
  }

  await say(
    `create table if not exists ${done} (id int unsigned not null auto_increment primary key, name varchar(255), executed_at datetime default current_timestamp)`,
  );
  await say(
    `create table if not exists ${steps} (name varbinary(255) primary key, place int not null default 0, owner varbinary(64), until bigint not null default 0)`,
  );
  await say(`insert into ${steps} (name) values (?) on duplicate key update name = name`, [LEASE]);
  while ((await pending()).length > 0) {
    if (!(await acquire())) {
      await sleep(POLL_MS);
      continue;
    }
    const renewal = setInterval(() => void renew().catch(() => {}), RENEW_MS);
    try {
      const left = await pending();
      for (const { name, load } of dialect.migrations) {
        if (!left.includes(name)) continue;
        const migration: Migration = new (await load()).default(orm.em.getDriver(), orm.config);
        await migration.up();
        await run(name, migration.getQueries().map(String));
      }
      return left;
    } finally {
      clearInterval(renewal);
      await say(`update ${steps} set until = 0 where name = ? and owner = ?`, [LEASE, owner]);
    }
  }
  return [];
}
