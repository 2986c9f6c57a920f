// A PostgreSQL primary and a replica that follows it synchronously, for a fail-over.
import { execFile, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free_port.ts';
import { createPostgresDatabase, POSTGRES_BIN, postgresUser } from './postgres.ts';

const run = promisify(execFile);

export type PostgresPair = {
  /** `host:port` of either. */
  readonly primary: string;
  readonly replica: string;
  /** Makes an empty database on the primary and gives its URL there. */
  createDatabase(): Promise<string>;
  /** Ends the primary without notice. */
  crashPrimary(): Promise<void>;
  /** Makes the replica a primary; resolves when it takes writes. */
  promote(): Promise<void>;
  remove(): void;
};

export async function postgresPair(): Promise<PostgresPair> {
  const directory = mkdtempSync(join(tmpdir(), 'trust_pg_pair_'));
  const user = postgresUser();
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
  const as = { ...user, cwd: directory };
  const tool = (name: string, ...args: string[]) => run(join(POSTGRES_BIN, name), args, as);
  const [first, second] = [join(directory, 'first'), join(directory, 'second')];
  const ports = [await freePort(), await freePort()] as const;
  const start = (data: string, port: number) => {
    const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${directory} -c shared_buffers=32MB`;
    return tool('pg_ctl', '-D', data, '-w', '-o', options, '-l', `${data}.log`, 'start');
  };
  const remove = () => {
    for (const data of [first, second])
      spawnSync(join(POSTGRES_BIN, 'pg_ctl'), ['-D', data, '-m', 'immediate', 'stop'], as);
    rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', remove);
  const url = `postgresql://postgres@127.0.0.1:${ports[0]}/postgres`;

  await tool('initdb', '-D', first, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N');
  await start(first, ports[0]);
  await tool('pg_basebackup', '-D', second, '-R', '-N', '-c', 'fast', '-d', url);
  await start(second, ports[1]);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  // From here on the primary acknowledges nothing that the replica does not have.
  await client.query("alter system set synchronous_standby_names = '*'");
  await client.query('select pg_reload_conf()');
  const follows = async () =>
    (await client.query("select 1 from pg_stat_replication where sync_state = 'sync'")).rows.length > 0;
  while (!(await follows())) await wait(50);
  await client.end();
  return {
    primary: `127.0.0.1:${ports[0]}`,
    replica: `127.0.0.1:${ports[1]}`,
    createDatabase: () => createPostgresDatabase(url),
    crashPrimary: async () => void (await tool('pg_ctl', '-D', first, '-w', '-m', 'immediate', 'stop')),
    promote: async () => void (await tool('pg_ctl', '-D', second, '-w', 'promote')),
    remove,
  };
}
