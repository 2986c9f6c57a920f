import type { Client, InValue, Transaction as RemoteTransaction, ResultSet } from '@libsql/client';
import { AbstractSqlConnection, AbstractSqlDriver, type Configuration, SqlitePlatform } from '@mikro-orm/sql';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver as KyselyDriver,
  type QueryResult,
  type Dialect as SqlDialect,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { codeOf, StorageFault } from '../fault.ts';
import type { OpenDialect, Reader, Row } from './dialect.ts';
import { libsqlDialect } from './libsql_facts.ts';
import { type LibsqlAddress, readLibsqlUrl, transportTo } from './libsql_url.ts';

/** A statement is given up after this; what it belongs to is undone. */
const STATEMENT_MS = 10_000;
const PATIENT_MS = 2 ** 31 - 1;

type Remote = { readonly client: Client; readonly statementMs: number };

async function openClient(address: LibsqlAddress, statementMs: number): Promise<Remote> {
  const http = address.url.startsWith('http');
  const { createClient } = http ? await import('@libsql/client/http') : await import('@libsql/client/ws');
  // An answer is never taken from where the server points to, and never waited for without an end.
  const bounded = (request: Request) => fetch(request, { redirect: 'error', signal: AbortSignal.timeout(statementMs) });
  return { client: createClient({ ...address, ...(http ? { fetch: bounded } : {}) }), statementMs };
}

/** What is thrown for an error of the client: its code, or that of the connection. */
function faultOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === 'TimeoutError') return new StorageFault('TIMEOUT');
  const { code } = (error.cause ?? {}) as { code?: unknown };
  if (error instanceof TypeError) return new StorageFault(typeof code === 'string' ? code : 'FETCH_FAILED');
  if (/HTTP status 401|server response: 401/i.test(error.message)) return new StorageFault('HTTP_401');
  const inner = (error.cause as Error | undefined)?.cause as { code?: unknown } | undefined;
  const refused = /\b(ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH)\b/.exec(error.message)?.[0];
  return refused === undefined ? error : new StorageFault(typeof inner?.code === 'string' ? inner.code : refused);
}

/** A WebSocket has no end of its own for an answer, as a request over HTTP has: one that keeps silent is opened again. */
async function within<T>({ client, statementMs }: Remote, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const end = () => {
      reject(new StorageFault('TIMEOUT'));
      Promise.resolve(client.reconnect()).catch(() => undefined);
    };
    timer = setTimeout(end, statementMs).unref();
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw faultOf(error);
  } finally {
    clearTimeout(timer);
  }
}

/** A whole number is sent as one: the client would send every number as a fraction. */
const sent = (value: unknown): InValue =>
  typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : (value as InValue);

const cellsOf = ({ columns, rows }: ResultSet): Row[] =>
  rows.map((row) => columns.map((_, place) => row[place]) as unknown as Row);

class Connection extends AbstractSqlConnection {
  override createKyselyDialect(options: object): SqlDialect {
    const { address, statementMs } = options as { address: LibsqlAddress; statementMs: number };
    return {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => driverOn(() => openClient(address, statementMs)),
      createIntrospector: (database) => new SqliteIntrospector(database),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    };
  }
}

class Driver extends AbstractSqlDriver<Connection> {
  constructor(config: Configuration) {
    super(config, new SqlitePlatform(), Connection, ['kysely', '@libsql/client']);
  }
}

/** One stream of the server while a transaction is open, and one a statement otherwise. */
class Stream implements DatabaseConnection {
  readonly #remote: Remote;
  #transaction: RemoteTransaction | undefined;
  /** After most errors the server has ended the transaction: what came after it would be kept at once. */
  #failure: unknown;

  constructor(remote: Remote) {
    this.#remote = remote;
  }

  async begin(): Promise<void> {
    // BEGIN IMMEDIATE travels with the first statement.
    this.#transaction = await within(this.#remote, this.#remote.client.transaction('write'));
  }

  async end(how: 'commit' | 'rollback'): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    try {
      if (how === 'commit' && this.#failure !== undefined) throw this.#failure;
      await within(this.#remote, transaction?.[how]() ?? Promise.resolve());
    } finally {
      transaction?.close();
    }
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#failure !== undefined) throw this.#failure;
    const work = (this.#transaction ?? this.#remote.client).execute({ sql, args: parameters.map(sent) });
    const answer = await within(this.#remote, work).catch((error: unknown) => {
      if (this.#transaction !== undefined && !codeOf(error).startsWith('SQLITE_CONSTRAINT')) this.#failure = error;
      throw error;
    });
    const { columns, rowsAffected, lastInsertRowid } = answer;
    const rows = cellsOf(answer).map((cells) => Object.fromEntries(columns.map((name, place) => [name, cells[place]])));
    if (columns.length > 0) return { rows: rows as R[] };
    const insertId = lastInsertRowid === undefined ? {} : { insertId: lastInsertRowid };
    return { rows: [], numAffectedRows: BigInt(rowsAffected), ...insertId };
  }

  streamQuery(): AsyncIterableIterator<QueryResult<never>> {
    throw new Error('rows of a libSQL server are not streamed');
  }
}

/** Transactions of this process come one after the other: the server has one writer anyway, and refuses or starves the rest. */
function driverOn(open: () => Promise<Remote>): KyselyDriver {
  let remote: Remote | undefined;
  let free: Promise<void> = Promise.resolve();
  const releases = new WeakMap<DatabaseConnection, () => void>();
  const end = async (connection: DatabaseConnection, how: 'commit' | 'rollback') => {
    try {
      await (connection as Stream).end(how);
    } finally {
      releases.get(connection)?.();
    }
  };
  const say = async (connection: DatabaseConnection, sql: string) => {
    await connection.executeQuery(CompiledQuery.raw(sql));
  };
  return {
    init: async () => {
      remote = await open();
    },
    acquireConnection: async () => {
      if (remote === undefined) throw new StorageFault('CLOSED');
      return new Stream(remote);
    },
    beginTransaction: async (connection) => {
      const before = free;
      const { promise, resolve } = Promise.withResolvers<void>();
      free = promise;
      releases.set(connection, resolve);
      await before;
      try {
        await (connection as Stream).begin();
      } catch (error) {
        resolve();
        throw error;
      }
    },
    commitTransaction: (connection) => end(connection, 'commit'),
    // A ROLLBACK that fails leaves a stream that the server gives up: what it did is undone.
    rollbackTransaction: (connection) => end(connection, 'rollback').catch(() => undefined),
    savepoint: (connection, name) => say(connection, `savepoint "${name}"`),
    rollbackToSavepoint: (connection, name) => say(connection, `rollback to "${name}"`),
    releaseSavepoint: (connection, name) => say(connection, `release "${name}"`),
    releaseConnection: async () => undefined,
    destroy: async () => {
      remote?.client.close();
      remote = undefined;
    },
  };
}

/** A libSQL server, over HTTP or WebSocket. Any number of nodes may share it. */
export function openLibsqlServer(databaseUrl: string): OpenDialect {
  const address = readLibsqlUrl(databaseUrl);
  return {
    dialect: libsqlDialect('libsql_server'),
    place: URL.parse(address.url)?.host ?? '',
    transport: transportTo(address),
    orm: {
      driver: Driver,
      dbName: 'main',
      driverOptions: { address, statementMs: STATEMENT_MS },
      patientOptions: { address, statementMs: PATIENT_MS },
    },
    setup: [],
    openReader: async () => reader(await openClient(address, STATEMENT_MS)),
  };
}

/** Each statement has a stream of its own, so that it sees all that was committed before it began. */
function reader(remote: Remote): Reader {
  return {
    rows: async ({ sql }, values) =>
      cellsOf(await within(remote, remote.client.execute({ sql, args: values.map(sent) }))),
    close: async () => remote.client.close(),
  };
}
