import assert from 'node:assert/strict';
import { reason, testWorld } from '../../../../test/support/world.ts';
import { newSessionId } from '../../kernel/secret.ts';
import { revokeSession } from './revoke_session.ts';
import { rotateSession } from './rotate_session.ts';

function revokingWorld() {
  const world = testWorld();
  const revoke = revokeSession(world);
  const as = { tenantId: 'default', actor: 'web' };
  return { ...world, as, revoke };
}

describe('revoke a session', () => {
  it('SES-5 by session_id or handle: no verify that begins after the answer says active', async () => {
    const world = revokingWorld();
    const [one, two] = [await world.signIn(), await world.signIn()];
    const { as } = world;
    await world.revoke({ ...as, target: { sessionId: one.sessionId } });
    await world.revoke({ ...as, target: { handle: two.session.handle } });
    for (const { sessionId } of [one, two]) {
      assert.deepEqual(await world.verify('default', sessionId), { active: false, reason: 'REVOKED' });
    }
  });

  it('SES-3 SES-4 AUD-1 raises the version by 1, with a change row and an event in the same write', async () => {
    const world = revokingWorld();
    const { session } = await world.signIn();
    const ended = await world.revoke({ ...world.as, target: { handle: session.handle } });
    assert.deepEqual(ended, { handle: session.handle, version: 2 });
    assert.deepEqual(world.stores.feed, [
      { tenantId: 'default', kind: 'session', handle: session.handle, version: 2, revoked: true },
    ]);
    const event = world.stores.events.at(-1);
    assert.equal(event?.action, 'session.revoked');
    assert.equal(event?.subject, session.handle);
    assert.equal(event?.identityId, session.identityId);
  });

  it('SES-5 twice is as once: same answer, no second row', async () => {
    const world = revokingWorld();
    const { sessionId, session } = await world.signIn();
    const target = { sessionId };
    const first = await world.revoke({ ...world.as, target });
    const rows = [world.stores.feed.length, world.stores.events.length];
    assert.deepEqual(await world.revoke({ ...world.as, target }), first);
    assert.deepEqual(await world.revoke({ ...world.as, target: { handle: session.handle } }), first);
    assert.deepEqual([world.stores.feed.length, world.stores.events.length], rows);
  });

  it('SES-5 an unknown or malformed session_id succeeds: there is nothing to end', async () => {
    const world = revokingWorld();
    for (const sessionId of [newSessionId(world.random), 'ts_nonsense']) {
      assert.deepEqual(await world.revoke({ ...world.as, target: { sessionId } }), { handle: '', version: 0 });
    }
  });

  it('SES-12 a handle that the identity does not own is not found, and nothing is ended', async () => {
    const world = revokingWorld();
    const { sessionId, session } = await world.signIn();
    const other = await world.addIdentity();
    const { handle, identityId } = session;
    const foreign = { handle, identityId: other.id };
    await assert.rejects(world.revoke({ ...world.as, target: foreign }), reason('SESSION_NOT_FOUND'));
    assert.equal((await world.verify('default', sessionId)).active, true);
    assert.equal((await world.revoke({ ...world.as, target: { handle, identityId } })).version, 2);
    const unknown = { handle: world.newId('ses') };
    await assert.rejects(world.revoke({ ...world.as, target: unknown }), reason('SESSION_NOT_FOUND'));
  });

  it('TERM-2 reaches no session of another tenant', async () => {
    const world = revokingWorld();
    const { sessionId, session } = await world.signIn();
    const as = { ...world.as, tenantId: 'other' };
    await assert.rejects(world.revoke({ ...as, target: { handle: session.handle } }), reason('SESSION_NOT_FOUND'));
    assert.equal((await world.revoke({ ...as, target: { sessionId } })).version, 0);
    assert.equal((await world.verify('default', sessionId)).active, true);
  });

  it('SES-5 wins over a concurrent change, a rotation of the same session_id included', async () => {
    const world = revokingWorld();
    const { sessionId } = await world.signIn();
    const rotate = rotateSession(world);
    let rotated = '';
    world.stores.control.before = async (call) => {
      if (call !== 'sessions.replace') return;
      world.stores.control.before = undefined;
      rotated = (await rotate({ ...world.as, sessionId })).sessionId;
    };
    const ended = await world.revoke({ ...world.as, target: { sessionId } });
    assert.equal(ended.version, 3);
    assert.deepEqual(await world.verify('default', rotated), { active: false, reason: 'REVOKED' });
  });

  it('gives up after some concurrent changes with CONCURRENT_CHANGE, never with a false yes', async () => {
    const world = revokingWorld();
    const { session } = await world.signIn();
    const unlucky = revokeSession({ ...world, sessions: { ...world.sessions, replace: async () => false } });
    const target = { handle: session.handle };
    await assert.rejects(unlucky({ ...world.as, target }), reason('CONCURRENT_CHANGE'));
  });

  it('SES-5 fails when the store does', async () => {
    const world = revokingWorld();
    const { sessionId } = await world.signIn();
    world.stores.control.before = (call) => {
      if (call === 'sessions.replace') throw new Error('database down');
    };
    await assert.rejects(world.revoke({ ...world.as, target: { sessionId } }), /database down/);
    assert.equal((await world.verify('default', sessionId)).active, true);
  });
});
