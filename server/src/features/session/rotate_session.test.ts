import assert from 'node:assert/strict';
import { reason, testWorld } from '../../../../test/support/world.ts';
import { revokeSession } from './revoke_session.ts';
import { rotateSession } from './rotate_session.ts';

const AS = { tenantId: 'default', actor: 'web' };

describe('rotate a session', () => {
  it('SES-6 SES-3 gives a new session_id and refuses the old one; the handle stays, the version rises', async () => {
    const world = testWorld();
    const { sessionId: old, session } = await world.signIn();
    const rotated = await rotateSession(world)({ ...AS, sessionId: old });
    assert.notEqual(rotated.sessionId, old);
    assert.equal(rotated.session.handle, session.handle);
    assert.equal(rotated.session.version, 2);
    assert.deepEqual(await world.verify('default', old), { active: false, reason: 'UNKNOWN' });
    const verdict = await world.verify('default', rotated.sessionId);
    assert.equal(verdict.active && verdict.session.version, 2);
  });

  it('SES-4 AUD-1 leaves a change row that ends no version but the old, and an event', async () => {
    const world = testWorld();
    const { sessionId, session } = await world.signIn();
    await rotateSession(world)({ ...AS, sessionId });
    const { handle } = session;
    assert.deepEqual(world.stores.feed, [{ tenantId: 'default', kind: 'session', handle, version: 2, revoked: false }]);
    assert.equal(world.stores.events.at(-1)?.action, 'session.rotated');
    assert.equal(world.stores.events.at(-1)?.subject, handle);
  });

  it('SES-6 rotates nothing that is not active', async () => {
    const world = testWorld();
    const { sessionId } = await world.signIn();
    await revokeSession(world)({ ...AS, target: { sessionId } });
    for (const text of [sessionId, 'nonsense']) {
      await assert.rejects(rotateSession(world)({ ...AS, sessionId: text }), reason('SESSION_REJECTED'));
    }
  });

  it('SES-6 of two at once one wins, the other is told', async () => {
    const world = testWorld();
    const { sessionId } = await world.signIn();
    const rotate = () => rotateSession(world)({ ...AS, sessionId });
    const settled = await Promise.allSettled([rotate(), rotate()]);
    assert.deepEqual(settled.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const lost = settled.find((one) => one.status === 'rejected');
    assert.ok(reason('CONCURRENT_CHANGE')(lost?.reason));
  });
});
