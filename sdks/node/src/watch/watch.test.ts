// The lease at the outer API, against a server with a hostile mind and clocks that the test sets.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { status } from '@grpc/grpc-js';
import type { Verdict } from '../index.ts';
import { fault, OTHER_SESSION_ID, SESSION_ID } from '../testing/fake_server.ts';
import type { FakeClocks } from '../testing/fake_watch.ts';
import { failureOf, HANDLE, no, told, type WatchWorld, warm, watchWorld, yes } from '../testing/watch_world.ts';

describe('watch', function () {
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

  /** Whether a question reaches the server. */
  async function isAsked({ client, asked }: WatchWorld, verdict?: Partial<Verdict>): Promise<boolean> {
    const before = asked();
    const answer = await client.verify(SESSION_ID);
    if (verdict !== undefined) assert.deepEqual(answer, verdict);
    return asked() > before;
  }

  it('SDK-30 WAT-3 opens the stream at the first question, with start first and the service key, and not before', async () => {
    const one = await world({ getTenant: () => ({}) }, { serviceKey: 'tlk_x', tenantId: 'acme' });
    await one.client.getTenant({});
    assert.equal(one.watch.opened, 0);
    await one.client.verify(SESSION_ID);
    const stream = await one.watch.streams.take();
    assert.deepEqual((await stream.first).message, { $case: 'start', value: { tenantId: 'acme' } });
    assert.equal(stream.authorization, 'Bearer tlk_x');
    assert.equal(await stream.pings.take(), 1);
  });

  it('SDK-30 opens none with watch: false, and says so', async () => {
    const one = await world({}, { watch: false });
    await one.client.verify(SESSION_ID);
    assert.equal(await one.client.awaitLease(50), false);
    assert.throws(() => one.client.onChange(() => {}), TypeError);
    assert.deepEqual([one.watch.opened, one.client.metrics().streams], [0, 0]);
  });

  it('SDK-31 WAT-9 answers from memory under a lease, what was asked for after the first pong', async () => {
    const one = await world();
    await one.client.verify(SESSION_ID);
    const stream = await one.watch.streams.take();
    assert(await isAsked(one), 'before the first pong nothing is kept');
    await stream.prove();
    assert(await one.client.awaitLease());
    assert(await isAsked(one), 'what was asked for before it is not there');
    assert(!(await isAsked(one)));
    assert.equal(one.client.verifyLocal(SESSION_ID)?.identity.displayName, 'Ada');
    assert.equal(one.client.verifyLocal(OTHER_SESSION_ID), undefined);
  });

  it('SDK-31 asks nobody about what is malformed, and the server about STRONG', async () => {
    const one = await world();
    await warm(one);
    const before = one.asked();
    for (const id of ['', 'x', `${SESSION_ID}0`, SESSION_ID.toLowerCase()]) {
      assert.deepEqual(await one.client.verify(id), { active: false, reason: 'MALFORMED' });
    }
    assert.equal(one.asked(), before);
    await one.client.verify(SESSION_ID, { consistency: 'STRONG' });
    assert.equal(one.server.calls.at(-1)?.request.consistency, 2);
    assert.equal(one.asked(), before + 1);
  });

  it('WAT-5 WAT-29 no pong counts before ready, or without a time of the database, or for an unknown ping', async () => {
    const one = await world();
    await one.client.verify(SESSION_ID);
    const stream = await one.watch.streams.take();
    const first = await stream.pings.take();
    stream.pong(first);
    stream.ready();
    stream.pong(await stream.pings.take(), 0);
    stream.pong(99);
    const renewed = stream.renew();
    assert.equal(await one.client.awaitLease(50), false);
    await renewed;
    assert(await one.client.awaitLease());
  });

  it('WAT-5 the lease reaches from the sending of the ping, however late the pong is', async () => {
    const one = await world();
    await one.client.verify(SESSION_ID);
    const stream = await one.watch.streams.take();
    stream.ready();
    const ping = await stream.pings.take();
    one.clocks.advance(1_900);
    stream.pong(ping, one.clocks.wall - 1_900);
    assert(await one.client.awaitLease());
    await one.client.verify(SESSION_ID);
    assert(!(await isAsked(one)));
    one.clocks.advance(81);
    assert(await isAsked(one), 'at 99 % of B after the sending it is over');
  });

  for (const clock of ['mono', 'wall'] as const) {
    it(`WAT-11 WAT-6 the lease ends by the ${clock} clock alone, and then each question is asked`, async () => {
      const one = await world();
      await warm(one);
      one.clocks[clock] += 1_981;
      assert(await isAsked(one));
      assert(await isAsked(one));
      assert.equal(one.client.metrics().leaseAgeMs, undefined);
    });
  }

  it('WAT-7 a change evicts the session, and what the server then says counts', async () => {
    let ended = false;
    const one = await world({ verify: () => (ended ? no() : yes(one.clocks)) });
    const stream = await warm(one);
    ended = true;
    const change = told(one.client);
    stream.revoked(HANDLE);
    await change;
    assert(await isAsked(one, { active: false, reason: 'REVOKED' }));
  });

  it('WAT-8 WAT-9 a yes that a change overtook is not given out, nor kept', async () => {
    const waiting: ((answer: unknown) => void)[] = [];
    const one = await world({
      verify: ({ request }) => (request.consistency === 2 ? no() : new Promise((go) => waiting.push(go))),
    });
    const verdict = one.client.verify(SESSION_ID);
    const stream = await one.watch.streams.take();
    await stream.prove();
    const change = told(one.client);
    stream.revoked(HANDLE);
    await change;
    while (waiting.length === 0) await new Promise(setImmediate);
    waiting[0]?.(yes(one.clocks));
    assert.deepEqual(await verdict, { active: false, reason: 'REVOKED' });
    assert.equal(one.client.verifyLocal(SESSION_ID), undefined);
  });

  it('SDK-42 a change that cannot be read empties memory, one of another tenant does not', async () => {
    const one = await world();
    const stream = await warm(one);
    stream.change({ tenantId: 'other', subject: { $case: 'tenant', value: { version: 2n } } } as never);
    stream.change({ subject: { $case: 'service', value: { service: 'x' } } } as never);
    await told(one.client);
    assert(!(await isAsked(one)));
    const change = told(one.client);
    stream.change({});
    await change;
    one.clocks.advance(1);
    assert(await isAsked(one));
  });

  it('WAT-10 WAT-6 memory serves on for the rest of the lease when a stream is cut, and starts empty on the next', async () => {
    const one = await world();
    const stream = await warm(one);
    stream.cut(status.UNAVAILABLE);
    const next = await one.watch.streams.take();
    assert(await isAsked(one), 'the new stream has proved nothing');
    next.ready();
    next.pong(1);
    assert.equal(await one.client.awaitLease(50), false, 'a pong to a ping of the old stream');
    await next.renew();
    assert(await one.client.awaitLease());
    assert.equal(one.client.metrics().streams, 2);
    await one.client.verify(SESSION_ID);
    assert(!(await isAsked(one)));
  });

  it('SDK-33 WAT-12 a slow yes is asked for again with STRONG, 8 times in all', async () => {
    for (const watch of [true, false]) {
      const seen: unknown[] = [];
      const one = await world(
        {
          verify: ({ request }) => {
            seen.push(request.consistency);
            one.clocks.advance(seen.length < 8 ? 1_990 : 0);
            return yes(one.clocks);
          },
        },
        { watch },
      );
      assert.equal((await one.client.verify(SESSION_ID)).active, true);
      assert.deepEqual(seen, [1, 2, 2, 2, 2, 2, 2, 2]);
      const slow = await world({ verify: () => slowly(slow.clocks) }, { watch });
      const error = await failureOf(slow.client.verify(SESSION_ID));
      assert.deepEqual([error.reason, error.code, slow.asked()], ['UNREACHABLE', 'UNAVAILABLE', 8]);
    }
  });

  function slowly(clocks: FakeClocks): object {
    clocks.advance(1_990);
    return yes(clocks);
  }

  it('SDK-33 a slow no is a no', async () => {
    const one = await world({
      verify: () => {
        one.clocks.advance(60_000);
        return no();
      },
    });
    assert.deepEqual(await one.client.verify(SESSION_ID), { active: false, reason: 'REVOKED' });
    assert.equal(one.asked(), 1);
  });

  it('WAT-6 without a lease an error is an error, whatever is in memory', async () => {
    let down = false;
    const one = await world({
      verify: () => {
        if (down) throw fault(status.UNAVAILABLE, { reason: 'DRAINING' });
        return yes(one.clocks);
      },
    });
    await warm(one);
    down = true;
    one.clocks.advance(2_000);
    assert.equal((await failureOf(one.client.verify(SESSION_ID))).reason, 'DRAINING');
  });

  it('WAT-14 a session that idled too long is asked about, and a local use keeps it alive', async () => {
    const one = await world({ verify: () => yes(one.clocks, { idleTimeoutSeconds: 60 }) });
    const stream = await warm(one);
    for (const step of [40_000, 40_000]) {
      one.clocks.advance(step);
      await stream.renew();
      assert(await one.client.awaitLease());
      assert(!(await isAsked(one)));
    }
    one.clocks.advance(60_000);
    await stream.renew();
    assert(await one.client.awaitLease());
    assert(await isAsked(one));
  });

  it('SDK-34 what one caller does to a verdict changes nobody else’s', async () => {
    const one = await world();
    await warm(one);
    const first = await one.client.verify(SESSION_ID);
    const spoil = (verdict: Verdict) => {
      assert(verdict.active);
      assert.throws(() => (verdict.identity.roles as string[]).push('owner'), TypeError);
      Object.assign(verdict.identity, { displayName: 'Eve' });
      Object.assign(verdict.identity.metadata, { a: 'c' });
      verdict.session.expiresAt?.setTime(0);
    };
    spoil(first);
    const second = await one.client.verify(SESSION_ID);
    assert(second.active);
    assert.deepEqual([second.identity.displayName, second.identity.metadata], ['Ada', { a: 'b' }]);
    assert.notEqual(second.session.expiresAt?.getTime(), 0);
    const [joined, other] = await Promise.all(
      [0, 1].map(() => one.client.verify(SESSION_ID, { consistency: 'STRONG' })),
    );
    assert(joined?.active && other?.active);
    Object.assign(joined.identity, { displayName: 'Eve' });
    assert.equal(other.identity.displayName, 'Ada');
  });

  it('SDK-34 what memory gives is what the server gave', async () => {
    const one = await world({
      verify: () =>
        yes(one.clocks, {
          authenticatedAt: new Date(1_700_000_000_123),
          createdAt: new Date(1_700_000_000_124),
          acr: 'aal2',
          amr: ['pwd', 'otp'],
          device: { userAgent: 'curl', ipAddress: '::1', label: 'here' },
        }),
    });
    await warm(one);
    const asked = await one.client.verify(SESSION_ID, { consistency: 'STRONG' });
    assert(asked.active);
    for (const kept of [await one.client.verify(SESSION_ID), one.client.verifyLocal(SESSION_ID)]) {
      assert(kept?.active && !kept.degraded);
      assert.deepEqual([kept.session, kept.identity], [asked.session, asked.identity]);
      assert.equal(kept.cacheForMs, 0);
      assert.equal(inspect(kept), inspect({ ...asked, cacheForMs: 0 }));
    }
  });
});
