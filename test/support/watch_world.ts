// The real pipeline, features and store in this process, and a watcher that keeps no rule.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { type CallFailure, readFailure } from '../../server/src/cli/failure.ts';
import { compose } from '../../server/src/compose.ts';
import {
  type Change,
  SessionServiceService,
  type WatchRequest,
  type WatchResponse,
} from '../../server/src/contract/gen/trust/v1/session.ts';
import { createServiceKey } from '../../server/src/features/service_key/change_service_key.ts';
import { SCOPES, type Scope } from '../../server/src/features/service_key/service_key.ts';
import { ensureDefaultTenant } from '../../server/src/features/tenant/read_settings.ts';
import { type GrpcOptions, startGrpc } from '../../server/src/grpc/server.ts';
import { createLog } from '../../server/src/log.ts';
import { openStore } from '../../server/src/store/store.ts';

/** One Watch stream. */
export class Watcher {
  readonly messages: NonNullable<WatchResponse['message']>[] = [];
  readonly changes: Change[] = [];
  /** Handles of the sessions that were told to have ended. */
  readonly revoked: string[] = [];
  /** What it ended with; `end` without an error. */
  readonly ended: Promise<CallFailure | 'end'>;
  readonly stream: ClientDuplexStream<WatchRequest, WatchResponse>;
  over = false;
  readonly #wakes = new Set<() => void>();
  readonly #client: Client;
  #pings = 0n;

  constructor(address: string, key: string, { paused = false, channel = {} } = {}) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      ...channel,
    });
    const { path, requestSerialize, responseDeserialize } = SessionServiceService.watch;
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${key}`);
    this.stream = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    this.ended = new Promise((resolve) => {
      const end = (how: CallFailure | 'end') => {
        this.over = true;
        for (const wake of this.#wakes) wake();
        resolve(how);
      };
      this.stream.on('error', (error) => end(readFailure(error as ServiceError)));
      this.stream.on('end', () => end('end'));
    });
    if (!paused) this.read();
  }

  read(): void {
    this.stream.on('data', ({ message }: WatchResponse) => {
      if (message !== undefined) this.messages.push(message);
      if (message?.$case === 'change') this.#take(message.value);
      for (const wake of this.#wakes) wake();
    });
  }

  send(message: WatchRequest['message']): void {
    this.stream.write({ message });
  }

  start(tenantId = ''): this {
    this.send({ $case: 'start', value: { tenantId } });
    return this;
  }

  async started(tenantId = ''): Promise<this> {
    this.start(tenantId);
    await this.until(() => this.messages.some(({ $case }) => $case === 'ready'));
    return this;
  }

  /** Sends the next ping and waits for its pong. */
  async ping(): Promise<void> {
    this.#pings += 1n;
    const number = this.#pings;
    this.send({ $case: 'ping', value: { number } });
    await this.until(() => this.messages.some((one) => one.$case === 'pong' && one.value.number >= number));
  }

  #take(change: Change): void {
    this.changes.push(change);
    const { subject } = change;
    if (subject?.$case === 'session' && subject.value.revoked) this.revoked.push(subject.value.handle);
  }

  /** Waits until something holds; fails once the stream is over or after `ms`. */
  async until(holds: () => boolean, ms = 5_000): Promise<void> {
    const limit = performance.now() + ms;
    while (!holds()) {
      if (this.over) throw new Error('the stream is over');
      if (performance.now() > limit) throw new Error(`waited ${ms} ms in vain`);
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#wakes.delete(wake);
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(wake, 100);
        this.#wakes.add(wake);
      });
    }
  }

  close(): void {
    this.stream.on('error', () => {});
    this.stream.cancel();
    this.#client.close();
  }
}

/** A server on an empty libSQL file. `tenants` besides `default` exist from the start. */
export async function watchWorld(options: Partial<GrpcOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'trust_watch_'));
  const store = await openStore({ databaseUrl: `file:${join(directory, 'data.db')}` });
  await store.migrate();
  await ensureDefaultTenant({ tenants: store.tenants, clock: Date.now }, {});
  const reads = { hold: undefined as Promise<void> | undefined, count: 0, failure: undefined as Error | undefined };
  const changes: typeof store.changes = {
    ...store.changes,
    async readAfter(position, limit) {
      reads.count += 1;
      await reads.hold;
      if (reads.failure !== undefined) throw reads.failure;
      return store.changes.readAfter(position, limit);
    },
  };
  const node = compose({
    store: { ...store, changes },
    config: { publicUrl: 'http://localhost', signingAlg: 'EdDSA', signingRotationDays: 0 },
    masterKey: randomBytes(32),
    hasher: {} as never,
    strength: {} as never,
    proofOfWork: {} as never,
    clock: Date.now,
    monotonic: () => performance.now(),
    random: randomBytes,
  });
  const server = await startGrpc({
    address: { host: '127.0.0.1', port: 0 },
    handlers: node.handlers,
    authenticate: node.authenticate,
    ping: store.ping,
    log: createLog({ level: 'silent' }),
    deadlineMs: 5_000,
    drainMs: 2_000,
    ...options,
  });
  const target = `127.0.0.1:${server.port}`;
  const watchers: Watcher[] = [];
  let names = 0;

  /** A service with a key. */
  const key = async (tenantId = 'default', scopes: readonly Scope[] = SCOPES, lifetime?: number) => {
    names += 1;
    const name = `svc-${names}`;
    const rights = { tenantId, name, scopes, audiences: [], certificateNames: [] };
    await node.putService('test', rights);
    const who = { tenantId, actor: 'test', service: name };
    const { secret, key: made } = await createServiceKey(node.keyDeps, { ...who, lifetime });
    return { secret, name, id: made.id };
  };
  const good = await key();

  return {
    store,
    node,
    server,
    target,
    reads,
    key,
    good,
    watcher(secret = good.secret, more: ConstructorParameters<typeof Watcher>[2] = {}): Watcher {
      const watcher = new Watcher(target, secret, more);
      watchers.push(watcher);
      return watcher;
    },
    /** Appends changes to the feed of a tenant: ends of sessions that never were. */
    async revoke(count = 1, tenantId = 'default'): Promise<readonly string[]> {
      const handles = Array.from({ length: count }, () => `ses_${randomBytes(16).toString('hex')}`);
      for (let from = 0; from < count; from += 100) {
        const some = handles.slice(from, from + 100);
        const told = some.map((handle) => ({ tenantId, kind: 'session' as const, handle, version: 2, revoked: true }));
        const after = { id: `t-${randomBytes(8).toString('hex')}`, publicUrl: '', settings: {} as never, version: 1 };
        const tenant = await store.tenants.insertIfAbsent({ ...after, createdAt: 0, updatedAt: 0 });
        await store.tenants.replace(tenant, { ...tenant, version: 2 }, { changes: told, events: [] });
      }
      return handles;
    },
    async close() {
      for (const watcher of watchers) watcher.close();
      await server.drain();
      await wait(50);
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export type WatchWorld = Awaited<ReturnType<typeof watchWorld>>;
