import { PostgreSqlConnection, PostgreSqlPlatform } from '@mikro-orm/postgresql';
import { AbstractSqlDriver, type Configuration } from '@mikro-orm/sql';
import pg from 'pg';
import { unopened } from '../fault.ts';
import type { OpenDialect, Reader, Row, StoreLog } from './dialect.ts';
import { mendTransactions } from './mended_driver.ts';
import { boundTransactions, listenOn, notifierOf } from './postgresql_client.ts';
import { engineOf, type PostgresqlEngine, postgresqlDialect } from './postgresql_facts.ts';
import { placeOf, readServerUrl, type ServerAddress, transportTo } from './server_url.ts';

type KyselyDialect = ReturnType<PostgreSqlConnection['createKyselyDialect']>;

/** Channel of the database on which nodes tell each other that the change feed has grown. */
const CHANNEL = 'trust_layer_change';

/** What every connection says of itself, whatever the server's own settings are. */
function commonOf(address: ServerAddress, readOnly = false): pg.ClientConfig {
  const { host, port, user, password, database, socket, tls, schema } = address;
  const settings = [
    'TimeZone=UTC',
    String.raw`default_transaction_isolation=read\ committed`,
    ...(schema === undefined ? [] : [`search_path=${schema}`]),
    ...(readOnly ? ['default_transaction_read_only=on'] : []),
  ];
  return {
    host: socket ?? host,
    port,
    database,
    ...(user === '' ? {} : { user }),
    ...(password === '' ? {} : { password }),
    ssl: tls ?? false,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: 'trust-layer',
    options: settings.map((setting) => `-c ${setting}`).join(' '),
  };
}

// Bounds for every statement and wait. With transactionMs they bound a transaction: COMMIT is said at most that long after BEGIN, and
// comes at most idle_in_transaction_session_timeout after the statement before it, or the server has ended the transaction.
const timeoutsOf = ({ statementMs }: ServerAddress) => ({
  statement_timeout: statementMs,
  lock_timeout: 0.8 * statementMs,
  idle_in_transaction_session_timeout: statementMs,
  query_timeout: 2 * statementMs,
  idleTimeoutMillis: 60_000,
});

class Connection extends PostgreSqlConnection {
  override createKyselyDialect(options: Parameters<PostgreSqlConnection['createKyselyDialect']>[0]): KyselyDialect {
    return mendTransactions(super.createKyselyDialect(options));
  }
}

/** Of the schema in which the tables are, if not in the usual one. */
function driverOf(schema: string | undefined) {
  class Platform extends PostgreSqlPlatform {
    override getDefaultSchemaName() {
      return schema ?? super.getDefaultSchemaName();
    }
  }
  return class Driver extends AbstractSqlDriver<Connection> {
    constructor(config: Configuration) {
      super(config, new Platform(), Connection, ['kysely', 'pg']);
    }
  };
}

// int8 as a number: instants and positions stay below 2^53.
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, Number);

/** A host of `host=/FOLDER`, as PostgreSQL's own tools name the folder of a socket. */
const withSocket = (databaseUrl: string): string => databaseUrl.replace(/([?&])host=(?=\/|%2[fF])/, '$1socket=');

/** Asks the server itself: others speak its protocol. */
async function askServer(address: ServerAddress): Promise<PostgresqlEngine> {
  const client = new pg.Client(commonOf(address));
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string }>('select version()');
    return engineOf(rows[0]?.version ?? '');
  } catch (error) {
    throw unopened(error, placeOf(address));
  } finally {
    client.end().catch(() => undefined);
  }
}

/** A PostgreSQL server, or an engine that speaks its protocol. */
export async function openPostgresql(databaseUrl: string, log: StoreLog): Promise<OpenDialect> {
  const address = readServerUrl(withSocket(databaseUrl), 5432);
  return dialectOn(address, await askServer(address), log);
}

/** The dialect without a server, to make migrations. */
export const offlinePostgresql = (): OpenDialect =>
  dialectOn(readServerUrl('postgresql://127.0.0.1/offline', 5432), undefined, () => {});

function dialectOn(address: ServerAddress, engine: PostgresqlEngine, log: StoreLog): OpenDialect {
  const { schema, pool, readers, transactionMs } = address;
  const common = commonOf(address);
  const bounded = { ...common, ...timeoutsOf(address) };
  // The engines do not pass NOTIFY on from server to server: there the feed is polled.
  const named = schema === undefined ? CHANNEL : `${CHANNEL}_${schema}`;
  const channel = engine === undefined ? named : undefined;
  return {
    dialect: postgresqlDialect(engine, schema),
    place: placeOf(address),
    transport: transportTo(address),
    orm: {
      driver: driverOf(schema),
      dbName: address.database,
      driverOptions: {
        ...bounded,
        max: pool,
        onPoolCreated: (made: pg.Pool) => boundTransactions(made, transactionMs),
      },
      patientOptions: { ...common, max: 2, onPoolCreated: (made: pg.Pool) => boundTransactions(made) },
    },
    setup: [],
    ...(channel === undefined
      ? {}
      : { listen: (wake: () => void) => listenOn(channel, () => new pg.Client(common), wake, log) }),
    openForeignReader: async () =>
      reader(new pg.Pool({ ...commonOf(address, true), ...timeoutsOf(address), max: readers, types }), channel, log),
    openReader: async () => reader(new pg.Pool({ ...bounded, max: readers, types }), channel, log),
  };
}

/** Connections of their own for reads, so that they never wait for a writer's. Each statement is prepared once a connection. */
function reader(pool: pg.Pool, channel: string | undefined, log: StoreLog): Reader {
  // A connection that dies while idle is dropped by the pool; without a listener it would end the process.
  pool.on('error', (error) => log('connection lost', { code: (error as { code?: string }).code ?? error.name }));
  pool.on('connect', (client) => client.on('error', () => undefined));
  return {
    rows: async ({ name, sql }, values) => {
      const query = { name, text: sql, values: [...values], rowMode: 'array' as const, types };
      return (await pool.query(query)).rows as Row[];
    },
    ...(channel === undefined
      ? {}
      : { notify: notifierOf(() => pool.query({ name: 'notify', text: `select pg_notify('${channel}', '')` })) }),
    close: () => pool.end(),
  };
}
