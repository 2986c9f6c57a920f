import { MySqlPlatform } from '@mikro-orm/mysql';
import { AbstractSqlConnection, AbstractSqlDriver, type Configuration } from '@mikro-orm/sql';
import { MysqlDialect } from 'kysely';
import { createPool, type PoolOptions, type SslOptions } from 'mysql2';
import type { Dialect, OpenDialect, Reader, Row } from './dialect.ts';
import { mendTransactions } from './mended_driver.ts';
import { boundConnections, executeOn, prepareConnections } from './mysql_client.ts';
import { mysqlDialect } from './mysql_facts.ts';
import { askServer, type MysqlServer } from './mysql_server.ts';
import { placeOf, readServerUrl, type ServerAddress, transportTo } from './server_url.ts';

// Connections that nobody uses are closed by the pool; the server ends those of a node that is gone without a word.
const IDLE_MS = 60_000;
const SERVER_IDLE_S = 120;

type OrmOptions = {
  readonly pool: PoolOptions;
  readonly setup: string;
  readonly statementMs: number;
  readonly transactionMs: number;
};

class Connection extends AbstractSqlConnection {
  override createKyselyDialect(options: object): MysqlDialect {
    const { pool: poolOptions, setup, ...bounds } = options as OrmOptions;
    const pool = createPool(poolOptions);
    prepareConnections(pool, setup);
    boundConnections(pool, bounds);
    return mendTransactions(new MysqlDialect({ pool }));
  }
}

class Driver extends AbstractSqlDriver<Connection> {
  constructor(config: Configuration) {
    super(config, new MySqlPlatform(), Connection, ['kysely', 'mysql2']);
  }
}

/** Facts of a session, said on every connection whatever the server's own settings are. */
function setupOf({ name, engine }: MysqlServer, statementMs: number, isolation: string, bounded: boolean): string {
  // A read is ended by the server, everything else by the node. A lock is waited for less long than that.
  const lockWaitS = Math.max(1, Math.floor((0.8 * statementMs) / 1_000));
  const variables = [
    "time_zone = '+00:00'",
    // Without NO_BACKSLASH_ESCAPES and ANSI_QUOTES: the driver quotes values by backslashes.
    "sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
    `wait_timeout = ${SERVER_IDLE_S}`,
    `innodb_lock_wait_timeout = ${lockWaitS}, lock_wait_timeout = ${lockWaitS}`,
    // Each statement sees what any node of the cluster had committed before it.
    ...(engine === 'galera' ? ['wsrep_sync_wait = 7'] : []),
    ...(engine === 'tidb' ? ["tidb_replica_read = 'leader', tidb_read_staleness = ''"] : []),
  ];
  if (bounded)
    variables.push(
      name === 'mariadb' ? `max_statement_time = ${statementMs / 1_000}` : `max_execution_time = ${statementMs}`,
    );
  return `set session transaction_isolation = '${isolation}', ${variables.join(', ')}`.replace(
    'transaction_isolation',
    name === 'mariadb' ? 'tx_isolation' : 'transaction_isolation',
  );
}

const NO_SCHEMA =
  'DATABASE_URL or TRUST_DB_SCHEMA names a schema, which PostgreSQL alone has: on MySQL and MariaDB a database is one. Name a database of its own in the URL; it may be beside the one of an application.';

/** The driver cannot be told which address to look for in a certificate. */
const NO_ADDRESS =
  'DATABASE_URL must name the server by its name instead of its address: that is what its certificate is checked against.';

/** What the driver takes. The alias of UTF-8 sets the collation of what is sent. */
function connectionOf(address: ServerAddress): PoolOptions {
  const { host, port, user, password, database, socket, tls, schema } = address;
  if (schema !== undefined) throw new Error(NO_SCHEMA);
  if (tls?.checkServerIdentity !== undefined) throw new Error(NO_ADDRESS);
  return {
    ...(socket === undefined ? { host, port } : { socketPath: socket }),
    user,
    password,
    database,
    ...(tls === undefined ? {} : { ssl: { ...tls, verifyIdentity: tls.rejectUnauthorized } as SslOptions }),
    charset: 'UTF8MB4_BIN',
    timezone: 'Z',
    connectTimeout: 5_000,
    enableKeepAlive: true,
  };
}

/** A MySQL or MariaDB server. */
export async function openMysql(databaseUrl: string): Promise<OpenDialect> {
  const address = readServerUrl(databaseUrl, 3306);
  const { statementMs, transactionMs, readers } = address;
  const common = connectionOf(address);
  const place = placeOf(address);
  const server = await askServer(common, place);
  const pool: PoolOptions = { ...common, connectionLimit: address.pool, maxIdle: 0, idleTimeout: IDLE_MS, typeCast };
  const setup = setupOf(server, statementMs, 'READ-COMMITTED', true);
  const bounds = { statementMs: 2 * statementMs, transactionMs };
  const patient = { statementMs: 2 ** 31 - 1, transactionMs: Number.POSITIVE_INFINITY };
  return {
    ...offlineMysql(mysqlDialect(server)),
    place,
    transport: transportTo(address),
    orm: {
      driver: Driver,
      dbName: address.database,
      driverOptions: { pool, setup, ...bounds },
      patientOptions: {
        pool: { ...pool, connectionLimit: 2 },
        setup: setupOf(server, statementMs, 'READ-COMMITTED', false),
        ...patient,
      },
    },
    openReader: async () =>
      reader(
        { ...pool, connectionLimit: readers },
        setup,
        setupOf(server, statementMs, 'READ-UNCOMMITTED', true),
        bounds.statementMs,
      ),
  };
}

/** The dialect without a server, to make migrations. */
export function offlineMysql(dialect: Dialect = mysqlDialect({ name: 'mysql' })): OpenDialect {
  return {
    dialect,
    place: 'nowhere',
    transport: 'local',
    orm: { driver: Driver, dbName: 'offline', driverOptions: { pool: {}, setup: '' }, patientOptions: {} },
    setup: [],
    openReader: () => Promise.reject(new Error('there is no server')),
  };
}

/** Keys are bytes to the server, and text to us. */
const typeCast = (_field: unknown, next: () => unknown): unknown => textOf(next());
const textOf = (cell: unknown): unknown => (Buffer.isBuffer(cell) ? cell.toString() : cell);

/** Connections of their own for reads, so that they never wait for a writer's. Each statement is prepared once a connection. */
function reader(
  { typeCast: _, ...options }: PoolOptions,
  setup: string,
  dirtySetup: string,
  statementMs: number,
): Reader {
  const pool = createPool(options);
  prepareConnections(pool, setup);
  const dirty = createPool({ ...options, connectionLimit: 1 });
  prepareConnections(dirty, dirtySetup);
  const prepared = new Map<string, { readonly sql: string; readonly order: readonly number[] }>();
  return {
    rows: async ({ name, sql, uncommitted }, values) => {
      let statement = prepared.get(name);
      if (statement === undefined) {
        const order = [...sql.matchAll(/\$(\d+)/g)].map(([, place]) => Number(place) - 1);
        statement = { sql: sql.replaceAll(/\$\d+/g, '?'), order };
        prepared.set(name, statement);
      }
      const given = statement.order.map((place) => values[place]);
      const rows = await executeOn(uncommitted ? dirty : pool, statement.sql, given, statementMs);
      for (const row of rows) for (let cell = 0; cell < row.length; cell++) row[cell] = textOf(row[cell]);
      return rows as unknown as readonly Row[];
    },
    close: async () => {
      await Promise.all([pool, dirty].map((each) => each.promise().end()));
    },
  };
}
