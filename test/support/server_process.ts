// Starts the real server, as `npm run build` makes it, as a child process on free ports and in a fresh data folder.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { buildServer } from '../../scripts/build_server.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const KEPT_OUTPUT = 1_000_000;
/** Arguments of `node` for the development server, after `npm start`. */
const DEVELOPMENT = ['server/dist/main.js', 'serve', '--dev'];
let built: Promise<void> | undefined;

export interface ServerOptions {
  /** Further environment, such as `{ TRUST_LOG_LEVEL: 'debug' }`. */
  readonly env?: Readonly<Record<string, string>>;
  /** A data folder that stays; by default a fresh one that `stop` and `kill9` leave and `remove` deletes. */
  readonly dataDir?: string;
  /** Arguments after `node`; by default those of the development server. */
  readonly args?: readonly string[];
  /** A command in front of `node`, which it becomes. */
  readonly through?: readonly string[];
  /** How long to wait until the server answers. Milliseconds. */
  readonly readyTimeout?: number;
  /** Certificate of the authority, if the server has TLS. */
  readonly ca?: Buffer;
}

export interface ServerProcess {
  /** `127.0.0.1:port` of the gRPC service. */
  readonly grpcAddress: string;
  /** Origin of the hosted pages, and issuer. */
  readonly publicUrl: string;
  /** `127.0.0.1:port` of the pages of this very server. */
  readonly httpAddress: string;
  /** The development key: service `dev`, all scopes, audiences `orders`, `billing` and `dev`. */
  readonly serviceKey: string;
  readonly dataDir: string;
  /** Process id of the running server; undefined when it does not run. */
  pid(): number | undefined;
  /** Asks it to end (SIGTERM), waits, and gives its exit code; null if it had to be killed after `timeout` ms. */
  stop(timeout?: number): Promise<number | null>;
  /** Ends it as a power cut would. */
  kill9(): Promise<void>;
  /** Starts it again on the same ports and data; a running one is stopped first. */
  restart(): Promise<void>;
  /** What it wrote to standard output and standard error so far, over all starts. */
  output(): string;
  /** Stops it and deletes a data folder that was made for it. */
  remove(): Promise<void>;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Starts a server and waits until it answers. Throws with its output if it does not. */
export async function startServer(options: ServerOptions = {}): Promise<ServerProcess> {
  const grpcAddress = `127.0.0.1:${await freePort()}`;
  const httpAddress = `127.0.0.1:${await freePort()}`;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'trust-layer-'));
  const env = {
    ...withoutSettings(process.env),
    TRUST_GRPC_ADDRESS: grpcAddress,
    TRUST_HTTP_ADDRESS: httpAddress,
    TRUST_PUBLIC_URL: `http://${httpAddress}`,
    TRUST_DATA_DIR: dataDir,
    ...options.env,
  };
  if (options.args === undefined) {
    // Once a process, and only if a source was changed since.
    built ??= buildServer({ ifOlder: true });
    await built;
  }
  const args = options.args ?? DEVELOPMENT;
  const run = new Run([...(options.through ?? []), process.execPath, ...args], env);
  const publicUrl = env.TRUST_PUBLIC_URL;
  const ready = () => waitUntilReady(run, { grpcAddress, publicUrl, ca: options.ca }, options.readyTimeout ?? 30_000);
  const remove = async () => {
    await run.end('SIGTERM', 10_000);
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    run.start();
    await ready();
  } catch (error) {
    await remove();
    throw error;
  }
  const keyFile = join(dataDir, 'service-key');
  return {
    grpcAddress,
    publicUrl,
    httpAddress: env.TRUST_HTTP_ADDRESS,
    serviceKey: existsSync(keyFile) ? readFileSync(keyFile, 'utf8').trim() : '',
    dataDir,
    pid: () => run.pid(),
    stop: (timeout = 15_000) => run.end('SIGTERM', timeout),
    kill9: async () => void (await run.end('SIGKILL', 5_000)),
    async restart() {
      await run.end('SIGTERM', 15_000);
      run.start();
      await ready();
    },
    output: () => run.output,
    remove,
  };
}

/** The environment without what would set up another server. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('TRUST_') && name !== 'DATABASE_URL'),
  );
}

class Run {
  output = '';
  #child: ChildProcess | undefined;
  #ended: Promise<number | null> = Promise.resolve(0);
  readonly #args: readonly string[];
  readonly #env: NodeJS.ProcessEnv;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#args = args;
    this.#env = env;
  }

  start(): void {
    const [file = '', ...args] = this.#args;
    const child = spawn(file, args, { cwd: ROOT, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: Buffer) => {
      this.output = (this.output + chunk.toString('utf8')).slice(-KEPT_OUTPUT);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.output += `${error.message}\n`;
        this.#child = undefined;
        resolve(null);
      });
      child.once('exit', (code) => {
        this.#child = undefined;
        resolve(code);
      });
    });
  }

  pid(): number | undefined {
    return this.#child?.pid;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL', timeout: number): Promise<number | null> {
    const child = this.#child;
    if (!child) return this.#ended;
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), timeout);
    const code = await this.#ended;
    clearTimeout(late);
    return code;
  }
}

type Doors = { readonly grpcAddress: string; readonly publicUrl: string; readonly ca: Buffer | undefined };

async function waitUntilReady(run: Run, { grpcAddress, publicUrl, ca }: Doors, timeout: number): Promise<void> {
  const until = performance.now() + timeout;
  for (;;) {
    if ((await isServing(grpcAddress, ca)) && (await answersHttp(publicUrl))) return;
    if (run.pid() === undefined) throw new Error(`The server ended before it was ready.\n${run.output}`);
    if (performance.now() > until) throw new Error(`The server was not ready within ${timeout} ms.\n${run.output}`);
    await sleep(50);
  }
}

const identity = (bytes: Buffer): Buffer => bytes;
const HealthClient = makeGenericClientConstructor(
  {
    check: {
      path: '/grpc.health.v1.Health/Check',
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  },
  'grpc.health.v1.Health',
);

type Check = (
  request: Buffer,
  options: { deadline: number },
  callback: (error: Error | null, answer?: Buffer) => void,
) => void;

/** Whether gRPC health answers SERVING (field 1, value 1). */
async function isServing(address: string, ca: Buffer | undefined): Promise<boolean> {
  const client = new HealthClient(
    address,
    ca ? credentials.createSsl(ca) : credentials.createInsecure(),
    ca ? { 'grpc.ssl_target_name_override': 'localhost' } : {},
  );
  try {
    return await new Promise<boolean>((resolve) => {
      const check = (client.check as unknown as Check).bind(client);
      check(Buffer.alloc(0), { deadline: Date.now() + 1_000 }, (error, answer) => {
        resolve(error === null && answer !== undefined && answer[0] === 8 && answer[1] === 1);
      });
    });
  } finally {
    client.close();
  }
}

async function answersHttp(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
