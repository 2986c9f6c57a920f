import type { EntitySchema } from '@mikro-orm/core';
import type { AbstractSqlDriver, Configuration, SqlEntityManager } from '@mikro-orm/sql';
import type { MigrationEntry } from '../migrations/migration_entry.ts';
import type { Reserve, ReserveSql } from '../room.ts';
import type { Transport } from './transport.ts';

/** A value as a statement takes it and as a row gives it. */
export type Value = string | number | boolean | null;
export type Row = readonly Value[];

/**
 * A statement outside the ORM. Parameters are `$1`, `$2` … in the order of their first use; `name` is unique. Tables stand in braces: `{change}`.
 * `uncommitted` asks for rows of transactions under way too.
 */
export type Statement = { readonly name: string; readonly sql: string; readonly uncommitted?: boolean };

/** Prepared statements on connections of their own. Each sees all that was committed before it began. */
export type Reader = {
  rows(statement: Statement, values: readonly unknown[]): Promise<readonly Row[]>;
  /** Tells the other nodes that the change feed has grown, if that can be done. Absent where there are none. */
  readonly notify?: () => void;
  close(): Promise<void>;
};

/** Tells what the operator should know. Holds no value of a row. */
export type StoreLog = (message: string, facts: Readonly<Record<string, string | number>>) => void;

/** What differs from database to database. Facts only: no decision of a store is made here. */
export type Dialect = {
  readonly name: 'libsql' | 'libsql_server' | 'postgresql' | 'mysql' | 'mariadb';
  /** Where its migrations are; dialects of one family share them. */
  readonly folder: 'libsql' | 'postgresql' | 'mysql';
  /** Whether one server process writes, and so knows of every change but for those of the command line. */
  readonly alone?: boolean;
  /** Answers one row with one column. */
  readonly versionSql: string;
  /** Collation that every text column needs to be ordered by bytes. */
  readonly collation?: string;
  /** Types of text columns, where those of the ORM do not do: of keys and names, and of what is longer. */
  readonly textTypes?: { readonly short: string; readonly long: string };
  readonly quote: (identifier: string) => string;
  /** Takes a lock named by its one value until the transaction ends; absent where a write transaction excludes all others. */
  readonly lockSql?: string;
  /** End of an insert: where there is a row of that key, `column` of it takes the value given. */
  readonly overwriteSql: (key: readonly string[], column: string) => string;
  /** End of a select in a transaction whose rows nobody else may change until it ends; empty where a write transaction excludes all others. */
  readonly lockRowsSql: string;
  /** The present instant by the database's clock, which moves within a transaction. */
  readonly nowSql: string;
  /** The instant by the same clock at which a statement outside any transaction began, rounded down. */
  readonly beganSql: string;
  /**
   * Rows of the change feed in the ranges `[[from, to], …]` of $1, lowest first, at most $2. In front of `columns` stand `beganSql`, the lowest
   * number of a writer under way and a number above all that have begun; without a row in a range, there is one of those three and nulls.
   */
  readonly gapsSql: (columns: string) => string;
  /**
   * Where `gapsSql` cannot tell of writers: reads what is not committed. The first row is a number above all positions, then comes each position
   * in the ranges of $1.
   */
  readonly writersSql?: string;
  /**
   * Where neither can, since writers are at other nodes of the database: takes as many positions as its two parameters say, one after the other
   * until their transactions end, so that rows commit in the order of their positions; and tells the last that was taken, as `position`. Without
   * `last` it is what `take` answers.
   */
  readonly positionsSql?: { readonly take: string; readonly last?: string };
  /** A list parameter: the form in which it is given, a condition that a column has one of its values, and its values as rows of `asked.value`. */
  readonly list: (values: readonly string[]) => unknown;
  readonly anyOf: (parameter: number) => string;
  readonly each: (parameter: number) => string;
  /** Joins the at most one row of `table` for which `on` holds, by its key for each row so far, whatever the planner thinks of the table. */
  readonly joinOne: (kind: 'inner' | 'left', table: string, alias: string, on: string) => string;
  /** Updates the rows of `table` that belong to one of the rows `given`, whose values are the parameters, row by row. */
  readonly updateBy: (update: {
    readonly table: string;
    /** Names of the columns of `given`; no column of `table` has one of them. */
    readonly columns: readonly string[];
    readonly rows: number;
    readonly set: string;
    readonly where: string;
  }) => string;
  /** Deletes some rows for which `where` holds, first by `order`; the last parameter says how many. `key` names a row. */
  readonly deleteSome: (table: string, key: string, where: string, order: string) => string;
  /** Makes the database count on from the highest value of a column that was written by hand; absent where it does so itself. */
  readonly continueCountSql?: (table: string, column: string) => string;
  /** How many batches of the hot path are under way at a time. */
  readonly lanes: number;
  /** Whether an error code means that the transaction left nothing and may be tried again. */
  readonly isTransient: (code: string) => boolean;
  /** What must be there before the first migration, a schema or a table of locks: each makes it if it is not there. */
  readonly prepareSql?: readonly string[];
  /** A table that takes up room on the disk of a server; absent where the disk is this machine’s. */
  readonly reserveSql?: ReserveSql;
  /** Tables that only this database needs. */
  readonly entities?: readonly EntitySchema[];
  /** Whether a change of the tables commits at once, so that migrations run statement by statement. */
  readonly stepwise?: boolean;
  readonly migrations: readonly MigrationEntry[];
};

/** A dialect bound to one database. */
export type OpenDialect = {
  /** Whether there is such a database; absent where only a connection tells. */
  readonly exists?: () => boolean;
  /** Makes the database if there is none. Called before it is opened; absent where that is the operator's business. */
  readonly create?: () => void;
  readonly dialect: Dialect;
  /** Where it is, in the words of an operator; holds no user and no password. */
  readonly place: string;
  readonly transport: Transport;
  readonly orm: {
    readonly driver: new (config: Configuration) => AbstractSqlDriver;
    readonly dbName: string;
    readonly driverOptions: Readonly<Record<string, unknown>>;
    /** For a connection that migrates: as long as it takes. */
    readonly patientOptions: Readonly<Record<string, unknown>>;
  };
  /** Said on the ORM's connection once it is open. */
  readonly setup: readonly string[];
  openReader(): Promise<Reader>;
  /** A reader of a database that is not ours: it changes nothing, not even a setting of a file. `openReader` where that does so too. */
  readonly openForeignReader?: () => Promise<Reader>;
  /** Room on the disk of the database, in bytes, to be set aside; absent where its disk is not this machine's. */
  readonly reserve?: (bytes: number) => Reserve;
  /** Calls `wake` when a node calls `notify`, over a connection of its own that is opened again when it is lost: it hears nothing until then. */
  readonly listen?: (wake: () => void) => { hears(): boolean; end(): void };
};

/** The entity manager of one transaction. */
export type Transaction = SqlEntityManager;

const SCHEMES = 'use file:, sqlite:, libsql:, http:, https:, ws:, wss:, postgres:, postgresql:, mysql: or mariadb:';

/** Takes the dialect from the URL's scheme and loads its driver. Throws if the scheme is none of ours. */
export async function openDialect(databaseUrl: string, log: StoreLog): Promise<OpenDialect> {
  const scheme = /^([a-z]+):/.exec(databaseUrl)?.[1] ?? '';
  if (scheme === 'file' || scheme === 'sqlite') return (await import('./libsql.ts')).openLibsql(databaseUrl);
  if (['libsql', 'http', 'https', 'ws', 'wss'].includes(scheme)) {
    return (await import('./libsql_server.ts')).openLibsqlServer(databaseUrl);
  }
  if (scheme === 'postgres' || scheme === 'postgresql') {
    return await (await import('./postgresql.ts')).openPostgresql(databaseUrl, log);
  }
  if (scheme === 'mysql' || scheme === 'mariadb') return await (await import('./mysql.ts')).openMysql(databaseUrl);
  throw new Error(`DATABASE_URL has the scheme "${scheme}", which is not served; ${SCHEMES}.`);
}
