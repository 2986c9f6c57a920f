// The whole server in this process, on a real database: for what needs another clock, or a store that fails when the test says so.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Composition, compose } from '../../server/src/compose.ts';
import type { OauthProviders } from '../../server/src/features/oauth/store.ts';
import { createHasher, type Hasher } from '../../server/src/features/password/hasher.ts';
import type { RateLimits } from '../../server/src/features/rate_limit/rate_limit.ts';
import { createServiceKey } from '../../server/src/features/service_key/change_service_key.ts';
import { SCOPES } from '../../server/src/features/service_key/service_key.ts';
import { ensureDefaultTenant } from '../../server/src/features/tenant/read_settings.ts';
import { altcha } from '../../server/src/flood/altcha.ts';
import { startGrpc } from '../../server/src/grpc/server.ts';
import { createLog } from '../../server/src/log.ts';
import { openStore, type Store } from '../../server/src/store/store.ts';
import { fakeStrength } from './password_world.ts';
import { RpcCaller } from './rpc_caller.ts';
import { WIDE_LIMITS } from './world.ts';

/** `sessions.readByDigest` and so on. */
export type StoreCall =
  `${Exclude<keyof Store, 'database' | 'migrate' | 'pendingMigrations' | 'ping' | 'close'>}.${string}`;

export type Control = {
  /** Runs before each call of a port; what it throws is thrown instead of the call. */
  before: ((call: StoreCall) => Promise<void> | void) | undefined;
  /** Runs after a call succeeded; what it throws is thrown although the call was done. */
  after: ((call: StoreCall) => Promise<void> | void) | undefined;
  /** Every call of a port, in order. */
  readonly calls: StoreCall[];
};

export type ComposedServer = {
  readonly rpc: RpcCaller;
  readonly address: string;
  readonly node: Composition;
  readonly control: Control;
  readonly store: Store;
  /** The clock of the server: `frozen`, else real time plus `ahead`; milliseconds. */
  readonly time: { ahead: number; frozen: number | undefined };
  readonly lines: string[];
  close(): Promise<void>;
};

export const ISSUER = 'http://127.0.0.1:8080';
export const RETURN_TO = 'http://localhost/auth/callback';

export type ComposedOptions = {
  readonly databaseUrl?: string;
  readonly issuer?: string;
  /** Name of the calling service; it may ask for tokens of `dev` and `orders`. */
  readonly service?: string;
  readonly frozen?: number;
  /** Those of a first start; by default none that a test meets. */
  readonly rateLimits?: RateLimits;
  readonly hasher?: Hasher;
  readonly masterKey?: Uint8Array;
  readonly oauthProviders?: OauthProviders;
  /** Whether mails are written, to be read by `node.readOutbox`. */
  readonly mail?: boolean;
};

/** Starts it on a file of its own, or on `databaseUrl`. */
export async function composedServer(options: ComposedOptions = {}): Promise<ComposedServer> {
  const { databaseUrl, issuer = ISSUER, service: name = 'dev' } = options;
  const folder = mkdtempSync(join(tmpdir(), 'trust-layer-'));
  const store = await openStore({ databaseUrl: databaseUrl ?? `file:${join(folder, 'trust-layer.db')}` });
  await store.migrate();
  const control: Control = { before: undefined, after: undefined, calls: [] };
  const time = { ahead: 0, frozen: options.frozen };
  const clock = () => time.frozen ?? Date.now() + time.ahead;
  const random = (size: number) => randomBytes(size);
  // The least that argon2 takes: what a hash costs is not at stake here.
  const hasher =
    options.hasher ?? (await createHasher({ memoryKib: 64, passes: 1, concurrency: 2, queue: 100, random }));
  const config = { publicUrl: issuer, signingAlg: 'EdDSA', signingRotationDays: 0 } as const;
  // The clock of the database goes with the server's.
  const watched = { ...watchedStore(store, control), changes: { ...store.changes, ...clocked(store.changes, clock) } };
  const firstSettings = { returnTo: [RETURN_TO], rateLimits: options.rateLimits ?? WIDE_LIMITS };
  const node = compose({
    store: watched,
    config,
    firstSettings,
    masterKey: options.masterKey ?? random(32),
    hasher,
    strength: fakeStrength,
    proofOfWork: altcha({ secret: 'of the tests', clock }),
    clock,
    monotonic: () => performance.now(),
    random,
    oauthProviders: options.oauthProviders ?? [],
    mail: options.mail ? { deliver: undefined, open: true } : undefined,
  });
  await ensureDefaultTenant({ tenants: store.tenants, clock }, firstSettings);
  await node.ensureSigningKey('default');
  const service = { tenantId: 'default', name, scopes: SCOPES, audiences: ['dev', 'orders'], certificateNames: [] };
  await node.putService('operator', service);
  const { secret } = await createServiceKey(node.keyDeps, { tenantId: 'default', actor: 'operator', service: name });
  const lines: string[] = [];
  const grpc = await startGrpc({
    address: { host: '127.0.0.1', port: 0 },
    handlers: node.handlers,
    authenticate: node.authenticate,
    ping: watched.ping,
    log: createLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } }),
    deadlineMs: 10_000,
    drainMs: 200,
  });
  const rpc = new RpcCaller(grpc.address, secret);
  control.calls.length = 0;
  return {
    rpc,
    address: grpc.address,
    node,
    control,
    store,
    time,
    lines,
    async close() {
      control.before = undefined;
      control.after = undefined;
      rpc.close();
      await grpc.drain();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function clocked({ readAfter, readGaps }: Store['changes'], clock: () => number) {
  const changes: Pick<Store['changes'], 'readAfter' | 'readGaps'> = {
    readAfter: async (position, limit) => ({ ...(await readAfter(position, limit)), databaseTime: clock() }),
    readGaps: async (gaps, limit) => ({ ...(await readGaps(gaps, limit)), databaseTime: clock() }),
  };
  return changes;
}

type Port = Readonly<Record<string, (...values: readonly unknown[]) => Promise<unknown>>>;

function watchedStore(store: Store, control: Control): Store {
  const watchedPort = (name: string, port: Port): Port =>
    Object.fromEntries(
      Object.entries(port).map(([method, run]) => [
        method,
        async (...values: readonly unknown[]) => {
          const call = `${name}.${method}` as StoreCall;
          control.calls.push(call);
          await control.before?.(call);
          const answer = await run(...values);
          await control.after?.(call);
          return answer;
        },
      ]),
    );
  const ports = Object.entries(store).map(([name, part]) =>
    // The feed is read in the background too.
    typeof part === 'object' && name !== 'database' && name !== 'changes'
      ? [name, watchedPort(name, part as Port)]
      : [name, part],
  );
  return Object.fromEntries(ports) as Store;
}
