// A client that watches a fake server, with clocks that the test sets.
import assert from 'node:assert/strict';
import { TrustClient, type TrustClientOptions, TrustLayerError } from '../index.ts';
import { type Answer, activeVerdict, type FakeServer, SESSION_ID, startFakeServer } from './fake_server.ts';
import { FakeClocks, type FakeStream, FakeWatch } from './fake_watch.ts';

export const HANDLE = 'ses_1';
export const IDENTITY = 'idn_1';

export interface WatchWorld {
  readonly clocks: FakeClocks;
  readonly watch: FakeWatch;
  readonly server: FakeServer;
  readonly client: TrustClient;
  /** How often the server was asked for a verdict. */
  asked(): number;
  stop(): void;
}

/** A yes as of now; the database's clock is the fake wall clock. */
export function yes(clocks: FakeClocks, session: object = {}, identity: object = {}): ReturnType<typeof activeVerdict> {
  return activeVerdict({
    session: {
      handle: HANDLE,
      tenantId: 'default',
      identityId: IDENTITY,
      version: 1n,
      epoch: 1n,
      lastUsedAt: new Date(clocks.wall),
      expiresAt: new Date(clocks.wall + 86_400_000),
      idleTimeoutSeconds: 3_600,
      ...session,
    },
    identity: {
      id: IDENTITY,
      displayName: 'Ada',
      roles: ['admin'],
      epoch: 1n,
      version: 1n,
      metadata: { a: 'b' },
      ...identity,
    },
  });
}

export const no = () => ({ verdict: { answer: { $case: 'rejected', value: { reason: 4 } } } });

export async function watchWorld(
  answers: Record<string, Answer> = {},
  options: Partial<TrustClientOptions> = {},
): Promise<WatchWorld> {
  const clocks = new FakeClocks();
  const watch = new FakeWatch(clocks);
  const server = await startFakeServer({ verify: () => yes(clocks), ...answers }, { watch: watch.serve });
  const client = new TrustClient({ address: server.address, clocks: clocks.read, ...options });
  const asked = () => server.calls.filter(({ name }) => /verify$/i.test(name)).length;
  const stop = () => {
    client.close();
    server.stop();
  };
  return { clocks, watch, server, client, asked, stop };
}

/** The stream that the first question opens, with a lease, and the session in memory. */
export async function warm({ client, watch, asked }: WatchWorld): Promise<FakeStream> {
  await client.verify(SESSION_ID);
  const stream = await watch.streams.take();
  await stream.prove();
  assert(await client.awaitLease());
  await client.verify(SESSION_ID);
  const before = asked();
  assert.equal((await client.verify(SESSION_ID)).active, true);
  assert.equal(asked(), before, 'it was answered from memory');
  return stream;
}

/** Settles at the next change that the client is told of. */
export const told = (client: TrustClient) =>
  new Promise<void>((resolve) => {
    const stop = client.onChange(() => {
      stop();
      resolve();
    });
  });

export async function failureOf(promise: Promise<unknown>): Promise<TrustLayerError> {
  const error = await promise.then(
    () => assert.fail('it succeeded'),
    (thrown: unknown) => thrown,
  );
  assert(error instanceof TrustLayerError, String(error));
  return error;
}
