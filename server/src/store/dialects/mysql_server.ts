import { type Connection, type ConnectionOptions, createConnection } from 'mysql2/promise';
import { unopened } from '../fault.ts';

/** What speaks MySQL's protocol at the other end. `engine` is one of several servers that hold the same rows. */
export type MysqlServer = { readonly name: 'mysql' | 'mariadb'; readonly engine?: 'galera' | 'tidb' | 'vitess' };

/** Tells it by `select version()`, and whether it replicates as Galera does. */
export function serverOf(version: string, galera: boolean): MysqlServer {
  if (/tidb/i.test(version)) return { name: 'mysql', engine: 'tidb' };
  if (/vitess/i.test(version)) return { name: 'mysql', engine: 'vitess' };
  const name = /mariadb/i.test(version) ? 'mariadb' : 'mysql';
  return galera ? { name, engine: 'galera' } : { name };
}

/** Asks the server itself: schemes are mistaken for each other, and many a MariaDB is reached by a `mysql:` URL. */
export async function askServer(options: ConnectionOptions, place: string): Promise<MysqlServer> {
  let connection: Connection | undefined;
  try {
    connection = await createConnection(options);
    const [[row]] = (await connection.query('select version() version')) as unknown as [[{ version: string }]];
    const [wsrep] = (await connection.query("show session variables like 'wsrep_on'")) as unknown as [
      { readonly Value: string }[],
    ];
    return serverOf(row.version, wsrep[0]?.Value === 'ON');
  } catch (error) {
    throw unopened(error, place);
  } finally {
    connection?.destroy();
  }
}
