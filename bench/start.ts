// Cold start: from the beginning of the process to its first answer, and the memory that it holds at rest.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildServer } from '../scripts/build_server.ts';
import { VerifyRequest } from '../server/src/contract/gen/trust/v1/session.ts';
import { RpcCaller } from '../test/support/rpc_caller.ts';
import { freePort } from '../test/support/server_process.ts';
import { exitCode, residentMb } from './processes.ts';
import { median, type Options, progress, type Report, type Row, rounded } from './report.ts';
import { withFolder } from './servers.ts';

const SERVER = ['server/dist/main.js', 'serve'];
const SOURCES = ['server/bin/trust_layer.mjs', 'serve'];
const GOAL_MS = 1_000;
const GOAL_MB = 120;
const TIMEOUT_MS = 60_000;

type Start = { readonly ms: number; readonly mb: number };
type Way = {
  readonly what: string;
  readonly args: readonly string[];
  /** The data folder, new for each start or not; undefined for the baseline. */
  readonly data: (folder: string, run: number) => string | undefined;
  readonly env: (folder: string) => Readonly<Record<string, string>>;
};

const kept = (folder: string) => join(folder, 'kept');
const cached = (folder: string) => ({ NODE_COMPILE_CACHE: join(folder, 'compiled') });
const production = (folder: string) => {
  return {
    TRUST_MASTER_KEY: readFileSync(join(kept(folder), 'master-key'), 'utf8').trim(),
    TRUST_DATA_DIR: kept(folder),
  };
};

const WAYS: readonly Way[] = [
  { what: 'echo server', args: ['bench/echo_server.ts'], data: () => undefined, env: () => ({}) },
  {
    what: 'serve --dev, new folder',
    args: [...SERVER, '--dev'],
    data: (folder, run) => join(folder, `new_${run}`),
    env: () => ({}),
  },
  { what: 'serve --dev, existing folder', args: [...SERVER, '--dev'], data: kept, env: () => ({}) },
  { what: 'serve, existing folder', args: SERVER, data: kept, env: production },
  {
    what: 'serve, existing folder, from the sources',
    args: SOURCES,
    data: kept,
    env: (folder) => ({ ...production(folder), ...cached(folder) }),
  },
];

export async function run({ quick }: Options): Promise<Report> {
  const [runs, restMs] = quick ? [1, 1_000] : [5, 5_000];
  await buildServer({ ifOlder: true });
  return withFolder(async (folder) => {
    const ports = { grpc: await freePort(), http: await freePort() };
    const started = new Map<string, Start[]>(WAYS.map(({ what }) => [what, []]));
    progress('making the folder and the compile cache');
    await begin({ ...wayOf('serve --dev, existing folder'), env: cached }, folder, 0, 0, ports);
    await begin(wayOf('serve, existing folder, from the sources'), folder, 0, 0, ports);
    for (let turn = 1; turn <= runs; turn++) {
      for (const way of WAYS) {
        progress(`${way.what}, ${turn} of ${runs}`);
        started.get(way.what)?.push(await begin(way, folder, turn, restMs, ports));
      }
    }
    const [baseline] = started.values();
    const rows = [...started].map(([what, starts]) => rowOf(what, starts, baseline ?? []));
    const notes = [
      `From spawn to the first answered Verify; median of ${runs}, the goal is ${GOAL_MS} ms.`,
      `Resident memory ${restMs / 1_000} s later, in MB of 10^6 bytes; the goal is ${GOAL_MB} MB.`,
      'All but the last are the built server (npm run build, npm start). The sources run with the compile cache that an earlier start has filled.',
    ];
    return { rows, notes };
  });
}

function wayOf(what: string): Way {
  const way = WAYS.find((one) => one.what === what);
  if (way === undefined) throw new Error(`no start ${what}`);
  return way;
}

function rowOf(what: string, starts: readonly Start[], baseline: readonly Start[]): Row {
  const ms = median(starts.map((one) => one.ms));
  const mb = median(starts.map((one) => one.mb));
  return {
    what,
    'start ms': Math.round(ms),
    'to echo': rounded(ms / median(baseline.map((one) => one.ms))),
    'slowest ms': Math.round(Math.max(...starts.map((one) => one.ms))),
    'memory MB': rounded(mb),
    'memory to echo': rounded(mb / median(baseline.map((one) => one.mb))),
  };
}

type Ports = { readonly grpc: number; readonly http: number };

async function begin(way: Way, folder: string, turn: number, restMs: number, ports: Ports): Promise<Start> {
  const data = way.data(folder, turn);
  const env = {
    ...Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^(TRUST_|DATABASE_URL|NODE_COMPILE)/.test(name)),
    ),
    ...(data === undefined ? { PORT: `${ports.grpc}` } : settings(data, ports)),
    ...way.env(folder),
  };
  const begun = performance.now();
  const child = spawn(process.execPath, way.args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    const address = `127.0.0.1:${ports.grpc}`;
    while (!(await listens(ports.grpc))) {
      if (child.exitCode !== null) throw new Error(`${way.what} ended before it was ready.`);
      if (performance.now() - begun > TIMEOUT_MS) throw new Error(`${way.what} was not ready in time.`);
      await sleep(2);
    }
    const keyFile = join(data ?? '', 'service-key');
    await verify(address, existsSync(keyFile) ? readFileSync(keyFile, 'utf8').trim() : 'none');
    const ms = performance.now() - begun;
    await sleep(restMs);
    return { ms, mb: residentMb(child.pid ?? 0) };
  } finally {
    child.kill('SIGTERM');
    await exitCode(child);
  }
}

function settings(dataDir: string, { grpc, http }: Ports): Readonly<Record<string, string>> {
  return {
    TRUST_GRPC_ADDRESS: `127.0.0.1:${grpc}`,
    TRUST_HTTP_ADDRESS: `127.0.0.1:${http}`,
    TRUST_PUBLIC_URL: `http://127.0.0.1:${http}`,
    TRUST_DATA_DIR: dataDir,
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}

/** One call that passes authentication and decides; the session_id is a malformed one. */
async function verify(address: string, serviceKey: string): Promise<void> {
  const rpc = new RpcCaller(address, serviceKey);
  const request = VerifyRequest.encode(VerifyRequest.create({ sessionId: 'ts_' })).finish();
  const { failure } = await rpc.raw('/trust.v1.SessionService/Verify', request);
  rpc.close();
  if (failure !== undefined) throw new Error(`The first call failed: ${failure.message}`);
}
