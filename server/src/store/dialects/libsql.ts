import { closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LibSqlConnection } from '@mikro-orm/libsql';
import { AbstractSqlDriver, type Configuration, SqlitePlatform } from '@mikro-orm/sql';
import type { CompiledQuery, DatabaseConnection } from 'kysely';
import Database from 'libsql';
import { fileReserve } from '../room.ts';
import type { OpenDialect, Reader, Row } from './dialect.ts';
import { libsqlDialect } from './libsql_facts.ts';
import { mendTransactions } from './mended_driver.ts';

type KyselyDialect = ReturnType<LibSqlConnection['createKyselyDialect']>;

// The driver waits inside the process, so it waits briefly; the store then tries again without blocking.
const BUSY_TIMEOUT_MS = 50;
const PRAGMAS = [
  `pragma busy_timeout = ${BUSY_TIMEOUT_MS}`,
  'pragma journal_mode = wal',
  'pragma synchronous = full',
  'pragma foreign_keys = on',
];

class Connection extends LibSqlConnection {
  override createKyselyDialect(options: Parameters<LibSqlConnection['createKyselyDialect']>[0]): KyselyDialect {
    // Every transaction of the ORM is a write: taking the write lock first keeps a read in it from being overtaken. `exec`, because a
    // prepared statement that met a lock stays open in this driver, and then no transaction of the connection can be committed.
    const exec = async (sql: string) => void (await this.getNativeClient()).exec(sql);
    const dialect = mendTransactions(super.createKyselyDialect(options), {
      begin: () => exec('begin immediate'),
      commit: () => exec('commit'),
    });
    return prepareOnce(dialect, () => this.getNativeClient());
  }
}

type Statement = ReturnType<Awaited<ReturnType<LibSqlConnection['getNativeClient']>>['prepare']>;

/** Prepares a statement that has its values beside it once; the ORM's own have none. One that failed may be open still and is not used again. */
function prepareOnce(dialect: KyselyDialect, client: () => ReturnType<LibSqlConnection['getNativeClient']>) {
  const prepared = new Map<string, Statement>();
  const seen = new WeakSet<DatabaseConnection>();
  const createDriver = dialect.createDriver.bind(dialect);
  dialect.createDriver = () => {
    const driver = createDriver();
    const acquire = driver.acquireConnection.bind(driver);
    driver.acquireConnection = async () => {
      const connection = await acquire();
      if (!seen.has(connection)) mend(connection);
      seen.add(connection);
      return connection;
    };
    return driver;
  };
  const mend = (connection: DatabaseConnection) => {
    const executeQuery = connection.executeQuery.bind(connection);
    connection.executeQuery = async <R>(query: CompiledQuery) => {
      const { sql, parameters } = query;
      if (parameters.length === 0) return await executeQuery<R>(query);
      try {
        const statement = prepared.get(sql) ?? (await client()).prepare(sql);
        prepared.set(sql, statement);
        const values = parameters.map((value) => (typeof value === 'boolean' ? Number(value) : value));
        if (statement.reader) return { rows: statement.all(values) as R[] };
        return { rows: [], numAffectedRows: BigInt(statement.run(values).changes) };
      } catch (error) {
        prepared.delete(sql);
        throw error;
      }
    };
  };
  return dialect;
}

class Driver extends AbstractSqlDriver<Connection> {
  constructor(config: Configuration) {
    super(config, new SqlitePlatform(), Connection, ['kysely', 'libsql']);
  }
}

/** Path of a `file:` or `sqlite:` URL: `file:data.db`, `file:./data.db`, `file:/var/data.db` or `file:///var/data.db`. */
function pathOf(databaseUrl: string): string {
  const scheme = databaseUrl.slice(0, databaseUrl.indexOf(':'));
  const path = databaseUrl.slice(scheme.length + 1);
  if (path === '' || path.startsWith(':') || path.includes('?')) {
    throw new Error(`DATABASE_URL must name a file after ${scheme}:, without options.`);
  }
  if (path.startsWith('//')) {
    if (!path.startsWith('///'))
      throw new Error(`DATABASE_URL must name a file as ${scheme}:PATH or ${scheme}:///PATH.`);
    return fileURLToPath(`file:${path}`);
  }
  return resolve(path);
}

/** A libSQL or SQLite file: their form is the same. One process at a time may write to it. */
export function openLibsql(databaseUrl: string): OpenDialect {
  const path = pathOf(databaseUrl);
  return {
    dialect: libsqlDialect('libsql'),
    place: path,
    transport: 'local',
    exists: () => existsSync(path),
    create: () => {
      mkdirSync(dirname(path), { recursive: true });
      // Only where there is none: closing a file takes away every lock that this process has on it, SQLite's too, and the next process that
      // leaves would delete the log that this one writes.
      if (statSync(path, { throwIfNoEntry: false })?.isFile()) return;
      // SQLite gives its log files the permissions of the database: only the owner reads it.
      closeSync(openSync(path, 'a', 0o600));
    },
    orm: { driver: Driver, dbName: path, driverOptions: {}, patientOptions: {} },
    setup: PRAGMAS,
    openReader: async () => reader(path),
    reserve: (bytes) => fileReserve(`${path}-reserve`, bytes),
    openForeignReader: async () => reader(path, [`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`]),
  };
}

/**
 * A second connection, so that reads wait for no transaction. Statements are run to their end: one left open would keep the connection in the past
 * for all others too. For the same reason a connection on which a statement failed is not used again.
 */
function reader(path: string, pragmas: readonly string[] = PRAGMAS): Reader {
  let connection: ReturnType<typeof openForReading> | undefined = openForReading(path, pragmas);
  const drop = () => {
    connection?.database.close();
    connection = undefined;
  };
  return {
    rows: async ({ name, sql }, values) => {
      connection ??= openForReading(path, pragmas);
      const { database, prepared } = connection;
      try {
        const statement = prepared.get(name) ?? database.prepare(sql).raw(true);
        prepared.set(name, statement);
        return statement.all(values) as Row[];
      } catch (error) {
        drop();
        throw error;
      }
    },
    close: async () => drop(),
  };
}

function openForReading(path: string, pragmas: readonly string[]) {
  const database = new Database(path);
  for (const pragma of pragmas) database.exec(pragma);
  database.exec('pragma query_only = on');
  return { database, prepared: new Map<string, Database.Statement>() };
}
