import assert from 'node:assert/strict';
import { reason, testWorld } from '../../../../test/support/world.ts';
import { revokeIdentitySessions } from './revoke_identity_sessions.ts';

const AS = { tenantId: 'default', actor: 'web' };

describe('end all sessions of an identity', () => {
  it('SES-5 SES-3 raises the epoch by 1: no session of it is active any more', async () => {
    const world = testWorld();
    const { sessionId, session } = await world.signIn({ epoch: 4 });
    const other = await world.signIn();
    const revoke = revokeIdentitySessions(world);
    assert.deepEqual(await revoke({ ...AS, identityId: session.identityId }), { epoch: 5 });
    assert.deepEqual(await world.verify('default', sessionId), { active: false, reason: 'REVOKED' });
    assert.equal((await world.verify('default', other.sessionId)).active, true);
    assert.deepEqual(await revoke({ ...AS, identityId: session.identityId }), { epoch: 6 });
  });

  it('SES-4 AUD-1 leaves a change row and an event in the same write', async () => {
    const world = testWorld();
    const { id: identityId } = await world.addIdentity({ epoch: 4, version: 8 });
    await revokeIdentitySessions(world)({ ...AS, identityId });
    assert.deepEqual(world.stores.feed, [{ tenantId: 'default', kind: 'identity', identityId, epoch: 5, version: 9 }]);
    assert.equal(world.stores.events.at(-1)?.action, 'identity.sessions_revoked');
    assert.equal(world.stores.events.at(-1)?.identityId, identityId);
  });

  it('SES-3 raises by 1 for each of many at once, and loses none', async () => {
    const world = testWorld();
    const { id: identityId } = await world.addIdentity();
    const revoke = revokeIdentitySessions(world);
    const epochs = await Promise.all(Array.from({ length: 4 }, () => revoke({ ...AS, identityId })));
    assert.deepEqual(epochs.map(({ epoch }) => epoch).sort(), [2, 3, 4, 5]);
  });

  it('tells of an unknown identity, and of changes that do not stop', async () => {
    const world = testWorld();
    const { id: identityId } = await world.addIdentity();
    const unknown = { tenantId: 'other', actor: 'web', identityId };
    await assert.rejects(revokeIdentitySessions(world)(unknown), reason('IDENTITY_NOT_FOUND'));
    const identities = { ...world.identities, replace: async () => 'changed' as const };
    const unlucky = revokeIdentitySessions({ ...world, identities });
    await assert.rejects(unlucky({ ...AS, identityId }), reason('CONCURRENT_CHANGE'));
  });
});
