// A temporary MariaDB Galera cluster of three nodes on this machine; one a process.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free_port.ts';
import {
  answers,
  COMMON_OPTIONS,
  createMysqlDatabase,
  fastDirectory,
  installMysql,
  MARIADB,
  mysqlAbsence,
} from './mysql.ts';

const PROVIDER = '/usr/lib/galera/libgalera_smm.so';
const NODES = 3;

export type GaleraNode = {
  /** The same database, asked of this node. */
  urlOf(databaseUrl: string): string;
  /** Ends the node without notice, as a crash would. */
  kill(): Promise<void>;
  /** Brings it back into the cluster. */
  start(): Promise<void>;
};

export type GaleraCluster = {
  /** Makes an empty database and gives its URL, of the first node. */
  createDatabase(): Promise<string>;
  readonly nodes: readonly GaleraNode[];
};

export function galeraAbsence(): string | undefined {
  if (!existsSync(PROVIDER)) return `no Galera: ${PROVIDER} is not there`;
  if (!existsSync('/usr/bin/rsync')) return 'no rsync, by which a Galera node gets its first state';
  return mysqlAbsence('mariadb');
}

let shared: Promise<GaleraCluster> | undefined;

/** The cluster of this process; started by the first call. */
export function galeraCluster(): Promise<GaleraCluster> {
  shared ??= startCluster();
  return shared;
}

/** rsync, started by root, would lay the first state down as a user that may not: so the nodes are no more than that user. */
function plainUser(): { uid?: number; gid: number } {
  const number = (flag: string) => Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout);
  return process.getuid?.() === 0 ? { uid: number('-u'), gid: number('-g') } : { gid: process.getgid?.() ?? 0 };
}

async function startCluster(): Promise<GaleraCluster> {
  const directory = fastDirectory('trust_galera_');
  const user = plainUser();
  const own = (path: string) => user.uid !== undefined && chownSync(path, user.uid, user.gid);
  own(directory);
  const places = await Promise.all(
    Array.from({ length: NODES }, async () => ({
      sql: await freePort(),
      group: await freePort(),
      state: await freePort(),
      more: await freePort(),
    })),
  );
  const members = places.map(({ group }) => `127.0.0.1:${group}`).join(',');
  const children: (ChildProcess | undefined)[] = [];
  process.once('exit', () => {
    for (const child of children) child?.kill('SIGKILL');
  });

  const serverUrl = (place: number) => `mysql://root@127.0.0.1:${places[place]?.sql}/`;

  async function start(place: number, address: string): Promise<void> {
    const home = join(directory, String(place));
    const { sql, group, state, more } = places[place] ?? { sql: 0, group: 0, state: 0, more: 0 };
    const args = [
      ...COMMON_OPTIONS,
      '--binlog-format=ROW',
      '--innodb-autoinc-lock-mode=2',
      '--wsrep-on=ON',
      `--wsrep-provider=${PROVIDER}`,
      `--wsrep-cluster-address=gcomm://${address}`,
      '--wsrep-cluster-name=trust_test',
      '--wsrep-node-address=127.0.0.1',
      `--wsrep-node-name=node${place}`,
      '--wsrep-slave-threads=2',
      '--wsrep-sst-method=rsync',
      `--wsrep-sst-receive-address=127.0.0.1:${state}`,
      // A node that was killed is given up after 3 s instead of 5; what it missed is kept for its return.
      `--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:${group};ist.recv_addr=127.0.0.1:${more};gcache.size=64M;evs.suspect_timeout=PT3S;evs.inactive_timeout=PT6S`,
      `--server-id=${place + 1}`,
      `--datadir=${join(home, 'data')}`,
      `--tmpdir=${home}`,
      `--port=${sql}`,
      `--socket=${join(home, 'socket')}`,
      `--pid-file=${join(home, 'pid')}`,
      `--log-error=${join(home, 'log')}`,
    ];
    const child = spawn(MARIADB, args, { ...user, cwd: home, stdio: 'ignore' });
    children[place] = child;
    await answers(serverUrl(place), child);
  }

  const nodes = places.map((_, place): GaleraNode => {
    return {
      urlOf: (databaseUrl) => databaseUrl.replace(/:\d+\//, `:${places[place]?.sql}/`),
      kill: async () => {
        const child = children[place];
        const ended = new Promise((resolve) => child?.once('exit', resolve));
        child?.kill('SIGKILL');
        await ended;
      },
      start: () => start(place, members),
    };
  });

  await Promise.all(
    places.map(async (_, place) => {
      const home = join(directory, String(place));
      mkdirSync(home);
      own(home);
      await installMysql('mariadb', home, join(home, 'data'), user);
    }),
  );
  await start(0, '');
  for (let place = 1; place < NODES; place++) await start(place, members);
  return { createDatabase: () => createMysqlDatabase(serverUrl(0), 'mariadb'), nodes };
}
