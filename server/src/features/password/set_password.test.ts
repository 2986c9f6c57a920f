import assert from 'node:assert/strict';
import { passwordWorld } from '../../../../test/support/password_world.ts';
import { NO_DEVICE, reason } from '../../../../test/support/world.ts';

async function signedUp() {
  const world = passwordWorld();
  const signedIn = await world.signedUp({ ...world.attempt, device: NO_DEVICE });
  const change = { tenantId: 'default', actor: 'web', identityId: signedIn.identity.id, password: 'a newer password' };
  return { ...world, ...signedIn, change };
}

describe('set a password', () => {
  it('PWD-7 SES-3 SES-4 ends all sessions: epoch raised, change row and event in the same write; only the new password holds', async () => {
    const world = await signedUp();
    world.stores.feed.length = 0;
    world.stores.events.length = 0;
    assert.deepEqual(await world.setPassword(world.change), { epoch: 2 });
    assert.deepEqual(await world.verify('default', world.sessionId), { active: false, reason: 'REVOKED' });
    const { identityId } = world.change;
    assert.deepEqual(world.stores.feed, [{ tenantId: 'default', kind: 'identity', identityId, epoch: 2, version: 2 }]);
    assert.deepEqual(world.acts(), ['password.changed']);
    await assert.rejects(world.authenticate(world.attempt), reason('CREDENTIAL_REJECTED'));
    assert.equal((await world.authenticate({ ...world.attempt, password: 'a newer password' })).epoch, 2);
  });

  it('PWD-7 gives a first password to an identity without one', async () => {
    const world = await signedUp();
    const { id } = await world.addIdentity({
      identifiers: [{ type: 'email', value: 'bob@example.com', verified: true }],
    });
    await world.setPassword({ ...world.change, identityId: id });
    const bob = { ...world.attempt, identifier: 'bob@example.com', password: 'a newer password' };
    assert.equal((await world.authenticate(bob)).id, id);
  });

  it('PWD-7 tries again after a concurrent change, with one hash, and raises the epoch of what is stored then', async () => {
    const world = await signedUp();
    world.work.length = 0;
    let changes = 3;
    world.stores.control.before = async (call) => {
      if (call !== 'passwords.set' || changes-- <= 0) return;
      const before = await world.readIdentity('default', world.change.identityId);
      assert.ok(before);
      const after = { ...before, displayName: `Ada ${changes}`, version: before.version + 1 };
      await world.stores.identities.replace(before, after, { changes: [], events: [] });
    };
    assert.deepEqual(await world.setPassword(world.change), { epoch: 2 });
    assert.deepEqual(world.work, ['hash']);
    const stored = await world.readIdentity('default', world.change.identityId);
    assert.deepEqual([stored?.displayName, stored?.version], ['Ada 0', 5]);
  });

  it('PWD-7 gives up with CONCURRENT_CHANGE and nothing changed', async () => {
    const world = await signedUp();
    world.stores.control.before = async (call) => {
      if (call !== 'passwords.set') return;
      const before = await world.readIdentity('default', world.change.identityId);
      assert.ok(before);
      await world.stores.identities.replace(
        before,
        { ...before, version: before.version + 1 },
        { changes: [], events: [] },
      );
    };
    await assert.rejects(world.setPassword(world.change), reason('CONCURRENT_CHANGE'));
    world.stores.control.before = undefined;
    assert.equal((await world.authenticate(world.attempt)).id, world.change.identityId);
  });

  it('PWD-1 PWD-5 refuses what a sign-up would, and any identifier of the identity; an unknown identity first of all', async () => {
    const world = await signedUp();
    const set = (password: string) => world.setPassword({ ...world.change, password });
    await assert.rejects(set('short'), reason('INVALID_FIELD', 'password'));
    await assert.rejects(set('x'.repeat(1_025)), reason('INVALID_FIELD', 'password'));
    await assert.rejects(set('weak password'), reason('WEAK_PASSWORD', 'password'));
    await assert.rejects(set('for ada@example.com'), reason('WEAK_PASSWORD', 'password'));
    const nobody = { ...world.change, identityId: `idn_${'0'.repeat(32)}` };
    await assert.rejects(world.setPassword(nobody), reason('IDENTITY_NOT_FOUND'));
    assert.ok((await world.verify('default', world.sessionId)).active, 'a refusal ends nothing');
  });
});
