import assert from 'node:assert/strict';
import { passwordWorld } from '../../../../test/support/password_world.ts';
import { NO_DEVICE, reason } from '../../../../test/support/world.ts';

describe('sign up with a password', () => {
  it('AUD-1 makes an identity with its password and a session; both acts stand in the write of the identity', async () => {
    const world = passwordWorld();
    const { sessionId, identity } = await world.signedUp({ ...world.attempt, device: NO_DEVICE });
    assert.ok((await world.verify('default', sessionId)).active);
    const stored = await world.stores.identities.read('default', identity.id);
    assert.deepEqual(stored?.identifiers, [{ type: 'email', value: 'ada@example.com', verified: false }]);
    assert.deepEqual([stored?.displayName, stored?.epoch, stored?.roles], ['Ada', 1, []]);
    assert.equal(await world.stores.passwords.read('default', identity.id), world.digest(world.attempt.password));
    assert.deepEqual(world.acts(), ['identity.created', 'password.signed_up', 'session.created']);
    assert.deepEqual(
      world.stores.calls.filter((call) => call === 'audit.append'),
      [],
    );
  });

  it('PWD-6 a taken identifier is answered as a wrong password is, after one hash, and changes nothing', async () => {
    const world = passwordWorld();
    const { id } = await world.register(world.attempt);
    world.work.length = 0;
    const again = { ...world.attempt, identifier: 'ADA@example.com', password: 'a squatter wants in' };
    await assert.rejects(world.register(again), reason('CREDENTIAL_REJECTED'));
    assert.deepEqual(world.work, ['hash']);
    assert.equal(await world.stores.passwords.read('default', id), world.digest(world.attempt.password));
    assert.equal(world.acts().at(-1), 'password.rejected');
  });

  it('PWD-5 PWD-6 a weak password is refused as such whether or not the identifier is taken', async () => {
    const world = passwordWorld();
    await world.register(world.attempt);
    for (const identifier of ['ada@example.com', 'new@example.com']) {
      const attempt = { ...world.attempt, identifier, password: 'weak password' };
      await assert.rejects(world.register(attempt), reason('WEAK_PASSWORD', 'password'));
    }
    const holding = { ...world.attempt, password: 'ada@example.com!' };
    await assert.rejects(world.register(holding), reason('WEAK_PASSWORD', 'password'));
  });

  it('PWD-1 too short and too long are refused before hashing', async () => {
    const world = passwordWorld();
    for (const password of ['seven77', 'x'.repeat(1_025)]) {
      await assert.rejects(world.register({ ...world.attempt, password }), reason('INVALID_FIELD', 'password'));
    }
    assert.deepEqual(world.work, []);
  });

  it('refuses what is no identifier of its type, and everybody where the tenant closed sign-up', async () => {
    const world = passwordWorld();
    const noAddress = { ...world.attempt, identifier: 'ada' };
    await assert.rejects(world.register(noAddress), reason('INVALID_FIELD', 'identifier'));
    world.tenant.settings = { ...world.tenant.settings, signUpOpen: false };
    await assert.rejects(world.register(world.attempt), reason('SIGN_UP_CLOSED'));
    assert.deepEqual([world.work, world.stores.events], [[], []]);
  });

  it('of many at once with one identifier exactly one gets it', async () => {
    const world = passwordWorld();
    const tries = Array.from({ length: 8 }, () => world.register(world.attempt));
    const answers = await Promise.allSettled(tries);
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1);
  });
});
