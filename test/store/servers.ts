// What the tests say to a server beside the store, in its own words.
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import type { OpenDialect } from '../../server/src/store/dialects/dialect.ts';
import { boundTransactions } from '../../server/src/store/dialects/postgresql_client.ts';
import type { TestDatabase } from './databases.ts';

type Rows = readonly Record<string, unknown>[];

export type Client = { query(sql: string): Promise<Rows>; end(): Promise<void> };

type DriverOptions = OpenDialect['orm']['driverOptions'];

export type Words = {
  connect(url: string): Promise<Client>;
  sleep(seconds: number): string;
  /** Writes a row of the change feed and answers its position. */
  insertChange(client: Client): Promise<number>;
  /** Ends every other connection to the database. */
  cutOthers(client: Client): Promise<void>;
  /** Keeps others from reading a table until the client ends. */
  block(client: Client, table: string): Promise<void>;
  readonly deadlockCode: string;
  /** One connection, whose statements are given up early. */
  hasty(options: DriverOptions, statementMs: number): DriverOptions;
  /** Transactions with an earlier end. */
  brief(options: DriverOptions, transactionMs: number): DriverOptions;
};

const CHANGE = "(tenant_id, kind, subject, version, epoch, ended, written_at) values ('t', 'service', 's', 0, 0, false";

const postgresql: Words = {
  connect: async (url) => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    return { query: async (sql) => (await client.query(sql)).rows, end: () => client.end() };
  },
  sleep: (seconds) => `select pg_sleep(${seconds})`,
  insertChange: async (client) => {
    const now = '(extract(epoch from clock_timestamp()) * 1000)::bigint';
    const [row] = await client.query(`insert into change ${CHANGE}, ${now}) returning position::int`);
    return Number(row?.position);
  },
  cutOthers: async (client) => {
    const others = 'from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()';
    await client.query(`select pg_terminate_backend(pid) ${others}`);
  },
  block: async (client, table) => {
    await client.query('begin');
    await client.query(`lock table ${table} in access exclusive mode`);
  },
  deadlockCode: '40P01',
  hasty: (options, statementMs) => ({ ...options, max: 1, query_timeout: statementMs }),
  brief: (options, longestMs) => ({
    ...options,
    onPoolCreated: (pool: pg.Pool) => boundTransactions(pool, longestMs),
  }),
};

const mysql: Words = {
  connect: async (url) => {
    const connection = await createConnection(url.replace(/^[a-z]+/, 'mysql'));
    connection.on('error', () => undefined);
    return {
      query: async (sql) => {
        const [rows] = await connection.query(sql);
        return Array.isArray(rows) ? (rows as Rows) : [rows as unknown as Record<string, unknown>];
      },
      end: () => connection.end().catch(() => undefined),
    };
  },
  sleep: (seconds) => `select sleep(${seconds})`,
  insertChange: async (client) => {
    const [answer] = await client.query(`insert into \`change\` ${CHANGE}, unix_timestamp(now(3)) * 1000)`);
    return Number(answer?.insertId);
  },
  cutOthers: async (client) => {
    const others = 'from information_schema.processlist where id <> connection_id() and db = database()';
    const rows = await client.query(`select id id ${others}`);
    for (const { id } of rows) await client.query(`kill ${id}`).catch(() => undefined);
  },
  block: async (client, table) => {
    await client.query(`lock tables ${table} write`);
  },
  deadlockCode: 'ER_LOCK_DEADLOCK',
  hasty: ({ pool, ...options }, statementMs) => ({
    ...options,
    pool: { ...(pool as object), connectionLimit: 1 },
    statementMs,
  }),
  brief: (options, transactionMs) => ({ ...options, transactionMs }),
};

/** Undefined where the database is no server. */
export const wordsOf = ({ dialect }: TestDatabase): Words | undefined =>
  ({ libsql: undefined, libsql_server: undefined, postgresql, mysql, mariadb: mysql })[dialect];
