import { createOrm, type Database, lock, type Orm, openDatabase } from './database.ts';
import type { OpenDialect, StoreLog } from './dialects/dialect.ts';
import { codeOf } from './fault.ts';
import { migrateStepwise } from './migrate_stepwise.ts';
import type { MigrationEntry } from './migrations/migration_entry.ts';
import { schemaState } from './schema_state.ts';

const LOCK = 'migrations';

/** A migration that would run, with its statements. */
export type PlannedMigration = { readonly name: string; readonly sql: readonly string[] };

/** What `migrate` would run. Nothing is changed: a database that is not there yet is not made either. */
export async function planMigrations(open: OpenDialect, log: StoreLog): Promise<readonly PlannedMigration[]> {
  if (open.exists?.() === false) return await statementsOf(createOrm(open), open.dialect.migrations);
  const database = await openDatabase(open, log);
  try {
    const { pending } = await schemaState(database);
    const entries = open.dialect.migrations.filter(({ name }) => pending.includes(name));
    const [first, ...rest] = await statementsOf(database.orm, entries);
    if (first === undefined) return [];
    return [{ ...first, sql: [...(open.dialect.prepareSql ?? []), ...first.sql] }, ...rest];
  } finally {
    await database.close();
  }
}

async function statementsOf(orm: Orm, entries: readonly MigrationEntry[]): Promise<readonly PlannedMigration[]> {
  const plan: PlannedMigration[] = [];
  for (const { name, load } of entries) {
    const migration = new (await load()).default(orm.em.getDriver(), orm.config);
    await migration.up();
    plan.push({ name, sql: migration.getQueries().map(String) });
  }
  return plan;
}

/** Runs what is pending over a connection of its own, without time-outs. */
export async function migrateOpen(open: OpenDialect, log: StoreLog): Promise<readonly string[]> {
  const { driver, dbName, patientOptions } = open.orm;
  const patient = await openDatabase(
    { ...open, orm: { driver, dbName, driverOptions: patientOptions, patientOptions } },
    log,
  );
  try {
    return await migrate(patient);
  } finally {
    await patient.close();
  }
}

/**
 * Runs what is pending in one transaction, under a lock that the migrator itself does not take: of any number of starters, one runs each
 * migration, the others wait for it. Answers the names of those that were run here. `database` is for this alone, without time-outs.
 */
export async function migrate(database: Database): Promise<readonly string[]> {
  const { dialect, orm } = database;
  if (dialect.stepwise) return await migrateStepwise(database, async () => (await schemaState(database)).pending);
  for (const sql of dialect.prepareSql ?? []) await prepare(database, sql);
  const { Migrator } = await import('@mikro-orm/migrations');
  const migrationsList = await Promise.all(
    dialect.migrations.map(async ({ name, load }) => ({ name, class: (await load()).default })),
  );
  const options = { migrationsList, snapshot: false, disableForeignKeys: false, silent: true };
  orm.config.set('migrations', { ...orm.config.get('migrations'), ...options });
  const migrator = new Migrator(orm.em);
  await database.write(async (tx) => {
    await lock(database, tx, LOCK);
    const storage = migrator.getStorage();
    storage.setMasterMigration(tx.getTransactionContext() as never);
    try {
      await storage.ensureTable();
    } finally {
      storage.unsetMasterMigration();
    }
  });
  // The migrator looks around outside the transaction once; on libSQL it would wait for itself if that came later.
  await migrator.getPending();
  return await database.write(async (tx) => {
    await lock(database, tx, LOCK);
    const run = await migrator.up({ transaction: tx.getTransactionContext() as never });
    return run.map(({ name }) => name);
  });
}

// Of two that make the same thing at once, one is told that it is there already: in PostgreSQL's catalogue, or by its name.
const MADE_MEANWHILE = ['23505', '42P06', '42P07', '42710'];

async function prepare(database: Database, sql: string): Promise<void> {
  const say = () => database.read((em) => em.getConnection().execute(sql, [], 'run'));
  await say().catch(async (error: unknown) => {
    if (!MADE_MEANWHILE.includes(codeOf(error))) throw error;
    await say();
  });
}
