// Trust Tokens under the lease: kept ones, the verifier that watches, keys by the stream.
import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { TrustTokenError, Verifier, type VerifierOptions, WatchKeySource } from '../index.ts';
import { StaticKeySource } from '../key_source.ts';
import { fault, OTHER_SESSION_ID, SESSION_ID } from '../testing/fake_server.ts';
import type { FakeStream } from '../testing/fake_watch.ts';
import { claims, jwks, NOW, token, verifierOf } from '../testing/tokens.ts';
import { failureOf, HANDLE, IDENTITY, told, type WatchWorld, warm, watchWorld } from '../testing/watch_world.ts';

const mine = (changes: object = {}) => token({ payload: claims({ sid: HANDLE, sub: IDENTITY, ...changes }) });

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return 'ok';
  assert(error instanceof TrustTokenError, String(error));
  return error.code;
}

describe('watch: Trust Tokens', function () {
  this.timeout(20_000);
  const open: { stop(): void }[] = [];
  afterEach(() => {
    for (const item of open.splice(0)) item.stop();
  });

  async function world(...given: Parameters<typeof watchWorld>): Promise<WatchWorld> {
    const made = await watchWorld(...given);
    made.clocks.wall = NOW * 1_000;
    open.push(made);
    return made;
  }

  const session = (version: bigint, revoked = false) =>
    ({ subject: { $case: 'session', value: { handle: HANDLE, version, revoked } } }) as never;
  const identity = (epoch: bigint, version: bigint) =>
    ({ subject: { $case: 'identity', value: { identityId: IDENTITY, epoch, version } } }) as never;
  const signingKey = (kid: string, retired: boolean) =>
    ({ subject: { $case: 'signingKey', value: { kid, retired } } }) as never;

  async function changed(one: WatchWorld, stream: FakeStream, change: never): Promise<void> {
    const arrived = told(one.client);
    stream.change(change);
    await arrived;
  }

  /** A world whose server issues a new token each time, and how often it has. */
  async function issuing(): Promise<{ one: WatchWorld; issued: () => number; last: () => Record<string, unknown> }> {
    let version = 1;
    let count = 0;
    const one = await world({
      issueTrustToken: () => {
        count += 1;
        return { trustToken: mine({ jti: `jti-${count}`, ver: version, epoch: version }) };
      },
      revokeSession: () => ({ handle: 'ses_2', version: 2n }),
    });
    // The session lives on in a higher version and epoch.
    one.client.onChange(({ kind }) => {
      if (kind !== 'service_changed') version = 2;
    });
    const last = () => one.server.calls.filter(({ name }) => name === 'issueTrustToken').at(-1)?.request ?? {};
    return { one, issued: () => count, last };
  }

  it('SDK-38 keeps a token for 80 % of its life, for one session_id, audience, scope and lifetime', async () => {
    const { one, issued, last } = await issuing();
    await one.client.trustToken(SESSION_ID, 'orders');
    const stream = await one.watch.streams.take();
    await stream.prove();
    assert(await one.client.awaitLease());
    const get = (...given: Parameters<typeof one.client.trustToken>) => one.client.trustToken(...given);
    const first = await get(SESSION_ID, 'orders');
    assert.equal(issued(), 2, 'what was asked for before the first pong is not kept');
    assert.equal(await get(SESSION_ID, 'orders'), first);
    assert.equal(issued(), 2);
    await get(SESSION_ID, 'orders', { scope: ['a', 'b'], lifetimeSeconds: 30 });
    assert.deepEqual([last().scope, last().lifetimeSeconds], [['a', 'b'], 30]);
    await get(SESSION_ID, 'orders', { scope: ['a b'], lifetimeSeconds: 30 });
    await get(SESSION_ID, 'orders', { lifetimeSeconds: 30 });
    await get(SESSION_ID, 'billing');
    await get(OTHER_SESSION_ID, 'orders');
    assert.equal(issued(), 7);
    one.clocks.advance(47_000);
    await stream.renew();
    assert(await one.client.awaitLease());
    assert.equal(await get(SESSION_ID, 'orders'), first);
    one.clocks.advance(1_500);
    assert.notEqual(await get(SESSION_ID, 'orders'), first);
    one.clocks.advance(2_000);
    await get(SESSION_ID, 'orders');
    await get(SESSION_ID, 'orders');
    assert.equal(issued(), 10, 'none without a lease');
  });

  for (const [what, change] of [
    ['session', session(2n)],
    ['identity’s epoch', identity(2n, 1n)],
    ['identity’s facts', identity(1n, 2n)],
    ['signing key', signingKey('key-1', true)],
    ['tenant', { subject: { $case: 'tenant', value: { version: 2n } } } as never],
  ] as const) {
    it(`SDK-38 asks anew when a change names the ${what}`, async () => {
      const { one, issued } = await issuing();
      const stream = await warm(one);
      await one.client.trustToken(SESSION_ID, 'orders');
      await one.client.trustToken(SESSION_ID, 'orders');
      await changed(one, stream, { subject: { $case: 'service', value: { service: 'x' } } } as never);
      await one.client.trustToken(SESSION_ID, 'orders');
      assert.equal(issued(), 1);
      await changed(one, stream, change);
      one.clocks.advance(1);
      await one.client.trustToken(SESSION_ID, 'orders');
      assert.equal(issued(), 2);
    });
  }

  it('SDK-38 those who ask at once get one token, and one that a change overtook is not kept', async () => {
    const waiting: ((answer: object) => void)[] = [];
    const one = await world({ issueTrustToken: () => new Promise((go) => waiting.push(go)) });
    const stream = await warm(one);
    const both = [one.client.trustToken(SESSION_ID, 'orders'), one.client.trustToken(SESSION_ID, 'orders')];
    const until = async (count: number) => {
      while (waiting.length < count) await new Promise(setImmediate);
    };
    await until(1);
    await changed(one, stream, identity(1n, 2n));
    const third = one.client.trustToken(SESSION_ID, 'orders');
    await until(2);
    waiting[0]?.({ trustToken: mine({ jti: 'a' }) });
    const [a, b] = await Promise.all(both);
    assert.equal(a, b);
    waiting[1]?.({ trustToken: mine({ jti: 'b' }) });
    const kept = await third;
    assert.equal(await one.client.trustToken(SESSION_ID, 'orders'), kept);
    assert.equal(waiting.length, 2);
  });

  it('SDK-38 an error is an error and is not kept', async () => {
    let down = true;
    const one = await world({
      issueTrustToken: () => {
        if (down) throw fault(status.FAILED_PRECONDITION, { reason: 'SESSION_REJECTED' });
        return { trustToken: mine() };
      },
    });
    await warm(one);
    assert.equal((await failureOf(one.client.trustToken(SESSION_ID, 'orders'))).reason, 'SESSION_REJECTED');
    down = false;
    assert.equal(await one.client.trustToken(SESSION_ID, 'orders'), mine());
  });

  const watching = (one: WatchWorld, options: Partial<VerifierOptions> = {}) =>
    verifierOf({ clock: undefined, watch: one.client, ...options });

  it('SDK-39 TOK-28 refuses a token of an ended session, a past epoch or a retired key, lease or not', async () => {
    for (const change of [session(2n), session(1n, true), identity(2n, 1n), signingKey('key-1', true)]) {
      const one = await world();
      const stream = await warm(one);
      const verifier = watching(one);
      const good = mine();
      for (const _ of [1, 2]) assert.equal(await codeOf(verifier.verify(good)), 'ok');
      await changed(one, stream, change);
      for (const _ of [1, 2]) assert.equal(await codeOf(verifier.verify(good)), 'TOKEN_REVOKED');
      assert.equal(await codeOf(watching(one).verify(good)), 'TOKEN_REVOKED');
      one.clocks.advance(5_000);
      assert.equal(await codeOf(verifier.verify(good)), 'TOKEN_REVOKED');
    }
  });

  it('SDK-39 TOK-29 waits for a lease, and refuses without one', async () => {
    const one = await world({}, { timeoutMs: 300 });
    const verifier = watching(one);
    const first = verifier.verify(mine());
    const stream = await one.watch.streams.take();
    await stream.prove();
    assert.equal(await codeOf(first), 'ok');
    one.clocks.advance(2_000);
    assert.equal(await codeOf(verifier.verify(mine())), 'LEASE_LOST');
    const waits = verifier.verify(mine());
    await stream.renew();
    assert.equal(await codeOf(waits), 'ok');
    await assert.rejects(verifier.verify('x'), { code: 'TOKEN_MALFORMED', reason: 'TRUST_TOKEN_REJECTED' });
    one.clocks.advance(2_000);
    await assert.rejects(verifier.verify(mine()), { code: 'LEASE_LOST', reason: 'LEASE_LOST' });
  });

  it('SDK-39 judges the instants again after a wait, and of a token that was good before', async () => {
    const one = await world();
    const verifier = watching(one);
    const stream = await warm(one);
    const short = mine({ iat: NOW - 10, exp: NOW + 10 });
    assert.equal(await codeOf(verifier.verify(short)), 'ok');
    one.clocks.advance(16_000);
    assert.equal(await codeOf(verifier.verify(short)), 'TOKEN_EXPIRED');
    const waits = codeOf(verifier.verify(mine({ iat: NOW, exp: NOW + 30 })));
    await new Promise(setImmediate);
    one.clocks.advance(20_000);
    await stream.renew();
    assert.equal(await waits, 'TOKEN_EXPIRED');
  });

  it('SDK-39 WAT-17 a clock that is behind that of the database by more than 20 s cannot tell', async () => {
    const one = await world();
    await one.client.verify(SESSION_ID);
    const stream = await one.watch.streams.take();
    stream.ready();
    stream.pong(await stream.pings.take(), one.clocks.wall + 20_001);
    assert(await one.client.awaitLease());
    assert.equal(await codeOf(watching(one).verify(mine())), 'LEASE_LOST');
  });

  it('SDK-39 gives claims that no caller can change for the next', async () => {
    const one = await world();
    await warm(one);
    const verifier = watching(one);
    const first = await verifier.verify(mine());
    assert.throws(() => (first.amr as string[]).push('otp'), TypeError);
    assert.deepEqual(await verifier.verify(mine()), first);
  });

  it('SDK-39 needs a client of its tenant, and its clocks', async () => {
    const one = await world();
    assert.throws(() => watching(one, { tenantId: 'other' }), TypeError);
    assert.throws(() => watching(one, { clock: Date.now }), TypeError);
    assert.throws(() => verifierOf({ clock: undefined, watch: {} as never }), TypeError);
  });

  it('SDK-40 reads keys over the channel, and again when a change names one', async () => {
    const [jwk] = jwks.keys;
    let names = ['key-1'];
    const one = await world({
      getTrustKeys: () => ({ keys: names.map((kid) => ({ kid, alg: 'EdDSA', jwk: JSON.stringify({ ...jwk, kid }) })) }),
    });
    const stream = await warm(one);
    const source = new WatchKeySource(one.client);
    const reads = () => one.server.calls.filter(({ name }) => name === 'getTrustKeys').length;
    assert.equal((await source.get('key-1'))?.kid, 'key-1');
    assert.equal((await source.get('key-1'))?.alg, 'EdDSA');
    assert.equal(reads(), 1);
    assert.equal(await source.get('key-2'), undefined);
    assert.equal(await source.get('key-2'), undefined);
    assert.equal(reads(), 2, 'an unknown one is looked for at most once in 10 s');
    names = ['key-1', 'key-2'];
    await changed(one, stream, signingKey('key-2', false));
    assert.equal((await source.get('key-2'))?.kid, 'key-2');
    assert.equal(reads(), 3);
    const verifier = new Verifier({
      issuer: 'https://trust.example',
      audience: 'orders',
      keySource: source,
      watch: one.client,
    });
    assert.equal(await codeOf(verifier.verify(mine())), 'ok');
  });

  it('SDK-40 without the server the keys could not be read', async () => {
    const one = await world();
    await assert.rejects(async () => await new WatchKeySource(one.client).get('key-1'));
    assert.equal(new StaticKeySource(jwks).get('key-1')?.kid, 'key-1');
  });
});
