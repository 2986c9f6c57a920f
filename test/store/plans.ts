// How each database tells what it would do for a statement, and which of its words mean that it reads a whole table.
import { randomBytes } from 'node:crypto';
import type { Database } from '../../server/src/store/database.ts';

/** A statement as it was said; those of the ORM have their values in them. */
export type Said = { readonly sql: string; readonly values: readonly unknown[] };

export type Plans = {
  /** Makes the planner's choice one that it would make with data. */
  prepare(database: Database): Promise<void>;
  /** The parts of the plan that read a whole table. */
  walks(database: Database, said: Said, place: number): Promise<readonly string[]>;
};

const noPlan = (said: Said) => new Error(`no plan for ${said.sql}`);

const sqlite: Plans = {
  prepare: async () => {},
  walks: async ({ reader }, said, place) => {
    const { sql, values } = said;
    const rows = await reader.rows({ name: `explain ${place} ${sql}`, sql: `explain query plan ${sql}` }, values);
    if (rows.length === 0) throw noPlan(said);
    // A list given as a parameter, the rows of a VALUES clause, or the page that a sub-select has cut already.
    const harmless = /^SCAN (json_each|asked|given|found|p|c|\d+ CONSTANT ROWS?|\(subquery-\d+\)|CONSTANT ROW)(?!\w)/;
    // Of a key that begins with the tenant no more than that: all that the tenant has, but where a page ends it or there are few.
    const wide =
      /^SEARCH (?!.*(COVERING INDEX identity_by_creation|INDEX audit_event_by_time|INDEX sqlite_autoindex_(audit_checkpoint|signing_key|webhook)_1)).*\(tenant_id=\?\)/;
    return rows
      .map((row) => String(row[3]))
      .filter((line) => (/^SCAN/.test(line) && !harmless.test(line)) || wide.test(line));
  },
};

const postgresql: Plans = {
  prepare: async () => {},
  walks: async (database, said) => {
    const quoted = (value: unknown): string => {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `array[${value.map(quoted).join(', ')}]::text[]`;
      return typeof value === 'number' ? String(value) : `'${String(value)}'`;
    };
    const { values } = said;
    const text = said.sql.replaceAll(/\$(\d+)/g, (all, place) =>
      Number(place) <= values.length ? quoted(values[Number(place) - 1]) : all,
    );
    const rows = await database.write(async (tx) => {
      // Tables are empty here: without this the planner would rather read them whole.
      await tx.execute('set local enable_seqscan = off');
      return await tx.execute<Record<string, string>[]>(database.sql(`explain ${text}`));
    });
    if (rows.length === 0) throw noPlan(said);
    return rows.map((row) => String(Object.values(row)[0])).filter((line) => /Seq Scan/.test(line));
  },
};

const FILLER_ROWS = 400;

const filler = (type: string, row: number): string | number => {
  if (type.startsWith('bigint')) return Date.now() + (row - FILLER_ROWS / 2) * 1_000;
  return /int/.test(type) ? row % 2 : randomBytes(8).toString('hex');
};

const mysql: Plans = {
  // Nothing keeps the planner from reading a small table whole, so the tables are not small.
  prepare: async ({ orm, write }) => {
    for (const meta of orm.getMetadata().getAll().values()) {
      const rows = Array.from({ length: FILLER_ROWS }, (_, row) =>
        Object.fromEntries(
          meta.props
            .filter(({ autoincrement }) => !autoincrement)
            .map(({ name, columnTypes }) => [name, filler(columnTypes[0] ?? '', row)]),
        ),
      );
      await write((tx) => tx.insertMany(meta.class, rows));
      await orm.em.getConnection().execute(`analyze table \`${meta.tableName}\``);
    }
  },
  walks: async (database, said, place) => {
    const { sql, values } = said;
    const columns = ['table', 'type', 'Extra'] as const;
    const rows =
      values.length === 0
        ? await database.read((em) =>
            em.getConnection().execute<Record<string, string>[]>(`explain ${database.sql(sql)}`),
          )
        : (await database.reader.rows({ name: `explain ${place} ${sql}`, sql: `explain ${sql}` }, values)).map((row) =>
            // MySQL tells of partitions too.
            ({
              table: String(row[2]),
              type: String(row[row.length === 12 ? 4 : 3]),
              Extra: String(row.at(-1)),
            }),
          );
    if (rows.length === 0) throw noPlan(said);
    return (
      rows
        .filter(({ table }) => table !== null && !/^(null|asked|given|<.*>)$/.test(String(table)))
        // The range is not known before the other table is read; then it is one.
        .filter(({ type, Extra }) => /^(all|index)$/i.test(String(type)) && !/Range checked/.test(String(Extra)))
        .map((row) => columns.map((column) => row[column]).join(' '))
    );
  },
};

export const PLANS = { libsql: sqlite, libsql_server: sqlite, postgresql, mysql, mariadb: mysql } as const;
