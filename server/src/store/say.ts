import type { EntityName } from '@mikro-orm/core';
import { type DatabaseConnection, type Kysely, RawNode } from 'kysely';
import type { Database } from './database.ts';
import type { Transaction, Value } from './dialects/dialect.ts';

/** What a statement read, or how many rows it changed. */
export type Said = { readonly rows: readonly Readonly<Record<string, Value>>[]; readonly changed: number };

const connections = new WeakMap<Transaction, DatabaseConnection>();

/** Runs `work` in a transaction that has begun. Once it has ended nothing more is said in it: that would be kept, whatever becomes of the rest. */
export async function whileOpen<T>(tx: Transaction, work: () => Promise<T>): Promise<T> {
  const executor = tx.getTransactionContext<Kysely<unknown>>()?.getExecutor();
  const connection = await executor?.provideConnection(async (provided) => provided);
  if (connection !== undefined) connections.set(tx, connection);
  try {
    return await work();
  } finally {
    connections.delete(tx);
  }
}

const QUERY = RawNode.createWithSql('');
const QUERY_ID = { queryId: '' };

/**
 * Says a statement in a transaction beside the ORM: prepared once a connection, its values beside its text. The ORM builds each statement anew,
 * writes the values into it and has it parsed every time, which costs several times as much. For texts of which there are few: each stays prepared.
 */
export async function say(tx: Transaction, sql: string, values: readonly unknown[]): Promise<Said> {
  const connection = connections.get(tx);
  if (connection === undefined) throw new TypeError('a statement is said in a transaction');
  const parameters = [...values];
  tx.config.getLogger().logQuery({ query: sql, params: parameters });
  try {
    const { rows, numAffectedRows = 0n } = await connection.executeQuery<Said['rows'][number]>({
      sql,
      parameters,
      query: QUERY,
      queryId: QUERY_ID,
    });
    return { rows, changed: Number(numAffectedRows) };
  } catch (error) {
    throw tx
      .getPlatform()
      .getExceptionConverter()
      .convertException(error as Error);
  }
}

type Row = Readonly<Record<string, unknown>>;
type WithOrm = Pick<Database, 'orm'>;

function partsOf({ orm }: WithOrm, entity: EntityName) {
  const { tableName, props } = orm.getMetadata().get(entity);
  const quote = (name: string) => orm.em.getPlatform().quoteIdentifier(name);
  const columns = props.map(({ name, fieldNames, primary }) => {
    return { name: name as string, primary: primary === true, column: quote(fieldNames[0] ?? '') };
  });
  return { table: quote(tableName), columns };
}

/** Rows that one statement adds: as many texts of it stay prepared. */
const ROWS_PER_INSERT = 8;

/** What adds rows to the table of an entity. A property that is not given is null. */
export function inserting(
  database: WithOrm,
  entity: EntityName,
): (tx: Transaction, rows: readonly Row[]) => Promise<void> {
  const { table, columns } = partsOf(database, entity);
  const names = columns.map(({ column }) => column).join(', ');
  const cells = `(${columns.map(() => '?').join(', ')})`;
  return async (tx, rows) => {
    for (let start = 0; start < rows.length; start += ROWS_PER_INSERT) {
      const some = rows.slice(start, start + ROWS_PER_INSERT);
      const values = some.flatMap((row) => columns.map(({ name }) => row[name] ?? null));
      await say(tx, `insert into ${table} (${names}) values ${some.map(() => cells).join(', ')}`, values);
    }
  };
}

/** What writes a row over the one that has the values of `key`, but for the properties that are `kept`; answers whether there was one. */
export function replacing(
  database: WithOrm,
  entity: EntityName,
  { key, kept }: { readonly key: readonly string[]; readonly kept: readonly string[] },
): (tx: Transaction, before: Row, after: Row) => Promise<boolean> {
  const { table, columns } = partsOf(database, entity);
  const written = columns.filter(({ name, primary }) => !primary && !kept.includes(name));
  const keys = columns.filter(({ name }) => key.includes(name));
  const all = (some: typeof columns) => some.map(({ column }) => `${column} = ?`);
  const sql = `update ${table} set ${all(written).join(', ')} where ${all(keys).join(' and ')}`;
  return async (tx, before, after) => {
    const values = [...written.map(({ name }) => after[name] ?? null), ...keys.map(({ name }) => before[name])];
    return (await say(tx, sql, values)).changed > 0;
  };
}
