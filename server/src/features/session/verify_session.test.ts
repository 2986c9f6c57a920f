import assert from 'node:assert/strict';
import { testWorld } from '../../../../test/support/world.ts';
import { MINUTE } from '../../kernel/clock.ts';
import { newSessionId } from '../../kernel/secret.ts';
import { useGrain } from './session.ts';
import { sessionUses, verifySession } from './verify_session.ts';

describe('verify a session', () => {
  it('SES-1 answers with session and identity while it is active, in its own tenant only', async () => {
    const world = testWorld();
    const { sessionId, session } = await world.signIn();
    const verdict = await world.verify('default', sessionId);
    assert.equal(verdict.active && verdict.session.handle, session.handle);
    assert.equal(verdict.active && verdict.identity.id, session.identityId);
    assert.deepEqual(await world.verify('other', sessionId), { active: false, reason: 'UNKNOWN' });
  });

  it('SES-2 SEC-4 answers malformed texts without the store', async () => {
    const world = testWorld();
    const { sessionId } = await world.signIn();
    world.stores.calls.length = 0;
    const twin = sessionId.slice(0, 10) + (sessionId[10] === 'a' ? 'A' : 'a') + sessionId.slice(11);
    for (const text of ['', 'ts_', sessionId.slice(0, -1), `${sessionId}0`, ` ${sessionId}`, `${sessionId}\n`, twin]) {
      assert.deepEqual(await world.verify('default', text), { active: false, reason: 'MALFORMED' });
    }
    assert.deepEqual(world.stores.calls, []);
  });

  it('SES-2 answers a session_id that nobody has', async () => {
    const world = testWorld();
    const verdict = await world.verify('default', newSessionId(world.random));
    assert.deepEqual(verdict, { active: false, reason: 'UNKNOWN' });
  });

  it('SES-1 takes the clock after the look-up', async () => {
    const world = testWorld();
    const { sessionId, session } = await world.signIn();
    world.stores.control.before = () => {
      world.time.now = session.expiresAt;
    };
    assert.deepEqual(await world.verify('default', sessionId), { active: false, reason: 'EXPIRED' });
  });

  it('TERM-1 fails, and says neither yes nor no, when the store does', async () => {
    const world = testWorld();
    const { sessionId } = await world.signIn();
    world.stores.control.failure = new Error('database down');
    await assert.rejects(world.verify('default', sessionId), /database down/);
  });

  it('answers for a handle as for the session_id', async () => {
    const world = testWorld();
    const { session } = await world.signIn();
    assert.equal((await world.verifyHandle('default', session.handle)).active, true);
    assert.deepEqual(await world.verifyHandle('other', session.handle), { active: false, reason: 'UNKNOWN' });
    world.time.now = session.expiresAt;
    assert.deepEqual(await world.verifyHandle('default', session.handle), { active: false, reason: 'EXPIRED' });
  });
});

const TEN_MINUTES = 10 * MINUTE;

describe('use of sessions', () => {
  it('SES-9 counts each active verdict and writes them in one batch', async () => {
    const world = testWorld();
    const [one, two] = [await world.signIn(), await world.signIn()];
    world.time.now += TEN_MINUTES;
    await world.verify('default', one.sessionId);
    await world.verifyHandle('default', two.session.handle);
    await world.uses.flush();
    for (const { session } of [one, two]) {
      const stored = await world.sessions.readByHandle('default', session.handle);
      assert.equal(stored?.session.lastUsedAt, world.time.now);
      assert.equal(stored?.session.version, 1);
    }
    assert.equal(world.stores.calls.filter((call) => call === 'sessions.recordUse').length, 1);
  });

  it('SES-9 counts a use again a hundredth of the idle time-out later, after ten minutes at most, and not before', async () => {
    const world = testWorld();
    const { sessionId, session } = await world.signIn();
    assert.equal(useGrain(session.idleTimeout), TEN_MINUTES);
    assert.equal(useGrain(MINUTE), MINUTE / 100);
    world.time.now += TEN_MINUTES - 1;
    await world.verify('default', sessionId);
    assert.equal(world.uses.size, 0);
    world.time.now += 1;
    await world.verify('default', sessionId);
    assert.equal(world.uses.size, 1);
    world.time.now += TEN_MINUTES - 1;
    await world.verify('default', sessionId);
    assert.equal(world.uses.withNoted(session).lastUsedAt, session.lastUsedAt + TEN_MINUTES);
  });

  it('SES-9 counts no use at a rejection', async () => {
    const world = testWorld();
    const { sessionId, session } = await world.signIn();
    world.time.now = session.expiresAt;
    await world.verify('default', sessionId);
    assert.equal(world.uses.size, 0);
  });

  it('SES-9 a use that is noted but not written holds off the idle time-out on its node', async () => {
    const world = testWorld();
    const { sessionId, session } = await world.signIn();
    world.time.now += session.idleTimeout - 1;
    assert.equal((await world.verify('default', sessionId)).active, true);
    world.time.now += session.idleTimeout - 1;
    assert.equal((await world.verify('default', sessionId)).active, true);
    const elsewhere = verifySession({ ...world, uses: sessionUses(world.stores) });
    assert.deepEqual(await elsewhere('default', sessionId), { active: false, reason: 'EXPIRED' });
  });

  it('SES-9 a noted use never counts for a session of another tenant', async () => {
    const world = testWorld();
    const { session } = await world.signIn();
    world.uses.note({ ...session, tenantId: 'other' }, world.time.now + MINUTE);
    assert.equal(world.uses.withNoted(session), session);
  });

  it('a database that refuses uses fails no verify, and they are written later', async () => {
    const world = testWorld();
    const { sessionId, session } = await world.signIn();
    world.stores.control.before = (call) => {
      if (call === 'sessions.recordUse') throw new Error('disk full');
    };
    world.time.now += TEN_MINUTES;
    assert.equal((await world.verify('default', sessionId)).active, true);
    await assert.rejects(world.uses.flush(), /disk full/);
    assert.equal((await world.verify('default', sessionId)).active, true);
    world.stores.control.before = undefined;
    await world.uses.flush();
    const stored = await world.sessions.readByHandle('default', session.handle);
    assert.equal(stored?.session.lastUsedAt, world.time.now);
  });

  it('notes at most its limit of sessions', async () => {
    const world = testWorld();
    const uses = sessionUses({ ...world.stores, limit: 1 });
    const verify = verifySession({ ...world, uses });
    const made = [await world.signIn(), await world.signIn()];
    world.time.now += TEN_MINUTES;
    for (const { sessionId } of made) {
      assert.equal((await verify('default', sessionId)).active, true);
    }
    assert.equal(uses.size, 1);
  });
});
