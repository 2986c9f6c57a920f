// Temporary MySQL and MariaDB servers for tests: one of each a process, in a directory that is removed at the end.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { freePort } from './free_port.ts';
import { serverCertificate } from './server_certificate.ts';

const run = promisify(execFile);

export type MysqlServer = {
  /** Makes an empty database and gives its URL. */
  createDatabase(): Promise<string>;
  /** Certificate of the authority that signed the server's own, for "localhost". */
  readonly caFile: string;
  /** Stops the server without notice, as a crash would, and starts it again. */
  readonly crash: () => Promise<void>;
  readonly start: () => Promise<void>;
};

export type Kind = 'mysql' | 'mariadb';

export const MARIADB = process.env.TRUST_TEST_MARIADB ?? '/usr/sbin/mariadbd';
/** Where .ci/run unpacks MySQL. */
const MYSQL = process.env.TRUST_TEST_MYSQL ?? join(import.meta.dirname, '../../.cache/mysql/server/bin/mysqld');

const PROGRAM: Record<Kind, string> = { mysql: MYSQL, mariadb: MARIADB };

/** Why there is no such server to test on; undefined if there is. */
export function mysqlAbsence(kind: Kind): string | undefined {
  return existsSync(PROGRAM[kind])
    ? undefined
    : `no ${kind === 'mysql' ? 'MySQL' : 'MariaDB'}: ${PROGRAM[kind]} is not there`;
}

const shared = new Map<Kind, Promise<MysqlServer>>();

/** The server of this process; started by the first call. */
export function mysqlServer(kind: Kind): Promise<MysqlServer> {
  const known = shared.get(kind) ?? startTemporary(kind);
  shared.set(kind, known);
  return known;
}

/** A directory in memory where there is room for it, so that a commit is as fast as on a good disk. */
export function fastDirectory(prefix: string): string {
  const made = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), prefix));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Makes an empty database through a URL of its server, with a collation that ignores case, so that a store which relies on it is found out. */
export async function createMysqlDatabase(serverUrl: string, scheme: string): Promise<string> {
  const name = `trust_test_${randomBytes(6).toString('hex')}`;
  const connection = await createConnection(serverUrl);
  try {
    await connection.query(`create database ${name} character set utf8mb4 collate utf8mb4_general_ci`);
  } finally {
    await connection.end();
  }
  return `${serverUrl.replace(/^[a-z]+/, scheme)}${name}`;
}

/** Resolves once a server takes connections at the URL. */
export async function answers(serverUrl: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the server ended (${child.exitCode})`);
    const connection = await createConnection(serverUrl).catch(() => undefined);
    if (connection !== undefined) return await connection.end();
    await wait(50);
  }
}

/** A server runs as root only if told to. */
const AS_ROOT = process.getuid?.() === 0 ? ['--user=root'] : [];

/** Options of every server: room for the tests, and a commit that a crash of the server, if not of the machine, leaves in place. */
export const COMMON_OPTIONS = [
  '--no-defaults',
  '--bind-address=127.0.0.1',
  '--max-connections=300',
  '--innodb-buffer-pool-size=64M',
  '--innodb-flush-log-at-trx-commit=2',
  '--sync-binlog=0',
  // Nothing of ours may depend on the settings of the server.
  '--transaction-isolation=REPEATABLE-READ',
  '--default-time-zone=+05:30',
];

/** Makes the system tables in `data`. */
export async function installMysql(kind: Kind, directory: string, data: string, user = {}): Promise<void> {
  const as = { cwd: directory, ...user };
  const asRoot = 'uid' in user ? [] : AS_ROOT;
  if (kind === 'mysql') {
    const home = dirname(dirname(MYSQL));
    const args = [
      '--no-defaults',
      ...asRoot,
      '--initialize-insecure',
      `--basedir=${home}`,
      `--datadir=${data}`,
      '--innodb-log-file-size=48M',
    ];
    return void (await run(MYSQL, args, as));
  }
  const args = [
    '--no-defaults',
    ...asRoot,
    `--datadir=${data}`,
    // A server that starts removes what others have under way in the same place.
    `--tmpdir=${directory}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ];
  await run('mariadb-install-db', args, as);
}

async function startTemporary(kind: Kind): Promise<MysqlServer> {
  const directory = fastDirectory(`trust_${kind}_`);
  const data = join(directory, 'data');
  await installMysql(kind, directory, data);
  const port = await freePort();
  const own =
    kind === 'mysql'
      ? [`--basedir=${dirname(dirname(MYSQL))}`, '--innodb-log-file-size=48M', '--mysqlx=0', '--log-bin=bin']
      : ['--log-bin=bin'];
  const { ca, cert, key } = serverCertificate(directory);
  const args = [
    ...COMMON_OPTIONS,
    ...AS_ROOT,
    `--ssl-ca=${ca}`,
    `--ssl-cert=${cert}`,
    `--ssl-key=${key}`,
    ...own,
    '--server-id=1',
    `--datadir=${data}`,
    `--tmpdir=${directory}`,
    `--port=${port}`,
    `--socket=${join(directory, 'socket')}`,
    `--pid-file=${join(directory, 'pid')}`,
    `--log-error=${join(directory, 'log')}`,
  ];
  const url = `mysql://root@127.0.0.1:${port}/`;
  let child: ChildProcess;
  const start = async () => {
    child = spawn(PROGRAM[kind], args, { cwd: directory, stdio: 'ignore' });
    await answers(url, child);
  };
  const crash = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  process.once('exit', () => child?.kill('SIGKILL'));
  await start();
  return { createDatabase: () => createMysqlDatabase(url, kind), caFile: ca, crash, start };
}
