// The drivers alone, with the statements of the store as a careful hand writes them: prepared once a connection, one transaction a write, and
// tried again as the store does where the database says that it lost against another one.
import Database from 'libsql';
import { createPool, type Pool } from 'mysql2/promise';
import pg from 'pg';
import { retried } from '../../server/src/store/database.ts';
import type { OpenDialect } from '../../server/src/store/dialects/dialect.ts';

type Values = readonly (string | number | boolean | null)[];
/** Table names in braces, parameters `$1`, `$2` …; what comes back is handed to the statements that follow. */
export type Step = {
  readonly name: string;
  readonly sql: string;
  readonly values: (before: readonly unknown[][]) => Values;
};

export type Bare = {
  rows(step: Step): Promise<readonly unknown[][]>;
  /** All steps in one transaction. */
  write(steps: readonly Step[]): Promise<void>;
  close(): Promise<unknown>;
};

/** As many connections for writes, and for reads, as a store opens. */
const POOL = 10;
const READERS = 4;

/** Without the lists, joins and batches of the store: plain drivers on the same database, whose connections have the same settings. */
export function bareDriver(databaseUrl: string, { dialect, orm }: OpenDialect): Bare {
  const named = (sql: string) => sql.replaceAll(/\{([a-z_]+)\}/g, (_, table: string) => dialect.quote(table));
  if (dialect.folder === 'libsql') return bareLibsql(databaseUrl.slice(databaseUrl.indexOf(':') + 1), named);
  const driver =
    dialect.folder === 'postgresql'
      ? barePostgresql(databaseUrl, named)
      : bareMysql(databaseUrl, named, String(orm.driverOptions.setup));
  return {
    ...driver,
    write: (steps) =>
      retried(
        dialect,
        () => {},
        () => driver.write(steps),
      ),
  };
}

type Named = (sql: string) => string;

/** Says the steps one after the other. */
async function each(steps: readonly Step[], say: (step: Step, values: Values) => Promise<readonly unknown[][]>) {
  let before: readonly unknown[][] = [];
  for (const step of steps) before = await say(step, step.values(before));
}

function bareLibsql(path: string, named: Named): Bare {
  const database = new Database(path);
  for (const pragma of ['busy_timeout = 1000', 'journal_mode = wal', 'synchronous = full'])
    database.exec(`pragma ${pragma}`);
  const prepared = new Map<string, Database.Statement>();
  const say = (step: Step, values: Values) => {
    const statement = prepared.get(step.name) ?? database.prepare(named(step.sql));
    prepared.set(step.name, statement);
    const given = values.map((value) => (typeof value === 'boolean' ? Number(value) : value));
    if (/^\s*select/.test(step.sql)) return statement.raw(true).all(given) as unknown[][];
    statement.run(given);
    return [];
  };
  return {
    rows: async (step) => say(step, step.values([])),
    write: async (steps) => {
      database.exec('begin immediate');
      let before: readonly unknown[][] = [];
      for (const step of steps) before = say(step, step.values(before));
      database.exec('commit');
    },
    close: async () => database.close(),
  };
}

function barePostgresql(databaseUrl: string, named: Named): Bare {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: POOL });
  const readers = new pg.Pool({ connectionString: databaseUrl, max: READERS });
  const query = ({ name, sql }: Step, values: Values) => ({
    name,
    text: named(sql),
    values: [...values],
    rowMode: 'array' as const,
  });
  return {
    rows: async (step) => (await readers.query(query(step, step.values([])))).rows as unknown[][],
    write: async (steps) => {
      const client = await pool.connect();
      try {
        await client.query('begin');
        await each(steps, async (step, values) => (await client.query(query(step, values))).rows as unknown[][]);
        await client.query('commit');
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
    close: () => Promise.all([pool.end(), readers.end()]),
  };
}

function bareMysql(databaseUrl: string, named: Named, setup: string): Bare {
  const [pool, readers] = [POOL, READERS].map((connectionLimit) => {
    const made = createPool({ uri: databaseUrl.replace(/^[a-z]+/, 'mysql'), connectionLimit });
    made.pool.on('connection', (connection) => void connection.query(setup));
    return made;
  }) as [Pool, Pool];
  const statement = (sql: string) => ({
    sql: named(sql).replaceAll(/\$\d+/g, '?'),
    order: [...sql.matchAll(/\$(\d+)/g)].map(([, place]) => Number(place) - 1),
  });
  const known = new Map<string, ReturnType<typeof statement>>();
  const asked = (step: Step, values: Values) => {
    const found = known.get(step.name) ?? statement(step.sql);
    known.set(step.name, found);
    return [{ sql: found.sql, rowsAsArray: true }, found.order.map((place) => values[place] ?? null)] as const;
  };
  return {
    rows: async (step) => (await readers.execute(...asked(step, step.values([]))))[0] as unknown as unknown[][],
    write: async (steps) => {
      const client = await pool.getConnection();
      try {
        await client.query('begin');
        await each(steps, async (step, values) => {
          const [rows] = await client.execute(...asked(step, values));
          return Array.isArray(rows) ? (rows as unknown as unknown[][]) : [];
        });
        await client.query('commit');
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
    close: () => Promise.all([pool.end(), readers.end()]),
  };
}
