// What is measured: the real server, on a folder that may hold sessions, and the baseline.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { SessionServiceService } from '../server/src/contract/gen/trust/v1/session.ts';
import { digestOf, newSessionId } from '../server/src/kernel/secret.ts';
import { openStore } from '../server/src/store/store.ts';
import { RpcCaller } from '../test/support/rpc_caller.ts';
import { type ServerOptions, type ServerProcess, startServer } from '../test/support/server_process.ts';
import { fill } from './fill.ts';
import { bind, exitCode, onCore } from './processes.ts';
import { progress } from './report.ts';

const BATCH = 256;
/** How often a server writes the uses that it has noted. */
const FLUSHED_EVERY_MS = 5_000;

/** Runs `work` with a temporary folder. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'trust_bench_'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A running server and sessions of it: a file with a session_id a line. */
export type Filled = {
  readonly server: ServerProcess;
  readonly pid: number;
  readonly sessionIds: string;
  readonly anySessionId: string;
};

/** Starts a server on a folder that holds so many sessions, bound to a core. */
export async function startFilled(
  folder: string,
  sessions: number,
  core: number | undefined,
  options: Pick<ServerOptions, 'env' | 'args'> = {},
): Promise<Filled> {
  progress(`making ${sessions.toLocaleString('en-US')} sessions`);
  const dataDir = join(folder, `data_${sessions}`);
  const databaseUrl = `file:${join(dataDir, 'trust.db')}`;
  const store = await openStore({ databaseUrl });
  await store.migrate();
  await store.close();
  const ids = Array.from({ length: sessions }, () => newSessionId(randomBytes));
  await fill(
    databaseUrl,
    ids.map((id) => digestOf('session_id', id)),
  );
  const sessionIds = join(folder, `sessions_${sessions}`);
  writeFileSync(sessionIds, ids.join('\n'), { mode: 0o600 });
  const server = await startServer({
    ...options,
    dataDir,
    env: { DATABASE_URL: databaseUrl, TRUST_LOG_LEVEL: 'warn', ...options.env },
  });
  const pid = server.pid() ?? 0;
  bind(pid, core);
  return { server, pid, sessionIds, anySessionId: ids[0] ?? '' };
}

/** Has every session in the memory of the node, and its use written. */
export async function warm({ server, sessionIds }: Filled): Promise<void> {
  const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
  try {
    const ids = readFileSync(sessionIds, 'utf8').split('\n');
    // Under a lease from the second call on at the latest.
    for (const round of [ids.slice(0, BATCH), ids]) {
      for (let from = 0; from < round.length; from += BATCH)
        await rpc.ok('SessionService', 'batchVerify', { sessionIds: round.slice(from, from + BATCH) });
    }
    await sleep(2 * FLUSHED_EVERY_MS);
  } finally {
    rpc.close();
  }
}

/** The bytes with which a server answers Verify of an active session. */
export async function verifyAnswer({ server, anySessionId }: Filled): Promise<Buffer> {
  const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
  try {
    const answer = await rpc.ok('SessionService', 'verify', { sessionId: anySessionId });
    if (answer.verdict?.answer?.$case !== 'active') throw new Error('A session of the benchmark is not active.');
    return SessionServiceService.verify.responseSerialize(answer);
  } finally {
    rpc.close();
  }
}

export type Echo = { readonly address: string; readonly pid: number; stop(): Promise<void> };

/** Starts the baseline, which answers with `reply`. */
export async function startEcho(
  reply: Buffer,
  core: number | undefined,
  method: 'Verify' | 'BatchVerify' = 'Verify',
): Promise<Echo> {
  const child: ChildProcess = spawn(...onCore(core, [process.execPath, 'bench/echo_server.ts', method]), {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin?.end(reply);
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
  const [address] = (await Promise.race([once(lines, 'line'), once(child, 'close')])) as [unknown];
  if (typeof address !== 'string' || child.pid === undefined) throw new Error('The echo server did not start.');
  return {
    address,
    pid: child.pid,
    stop: async () => {
      child.kill('SIGKILL');
      await exitCode(child);
    },
  };
}
