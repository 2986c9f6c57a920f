// The database servers that a benchmark starts by their names.
import { galeraAbsence, galeraCluster } from '../test/support/galera.ts';
import { mysqlAbsence, mysqlServer } from '../test/support/mysql.ts';
import { postgresAbsence, postgresServer } from '../test/support/postgres.ts';

type DatabaseServer = {
  /** Why it cannot be had here; undefined if it can. */
  absence(): string | undefined;
  /** Makes an empty database and gives its URL. */
  create(): Promise<string>;
};

/** Servers that the tests start too. Those of MySQL's kind acknowledge a commit before it is on disk. */
export const SERVERS: Readonly<Record<string, DatabaseServer>> = {
  postgresql: { absence: postgresAbsence, create: async () => (await postgresServer()).createDatabase() },
  mysql: { absence: () => mysqlAbsence('mysql'), create: async () => (await mysqlServer('mysql')).createDatabase() },
  mariadb: {
    absence: () => mysqlAbsence('mariadb'),
    create: async () => (await mysqlServer('mariadb')).createDatabase(),
  },
  galera: { absence: galeraAbsence, create: async () => (await galeraCluster()).createDatabase() },
};
