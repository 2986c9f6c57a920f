// A temporary PostgreSQL server for tests: one a process, in a directory that is removed at the end.
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free_port.ts';
import { serverCertificate } from './server_certificate.ts';

const run = promisify(execFile);
export const POSTGRES_BIN = process.env.TRUST_TEST_POSTGRES_BIN ?? '/usr/lib/postgresql/15/bin';

export type PostgresServer = {
  /** Makes an empty database and gives its URL. */
  createDatabase(): Promise<string>;
  /** Certificate of the authority that signed the server's own, for "localhost". Absent on a server that is not ours. */
  readonly caFile?: string;
  /** Stops the server without notice, as a crash would, and starts it again. Absent on a server that is not ours. */
  readonly crash?: () => Promise<void>;
  readonly start?: () => Promise<void>;
};

let shared: Promise<PostgresServer> | undefined;

/** Why there is no PostgreSQL to test on; undefined if there is. */
export function postgresAbsence(): string | undefined {
  if (process.env.TRUST_TEST_POSTGRES_URL !== undefined || existsSync(join(POSTGRES_BIN, 'initdb'))) return undefined;
  return `no PostgreSQL: neither TRUST_TEST_POSTGRES_URL nor ${POSTGRES_BIN}`;
}

/** The server of this process; started by the first call. */
export function postgresServer(): Promise<PostgresServer> {
  const url = process.env.TRUST_TEST_POSTGRES_URL;
  shared ??=
    url === undefined ? startTemporary() : Promise.resolve({ createDatabase: () => createPostgresDatabase(url) });
  return shared;
}

/** Makes an empty database through a URL of its server. */
export async function createPostgresDatabase(serverUrl: string): Promise<string> {
  const name = `trust_test_${randomBytes(6).toString('hex')}`;
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    // A collation that orders by language, so that a store which forgets to order by bytes is found out.
    await client.query(`create database ${name} template template0 locale_provider icu icu_locale 'en-US'`);
  } finally {
    await client.end();
  }
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** PostgreSQL refuses to run as root; then it runs as the user that the package made. */
export function postgresUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const number = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: number('-u'), gid: number('-g') };
}

async function startTemporary(): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'trust_pg_'));
  const user = postgresUser();
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const port = await freePort();
  const as = { ...user, cwd: directory };
  await run(
    join(POSTGRES_BIN, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N'],
    as,
  );
  const { ca, cert, key } = serverCertificate(directory, user);
  const tls = `-c ssl=on -c ssl_cert_file=${cert} -c ssl_key_file=${key}`;
  const options = `${tls} -p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${directory} -c max_connections=200 -c shared_buffers=64MB`;
  const control = (...args: string[]) => run(join(POSTGRES_BIN, 'pg_ctl'), ['-D', data, '-w', ...args], as);
  const start = async () => void (await control('-o', options, '-l', join(directory, 'log'), 'start'));
  await start();
  process.once('exit', () => {
    spawnSync(join(POSTGRES_BIN, 'pg_ctl'), ['-D', data, '-m', 'immediate', 'stop'], as);
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    createDatabase: () => createPostgresDatabase(`postgresql://postgres@127.0.0.1:${port}/postgres`),
    caFile: ca,
    crash: async () => void (await control('-m', 'immediate', 'stop')),
    start,
  };
}
