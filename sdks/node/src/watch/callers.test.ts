// What is built on the lease: batches, own changes, degraded answers, callbacks, numbers.
import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import type { ChangeNotice } from '../index.ts';
import { fault, OTHER_SESSION_ID, SESSION_ID, sessionIdOf } from '../testing/fake_server.ts';
import {
  failureOf,
  HANDLE,
  IDENTITY,
  no,
  told,
  type WatchWorld,
  warm,
  watchWorld,
  yes,
} from '../testing/watch_world.ts';

const SESSION = { handle: HANDLE, identityId: IDENTITY, epoch: 1n };

describe('watch: what stands on it', function () {
  this.timeout(20_000);
  const open: { stop(): void }[] = [];
  afterEach(() => {
    for (const item of open.splice(0)) item.stop();
  });

  async function world(...given: Parameters<typeof watchWorld>): Promise<WatchWorld> {
    const made = await watchWorld(...given);
    open.push(made);
    return made;
  }

  /** Settles once what was sent before has arrived: changes come in order. */
  const settled = async ({ client }: WatchWorld, stream: Awaited<ReturnType<typeof warm>>) => {
    const change = new Promise<void>((resolve) => {
      const stop = client.onChange((notice) => {
        if (notice.kind !== 'service_changed' || notice.service !== 'mark') return;
        stop();
        resolve();
      });
    });
    stream.change({ subject: { $case: 'service', value: { service: 'mark' } } } as never);
    await change;
  };

  const batchOf =
    (one: WatchWorld) =>
    ({ request }: { readonly request: Record<string, unknown> }) => ({
      verdicts: (request.sessionIds as string[]).map(() => yes(one.clocks).verdict),
    });

  it('SDK-32 misses of one moment travel together, at most 256 at once, each session once', async () => {
    const ids = Array.from({ length: 300 }, (_, number) => sessionIdOf(number));
    const one: WatchWorld = await world({ batchVerify: (call) => batchOf(one)(call) });
    const verdicts = await Promise.all([...ids, ...ids.slice(256)].map((id) => one.client.verify(id)));
    assert(verdicts.every(({ active }) => active));
    const sizes = one.server.calls.map(({ request }) => (request.sessionIds as string[]).length);
    assert.deepEqual(sizes, [256, 44]);
    await one.client.verify(SESSION_ID);
    assert.equal(one.server.calls.at(-1)?.name, 'verify');
    assert.equal(one.client.metrics().batches, 3);
  });

  it('SDK-32 what is asked while a batch is under way waits for it, and joins none that was sent', async () => {
    const waiting: ((answer: unknown) => void)[] = [];
    const one: WatchWorld = await world({
      verify: () => new Promise((go) => waiting.push(go)),
      batchVerify: (call) => batchOf(one)(call),
    });
    const first = one.client.verify(SESSION_ID);
    while (waiting.length === 0) await new Promise(setImmediate);
    const rest = [one.client.verify(SESSION_ID), one.client.verify(OTHER_SESSION_ID)];
    assert((await Promise.all(rest)).every(({ active }) => active));
    waiting[0]?.(no());
    assert.equal((await first).active, false);
    assert.deepEqual(
      one.server.calls.map(({ name }) => name),
      ['verify', 'batchVerify'],
    );
  });

  it('SDK-32 one with a deadline or a signal of its own goes alone, and one of STRONG not with the others', async () => {
    const one: WatchWorld = await world({ batchVerify: (call) => batchOf(one)(call) });
    await Promise.all([
      one.client.verify(SESSION_ID, { timeoutMs: 2_000 }),
      one.client.verify(SESSION_ID, { consistency: 'STRONG' }),
      one.client.verify(SESSION_ID),
    ]);
    assert.deepEqual(one.server.calls.map(({ request }) => request.consistency).sort(), [1, 1, 2]);
  });

  it('SDK-32 batchVerify asks in one call about what memory does not know', async () => {
    const one = await world();
    await warm(one);
    const before = one.asked();
    const verdicts = await one.client.batchVerify([SESSION_ID, 'x', OTHER_SESSION_ID]);
    assert.deepEqual(
      verdicts.map(({ active }) => active),
      [true, false, true],
    );
    assert.equal(one.asked(), before + 1);
    assert.equal(one.server.calls.at(-1)?.request.sessionId, OTHER_SESSION_ID);
  });

  const identity = { id: IDENTITY, epoch: 2n, version: 2n };
  const OWN: Readonly<Record<string, { readonly answer: object; readonly request?: object }>> = {
    revokeSession: { answer: { handle: HANDLE, version: 2n } },
    exchangeSignInCode: { answer: { previousHandle: HANDLE, previousVersion: 2n } },
    revokeIdentitySessions: { answer: { epoch: 2n }, request: { identityId: IDENTITY } },
    rotateSession: { answer: { session: { handle: HANDLE, version: 2n } } },
    setPassword: { answer: { epoch: 2n }, request: { identityId: IDENTITY } },
    disableIdentity: { answer: { identity } },
    lockIdentity: { answer: { identity } },
    enableIdentity: { answer: { identity } },
    updateIdentity: { answer: { identity } },
    addIdentifier: { answer: { identity } },
    removeIdentifier: { answer: { identity } },
    deleteIdentity: { answer: {}, request: { identityId: IDENTITY } },
    updateTenant: { answer: {} },
  };
  for (const [name, { answer, request }] of Object.entries(OWN)) {
    it(`SDK-36 WAT-15 ${name} counts at once, also against an answer that is under way`, async () => {
      const one = await world({ [name]: () => answer });
      await warm(one);
      const call = (one.client as unknown as Record<string, (request: object) => Promise<object>>)[name];
      await call?.call(one.client, request ?? {});
      assert.equal(one.client.verifyLocal(SESSION_ID), undefined);
    });
  }

  it('WAT-15 after its own revocation a process never says yes, watching or not', async () => {
    for (const watch of [true, false]) {
      const one = await world({ revokeSession: () => ({ handle: HANDLE, version: 2n }) }, { watch });
      await one.client.revokeSession({ target: { $case: 'sessionId', value: SESSION_ID } });
      assert.equal((await failureOf(one.client.verify(SESSION_ID))).reason, 'UNREACHABLE');
    }
  });

  it('SDK-35 an answer without a lease only where it was asked for, and says so', async () => {
    let down = false;
    const one = await world({
      verify: () => {
        if (down) throw fault(status.UNAVAILABLE, { reason: 'DRAINING' });
        return yes(one.clocks);
      },
    });
    const stream = await warm(one);
    down = true;
    one.clocks.advance(10_000);
    await failureOf(one.client.verify(SESSION_ID));
    const degraded = { maxStaleMs: 20_000 };
    const stale = await one.client.verify(SESSION_ID, { degraded });
    assert(stale.active && stale.degraded === true);
    await failureOf(one.client.verify(SESSION_ID, { degraded: { maxStaleMs: 9_000 } }));
    await failureOf(one.client.verify(OTHER_SESSION_ID, { degraded }));
    stream.cut(status.UNAVAILABLE);
    const next = await one.watch.streams.take();
    assert((await one.client.verify(SESSION_ID, { degraded })).active, 'what an earlier stream knew is kept aside');
    assert.equal(one.client.metrics().degraded, 2);
    const change = told(one.client);
    next.revoked(HANDLE);
    await change;
    await failureOf(one.client.verify(SESSION_ID, { degraded }));
    for (const maxStaleMs of [0, -1, Number.NaN, 300_001, '5' as never]) {
      await assert.rejects(one.client.verify(SESSION_ID, { degraded: { maxStaleMs } }), RangeError);
    }
  });

  it('SDK-35 a no and other errors stay what they are', async () => {
    let answer: () => unknown = () => yes(one.clocks);
    const one = await world({ verify: () => answer() });
    await warm(one);
    one.clocks.advance(10_000);
    const degraded = { maxStaleMs: 300_000 };
    answer = () => {
      throw fault(status.PERMISSION_DENIED, { reason: 'SCOPE_MISSING' });
    };
    assert.equal((await failureOf(one.client.verify(SESSION_ID, { degraded }))).code, 'PERMISSION_DENIED');
    answer = no;
    assert.equal((await one.client.verify(SESSION_ID, { degraded })).active, false);
    answer = () => {
      throw fault(status.UNAVAILABLE, {});
    };
    await failureOf(one.client.verify(SESSION_ID, { degraded }));
  });

  it('SDK-37 onRevoked is told once of the end of the session, or of its epoch, and not of other changes', async () => {
    const one = await world();
    const stream = await warm(one);
    const reasons: string[] = [];
    const listen = (name: string, session = SESSION) =>
      one.client.onRevoked(session, (reason) => {
        reasons.push(`${name} ${reason}`);
        throw new Error('of the application');
      });
    const warned: string[] = [];
    const warning = (error: Error) => warned.push(error.message);
    process.on('warning', warning);
    listen('a');
    listen('b', { ...SESSION, handle: 'ses_2' });
    listen('c', { ...SESSION, handle: 'ses_3', epoch: 2n });
    listen('stopped')();
    stream.change({ subject: { $case: 'session', value: { handle: HANDLE, version: 2n, revoked: false } } } as never);
    stream.change({ subject: { $case: 'identity', value: { identityId: IDENTITY, epoch: 1n, version: 2n } } } as never);
    await settled(one, stream);
    assert.deepEqual(reasons, []);
    stream.revoked(HANDLE);
    stream.revoked(HANDLE);
    await settled(one, stream);
    assert.deepEqual(reasons, ['a revoked']);
    stream.change({ subject: { $case: 'identity', value: { identityId: IDENTITY, epoch: 2n, version: 3n } } } as never);
    await settled(one, stream);
    assert.deepEqual(reasons, ['a revoked', 'b revoked']);
    listen('late');
    await settled(one, stream);
    assert.deepEqual(reasons.at(-1), 'late revoked');
    process.off('warning', warning);
    assert.deepEqual(new Set(warned), new Set(['of the application']));
  });

  it('SDK-37 WAT-18 onRevoked is unsure when changes may have been missed, at ready and without any stream', async () => {
    const one = await world();
    const stream = await warm(one);
    const reason = () => new Promise<string>((resolve) => one.client.onRevoked(SESSION, resolve));
    const notices: ChangeNotice['kind'][] = [];
    one.client.onChange(({ kind }) => notices.push(kind));
    let told = reason();
    one.clocks.advance(356_000);
    await settled(one, stream);
    assert.equal(await Promise.race([told, 'nothing']), 'nothing');
    one.clocks.advance(500);
    assert.equal(await told, 'unsure', 'no proof for 99 % of W');
    told = reason();
    stream.cut(status.UNAVAILABLE);
    const next = await one.watch.streams.take();
    next.ready();
    await settled(one, next);
    assert.equal(await Promise.race([told, 'nothing']), 'nothing', 'registered since');
    assert(notices.includes('changes_missed'));
  });

  it('SDK-37 onChange is told of every change, the backlog and own ones included', async () => {
    const one = await world({ revokeSession: () => ({ handle: 'ses_2', version: 2n }) });
    const notices: ChangeNotice[] = [];
    const stop = one.client.onChange((notice) => notices.push(notice));
    const stream = await one.watch.streams.take();
    stream.revoked('ses_9');
    stream.change({ subject: { $case: 'signingKey', value: { kid: 'k2', retired: false } } } as never);
    await settled(one, stream);
    await one.client.revokeSession({});
    stop();
    stream.revoked('ses_8');
    await settled(one, stream);
    assert.deepEqual(notices, [
      { kind: 'session_ended', handle: 'ses_9' },
      { kind: 'signing_key_changed', kid: 'k2' },
      { kind: 'service_changed', service: 'mark' },
      { kind: 'session_ended', handle: 'ses_2' },
    ]);
  });

  it('SDK-41 counts what happened', async () => {
    const one = await world();
    await warm(one);
    one.clocks.advance(300);
    one.client.verifyLocal(SESSION_ID);
    const { hits, misses, batches, leaseAgeMs, entries, streams, degraded } = one.client.metrics();
    assert.deepEqual(
      { hits, misses, batches, entries, streams, degraded },
      { hits: 2, misses: 2, batches: 2, entries: 1, streams: 1, degraded: 0 },
    );
    assert.equal(leaseAgeMs, 300);
  });
});
