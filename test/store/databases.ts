// The databases that the store runs on. A suite is played on each of them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dialect } from '../../server/src/store/dialects/dialect.ts';
import { galeraAbsence, galeraCluster } from '../support/galera.ts';
import { hranaServer } from '../support/hrana_server.ts';
import { type Kind, type MysqlServer, mysqlAbsence, mysqlServer } from '../support/mysql.ts';
import { type PostgresServer, postgresAbsence, postgresServer } from '../support/postgres.ts';
import { noteNotAsked, noteSuite } from './databases_table.ts';

export type TestDatabase = {
  readonly name: string;
  readonly dialect: Dialect['name'];
  /** Why it cannot be had here; undefined if it can. */
  readonly absence: string | undefined;
  /** Whether several processes may write to it. */
  readonly manyNodes: boolean;
  /** Makes an empty database and gives its URL. */
  create(): Promise<string>;
  /** The same database by way of another server, where several hold it. */
  elsewhere?(url: string): Promise<string>;
  /** Absent where it is no server of one process that a test may stop. */
  readonly server?: () => Promise<PostgresServer | MysqlServer>;
};

let directory: string | undefined;
let files = 0;

function libsqlFile(): string {
  if (directory === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'trust_libsql_'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    directory = made;
  }
  files += 1;
  return `file:${join(directory, `${files}.db`)}`;
}

function mysqlRow(name: Kind): TestDatabase {
  return {
    name,
    dialect: name,
    absence: mysqlAbsence(name),
    manyNodes: true,
    create: async () => await (await mysqlServer(name)).createDatabase(),
    server: () => mysqlServer(name),
  };
}

export const DATABASES: readonly TestDatabase[] = [
  { name: 'libsql', dialect: 'libsql', absence: undefined, manyNodes: false, create: async () => libsqlFile() },
  // The protocol of a libSQL server on the embedded engine: no package has a real one.
  {
    name: 'libsql_server',
    dialect: 'libsql_server',
    absence: undefined,
    manyNodes: true,
    create: async () => await (await hranaServer()).createDatabase('http'),
  },
  {
    name: 'postgresql',
    dialect: 'postgresql',
    absence: postgresAbsence(),
    manyNodes: true,
    create: async () => await (await postgresServer()).createDatabase(),
    server: postgresServer,
  },
  mysqlRow('mysql'),
  mysqlRow('mariadb'),
  {
    name: 'galera',
    dialect: 'mariadb',
    absence: galeraAbsence(),
    manyNodes: true,
    create: async () => await (await galeraCluster()).createDatabase(),
    // A store on another node of the cluster.
    elsewhere: async (url) => (await galeraCluster()).nodes[2]?.urlOf(url) ?? url,
  },
];

/** Declares a suite once for each database. An absent one is shown as skipped with its reason; under CI it fails. */
export function onEachDatabase(title: string, suite: (database: TestDatabase) => void): void {
  for (const database of DATABASES) onDatabase(title, database, suite);
}

/** Declares a suite for one database. */
export function onDatabase(title: string, database: TestDatabase, suite: (database: TestDatabase) => void): void {
  const declared = describe(`${title} on ${database.name}`, () => {
    const { absence } = database;
    if (absence === undefined) return suite(database);
    it(`is skipped: ${absence}`, function () {
      if (process.env.CI === 'true') throw new Error(absence);
      this.skip();
    });
  });
  noteSuite(database, declared);
}

/** Declares a test unless there is a reason why the database has no such case; the table of databases then says so. */
export function itUnless(database: TestDatabase, why: string | false, title: string, test: Mocha.AsyncFunc): void {
  if (why === false) it(title, test);
  else noteNotAsked(database, title, why);
}
