import assert from 'node:assert/strict';
import { entryKey } from '@trust-layer/sdk/lease';
import { handClock } from '../../../../test/support/fake_feed.ts';
import { reason, testWorld } from '../../../../test/support/world.ts';
import { BatchVerifyResponse, RejectionReason, VerifyResponse } from '../../contract/gen/trust/v1/session.ts';
import type { Call } from '../../contract/rpc.ts';
import { DAY, HOUR } from '../../kernel/clock.ts';
import { newSessionId } from '../../kernel/secret.ts';
import { changeTail } from '../change/tail.ts';
import { revokeSession } from '../session/revoke_session.ts';
import { answerVerify, type KeptVerdict } from './answer_verify.ts';
import { nodeCache } from './node_cache.ts';
import { verdictRpc } from './rpc.ts';

const CALL: Call = {
  tenantId: 'default',
  caller: { tenantId: 'default', service: 'web', scopes: new Set(), audiences: new Set() },
};
const bounded = { tenantId: '', consistency: 1, client: undefined, clients: [] } as const;
const strong = { ...bounded, consistency: 2 } as const;

/** The handlers on memory stores, with a tail that runs on a clock moved by hand. The database's clock is the wall's. */
function served() {
  const world = testWorld();
  const hand = handClock();
  hand.time.wall = world.time.now;
  const clocks = () => {
    const reading = hand.clocks();
    world.time.now = reading.wall;
    return reading;
  };
  const changes = {
    ...world.stores.changes,
    readAfter: async (position: number, limit: number) => ({
      ...(await world.stores.changes.readAfter(position, limit)),
      databaseTime: hand.time.wall,
    }),
  };
  const tail = changeTail({ changes, clocks, timer: hand.timer });
  const cache = nodeCache<KeptVerdict>({ tail, clocks, timer: hand.timer });
  const encoded = verdictRpc({ answer: answerVerify({ ...world, cache }), clocks });
  const rpc = {
    verify: async (request: Parameters<typeof encoded.verify>[0], call: Call) =>
      VerifyResponse.decode(await encoded.verify(request, call)),
    batchVerify: async (request: Parameters<typeof encoded.batchVerify>[0], call: Call) =>
      BatchVerifyResponse.decode(await encoded.batchVerify(request, call)),
  };
  const looks = () => world.stores.calls.filter((call) => call === 'sessions.readByDigest').length;
  /** Lets the clocks move on. */
  const pass = async (ms: number) => {
    await hand.pass(ms);
    world.time.now = hand.time.wall;
  };
  return { ...world, rpc, cache, looks, pass };
}

describe('Verify and BatchVerify', () => {
  it('SES-2 verifies: facts, or the reason; anything short is a question, longer texts are refused', async () => {
    const { rpc, signIn, stores } = served();
    const { sessionId, session } = await signIn();
    const { verdict } = await rpc.verify({ ...bounded, sessionId }, CALL);
    assert.equal(verdict?.answer?.$case === 'active' && verdict.answer.value.session?.handle, session.handle);
    const malformed = await rpc.verify({ ...bounded, sessionId: '' }, CALL);
    const { MALFORMED } = RejectionReason;
    assert.deepEqual(malformed.verdict?.answer, { $case: 'rejected', value: { reason: MALFORMED } });
    stores.calls.length = 0;
    for (const text of ['x'.repeat(257), '\u{20ac}'.repeat(86)]) {
      await assert.rejects(rpc.verify({ ...bounded, sessionId: text }, CALL), reason('INVALID_FIELD', 'session_id'));
    }
    await rpc.verify({ ...bounded, sessionId: 'x'.repeat(256) }, CALL);
    assert.deepEqual(stores.calls, []);
  });

  it('P1 puts neither session_id nor digest into a verdict', async () => {
    const { rpc, signIn } = served();
    const { sessionId, session } = await signIn();
    const answer = await rpc.verify({ ...bounded, sessionId }, CALL);
    const text = JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? String(value) : value));
    assert.ok(!text.includes(sessionId) && !text.includes(session.digest));
  });

  it('SES-10 answers 1 to 256 questions in their order, each as Verify would', async () => {
    const { rpc, signIn, random } = served();
    const [one, two] = [await signIn(), await signIn()];
    const sessionIds = [two.sessionId, 'nonsense', one.sessionId, newSessionId(random), two.sessionId];
    const { verdicts } = await rpc.batchVerify({ ...bounded, sessionIds }, CALL);
    const alone = await Promise.all(sessionIds.map((sessionId) => rpc.verify({ ...bounded, sessionId }, CALL)));
    assert.deepEqual(
      verdicts,
      alone.map(({ verdict }) => verdict),
    );
    const most = Array.from({ length: 256 }, () => one.sessionId);
    assert.equal((await rpc.batchVerify({ ...bounded, sessionIds: most }, CALL)).verdicts.length, 256);
    for (const wrong of [[], [...most, one.sessionId]]) {
      await assert.rejects(rpc.batchVerify({ ...bounded, sessionIds: wrong }, CALL), reason('INVALID_FIELD'));
    }
    const long = { ...bounded, sessionIds: [one.sessionId, 'x'.repeat(257)] };
    await assert.rejects(rpc.batchVerify(long, CALL), reason('INVALID_FIELD', 'session_ids[1]'));
  });

  const HOME = { ipAddress: '203.0.113.7', userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0' };
  /** A session that is bound to where it began. */
  async function boundSession() {
    const world = served();
    const sessionBinding = { network: true, device: true };
    world.tenant.settings = { ...world.tenant.settings, sessionBinding };
    const { id } = await world.addIdentity();
    const asked = { tenantId: 'default', actor: 'web', identityId: id, acr: 'aal1', amr: ['pwd'] };
    const { sessionId, session } = await world.create({ ...asked, device: { ...HOME, label: '' } });
    const answer = async (client: Partial<typeof HOME> | undefined, how: typeof bounded | typeof strong = bounded) => {
      const facts = client && { ipAddress: '', userAgent: '', ...client };
      const { verdict } = await world.rpc.verify({ ...how, sessionId, client: facts }, CALL);
      const given = verdict?.answer;
      if (given?.$case !== 'rejected') return given?.value.clientBound;
      return Object.entries(RejectionReason).find(([, number]) => number === given.value.reason)?.[0];
    };
    return { ...world, sessionId, session, answer };
  }
  const AWAY = { ...HOME, ipAddress: '198.51.100.7' };
  const NEIGHBOUR = { ipAddress: '203.0.113.200', userAgent: HOME.userAgent.replace('130', '131') };
  const OTHER_BROWSER = { ...HOME, userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36' };

  it('SES-16 a bound session is active for who fits, and refused from elsewhere and without a client; it goes on', async () => {
    const { answer, pass, looks, rpc, sessionId, mismatched } = await boundSession();
    for (const how of [bounded, strong] as const) {
      for (const client of [AWAY, OTHER_BROWSER, {}, undefined, { ipAddress: HOME.ipAddress }])
        assert.equal(await answer(client, how), 'CLIENT_MISMATCH');
      for (const client of [HOME, NEIGHBOUR]) assert.equal(await answer(client, how), true);
    }
    await pass(50);
    await answer(HOME);
    const before = looks();
    assert.deepEqual(
      [await answer(NEIGHBOUR), await answer(AWAY), await answer(undefined)],
      [true, 'CLIENT_MISMATCH', 'CLIENT_MISMATCH'],
    );
    assert.equal(looks(), before, 'from memory');
    const clients = [AWAY, HOME];
    const { verdicts } = await rpc.batchVerify({ ...bounded, sessionIds: [sessionId, sessionId], clients }, CALL);
    assert.deepEqual(
      verdicts.map(({ answer: given }) => given?.$case),
      ['rejected', 'active'],
    );
    assert.ok(mismatched.length > 0);
  });

  it('SES-16 who comes from elsewhere does not use the session', async () => {
    const { answer, pass, session, sessions } = await boundSession();
    await pass(session.idleTimeout - 1);
    assert.equal(await answer(AWAY), 'CLIENT_MISMATCH');
    await pass(2);
    assert.equal(await answer(HOME), 'EXPIRED');
    assert.equal((await sessions.readByHandle('default', session.handle))?.session.lastUsedAt, session.createdAt);
  });

  it('ERR-3 clients out of bounds are refused by their place', async () => {
    const { rpc, sessionId } = await boundSession();
    const ask = (ipAddress: string, userAgent = '') =>
      rpc.verify({ ...bounded, sessionId, client: { ipAddress, userAgent } }, CALL);
    await assert.rejects(ask('203.0.113'), reason('INVALID_FIELD', 'client.ip_address'));
    await assert.rejects(ask('fe80::1%eth0'), reason('INVALID_FIELD', 'client.ip_address'));
    await assert.rejects(ask('', 'x'.repeat(513)), reason('INVALID_FIELD', 'client.user_agent'));
    await ask('', 'x'.repeat(512));
    const batch = { ...bounded, sessionIds: [sessionId, sessionId] };
    await assert.rejects(rpc.batchVerify({ ...batch, clients: [HOME] }, CALL), reason('INVALID_FIELD', 'clients'));
    const bad = [HOME, { ...HOME, ipAddress: 'x' }];
    await assert.rejects(
      rpc.batchVerify({ ...batch, clients: bad }, CALL),
      reason('INVALID_FIELD', 'clients[1].ip_address'),
    );
  });

  describe('from the memory of a node', () => {
    /** A session that is in memory under a lease. */
    async function warm(idleTimeout = 14 * DAY) {
      const world = served();
      world.tenant.settings = { ...world.tenant.settings, sessionIdleTimeout: idleTimeout };
      const { sessionId, session } = await world.signIn();
      await world.rpc.verify({ ...bounded, sessionId }, CALL);
      await world.pass(50);
      await world.rpc.verify({ ...bounded, sessionId }, CALL);
      const verify = async (how: typeof bounded | typeof strong = bounded) => {
        const { verdict } = await world.rpc.verify({ ...how, sessionId }, CALL);
        return verdict?.answer;
      };
      return { ...world, sessionId, session, verify, before: world.looks() };
    }

    it('WAT-25 answers BOUNDED without a look-up while the lease holds, the same as a look-up would, and STRONG by one', async () => {
      const { verify, pass, looks, before } = await warm();
      const kept = await verify();
      await pass(600);
      assert.deepEqual(await verify(), kept);
      assert.equal(looks(), before);
      assert.deepEqual(await verify(strong), kept);
      assert.equal(looks(), before + 1);
    });

    it('finds no entry of another tenant, however the question is spelled', async () => {
      const { rpc, sessionId, verify } = await warm();
      assert.equal((await verify())?.$case, 'active');
      const elsewhere = { ...CALL, tenantId: 'acme' };
      for (const [call, asked] of [
        [elsewhere, sessionId],
        [elsewhere, `7:default${sessionId}`],
        [CALL, `7:default${sessionId}`],
        [CALL, entryKey('default', sessionId)],
      ] as const) {
        const { verdict } = await rpc.verify({ ...bounded, sessionId: asked }, call);
        assert.equal(verdict?.answer?.$case, 'rejected', asked.replace(sessionId, '…'));
      }
      assert.equal((await verify())?.$case, 'active');
    });

    it('SES-4 counts a revocation of its own at once, without the feed', async () => {
      const world = await warm();
      const target = { handle: world.session.handle, identityId: undefined };
      await revokeSession(world)({ tenantId: 'default', actor: 'web', target });
      const answer = await world.verify();
      assert.deepEqual(answer, { $case: 'rejected', value: { reason: RejectionReason.REVOKED } });
    });

    it('WAT-25 asks the database once the lease has run out', async () => {
      const world = await warm();
      world.stores.control.before = (call) => {
        if (call === 'changes.readAfter') throw new Error('away');
      };
      await world.pass(200);
      await world.verify();
      assert.equal(world.looks(), world.before);
      await world.pass(100);
      await world.verify();
      assert.equal(world.looks(), world.before + 1);
    });

    it('SES-9 counts uses that are answered from memory, and tells the last one', async () => {
      const world = await warm(HOUR);
      for (let minute = 0; minute < 3; minute++) {
        await world.pass(60_000);
        await world.verify();
        await world.pass(50);
      }
      await world.uses.flush();
      const stored = await world.stores.sessions.readByHandle('default', world.session.handle);
      assert.ok((stored?.session.lastUsedAt ?? 0) > world.session.lastUsedAt + 120_000);
      const answer = await world.verify();
      const told = answer?.$case === 'active' ? answer.value.session?.lastUsedAt?.getTime() : undefined;
      assert.ok(told !== undefined && world.time.now - told <= 60_000);
    });

    it('WAT-13 a flood of unknown ids moves nothing', async () => {
      const world = await warm();
      for (let count = 0; count < 500; count++)
        await world.rpc.verify({ ...bounded, sessionId: newSessionId(world.random) }, CALL);
      assert.equal(world.cache.size.entries, 1);
      const before = world.looks();
      await world.verify();
      assert.equal(world.looks(), before);
    });

    it('reads the feed no more when nobody has asked for a minute', async () => {
      const world = await warm();
      await world.pass(70_000);
      world.stores.calls.length = 0;
      await world.pass(5_000);
      assert.deepEqual(world.stores.calls, []);
      assert.equal(world.cache.size.entries, 0);
    });
  });
});
