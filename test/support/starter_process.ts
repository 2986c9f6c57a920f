// Starts a starter by its npm script, as a reader of the guide does, against a server of `server_process.ts`.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Context } from 'mocha';
import { freePort, type ServerProcess } from './server_process.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The first start fetches and builds what the starter depends on. Milliseconds. */
export const FIRST_START = 300_000;

export type Starter = 'express' | 'fastapi' | 'go';

export interface StarterProcess {
  /** Its `PUBLIC_URL`. */
  readonly url: string;
  /** What it wrote to standard output and standard error so far. */
  output(): string;
  /** What Ctrl-C in its terminal does: SIGINT to every process of it. Gives whether they all ended in 10 s. */
  interrupt(): Promise<boolean>;
}

/** Skips a suite where the language of the starter is missing, and says so; under CI it fails. */
export function needsLanguage(starter: Starter, test: Context): void {
  const absence = starter === 'express' ? undefined : absenceOf(starter);
  if (absence === undefined) return;
  assert.notEqual(process.env.CI, 'true', absence);
  console.log(`      skipped: ${absence}`);
  test.skip();
}

function absenceOf(starter: 'fastapi' | 'go'): string | undefined {
  const [command, args] =
    starter === 'go'
      ? ['go', ['version']]
      : ['python3', ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))']];
  const { status } = spawnSync(command, args);
  return status === 0 ? undefined : starter === 'go' ? 'no Go' : 'no Python 3.10 or later with venv';
}

/** Starts one and waits until it answers. Throws with its output if it does not. */
export async function startStarter(
  starter: Starter,
  server: ServerProcess,
  change: Readonly<Record<string, string>> = {},
): Promise<StarterProcess> {
  const port = await threeFreePorts();
  const url = `http://localhost:${port}`;
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('TRUST_'));
  const env = {
    ...Object.fromEntries(own),
    PORT: String(port),
    PUBLIC_URL: url,
    TRUST_ADDRESS: server.grpcAddress,
    TRUST_PAGES_URL: server.publicUrl,
    TRUST_SERVICE_KEY_FILE: join(server.dataDir, 'service-key'),
    TRUST_ORDERS_KEY_FILE: join(server.dataDir, 'service-key.orders'),
    ...change,
  };
  // A process group of its own, so that a signal reaches what npm started too.
  const child = spawn('npm', ['run', '--silent', `starter:${starter}`], { cwd: ROOT, env, detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  // Closed when the last process that could write has ended.
  let closed = false;
  const end = once(child, 'close').then(() => {
    closed = true;
  });
  const signal = async (name: NodeJS.Signals, timeout: number) => {
    if (!closed && child.pid !== undefined) process.kill(-child.pid, name);
    await Promise.race([end, sleep(timeout, undefined, { ref: false })]);
    return closed;
  };
  const interrupt = async () => {
    const inTime = await signal('SIGINT', 10_000);
    if (!inTime) await signal('SIGKILL', 5_000);
    return inTime;
  };
  const until = performance.now() + FIRST_START;
  while (!(await answers(url))) {
    if (!closed && performance.now() < until) {
      await sleep(100);
      continue;
    }
    await interrupt();
    throw new Error(`The starter ${closed ? 'ended' : 'was too late'}.\n${output}`);
  }
  return { url, output: () => output, interrupt };
}

/** The first of three free ports in a row: the app and the two services behind it. */
async function threeFreePorts(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if ((await isFree(port + 1)) && (await isFree(port + 2))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  if (port > 65_535) return false;
  const server = createServer();
  try {
    server.listen(port);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
