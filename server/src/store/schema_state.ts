import { type Database, MIGRATION_TABLE } from './database.ts';
import { CopyProgressEntity } from './entities/copy_progress.ts';

/** What a database has seen of migrations, against what this version knows. */
export type SchemaState = {
  /** Names that were run, in their order. */
  readonly applied: readonly string[];
  /** Names that this version knows and the database has not seen. */
  readonly pending: readonly string[];
  /** Names that the database has seen and this version does not know. */
  readonly unknown: readonly string[];
};

export function schemaState(database: Database): Promise<SchemaState> {
  return database.read(async (em) => {
    const connection = em.getConnection();
    const known = await em.getPlatform().getSchemaHelper()?.tableExists(connection, MIGRATION_TABLE, undefined);
    const rows = known ? await connection.execute<{ name: string }[]>(`select name from ${MIGRATION_TABLE}`) : [];
    const applied = rows.map(({ name }) => name).sort();
    const names = database.dialect.migrations.map(({ name }) => name);
    return {
      applied,
      pending: names.filter((name) => !applied.includes(name)),
      unknown: applied.filter((name) => !names.includes(name)),
    };
  });
}

const numberOf = (name: string) => Number(/^\d+/.exec(name)?.[0] ?? 0);

/** The oldest migration that a server must know to serve after this one: the NNNN of `…_needs_NNNN`; 0 if it takes nothing away. */
const neededBy = (name: string) => Number(/_needs_(\d{4})$/.exec(name)?.[1] ?? 0);

/**
 * Why a server of this version must not serve this database, in one sentence; undefined if it may. A newer form is served as long as it only
 * added to what this version knows, so that two versions run side by side.
 */
export function schemaRefusal(
  { pending, unknown, applied }: SchemaState,
  known: readonly string[],
  mayMigrate: boolean,
): string | undefined {
  const last = known.at(-1) ?? '';
  const line = unknown.find((name) => numberOf(name) <= numberOf(last));
  if (line !== undefined || (pending.length > 0 && unknown.length > 0)) {
    return `The database was migrated by another line of versions (${line ?? unknown[0]}, which this one does not know): run the version that did it.`;
  }
  const beyond = unknown.find((name) => neededBy(name) > numberOf(last));
  if (beyond !== undefined) {
    return `The database is newer than this version can serve: ${beyond} needs a server that knows migration ${neededBy(beyond)}, and this one knows up to ${last}. Run a newer version.`;
  }
  if (pending.length === 0 || mayMigrate) return undefined;
  const form = applied.length === 0 ? 'has no tables yet' : `is at ${applied.at(-1)}`;
  return `The database ${form} and this version needs ${last}: run trust-layer migrate, or do without TRUST_MIGRATE=off.`;
}

/** Whether the database is the target of a copy that has not ended: half of a database must not be served. */
export function isUnfinishedCopy(database: Database): Promise<boolean> {
  return database.read(async (em) => (await em.count(CopyProgressEntity)) > 0);
}
