import assert from 'node:assert/strict';
import { passwordWorld } from '../../../../test/support/password_world.ts';
import { NO_DEVICE, reason } from '../../../../test/support/world.ts';
import { IdentityState } from '../../contract/gen/trust/v1/identity.ts';
import type { Call } from '../../contract/rpc.ts';
import { DAY, HOUR } from '../../kernel/clock.ts';
import { identityRpc } from '../identity/rpc.ts';

const CALL: Call = {
  tenantId: 'default',
  caller: { tenantId: 'default', service: 'ops', scopes: new Set(), audiences: new Set() },
};
const REASON = 'ticket 4711: somebody tries every password';

/** Ada with a password, and what an operator does to her. */
async function standingWorld() {
  const world = passwordWorld();
  const rpc = identityRpc({
    pageTokens: world.pageTokens,
    createIdentity: () => assert.fail(),
    removeIdentity: () => assert.fail(),
    change: world,
    identities: world.stores.identities,
  });
  const { identity } = await world.signedUp({ ...world.attempt, device: NO_DEVICE });
  const target = { tenantId: '', identityId: identity.id };
  const { attempt } = world;
  return {
    ...world,
    rpc,
    id: identity.id,
    signIn: () => world.signedInWith({ ...attempt, device: NO_DEVICE }),
    lock: (span: number, why = REASON) =>
      rpc.lockIdentity({ ...target, reason: why, until: new Date(world.time.now + span) }, CALL),
    disable: (why = REASON) => rpc.disableIdentity({ ...target, reason: why }, CALL),
    enable: () => rpc.enableIdentity(target, CALL),
    shown: async () => {
      const { identity: now } = await rpc.getIdentity(target, CALL);
      return [now?.state, now?.stateReason, now?.lockedUntil?.getTime()] as const;
    },
  };
}

describe('disabled and locked identities', () => {
  it('ACC-12 a lock ends every session, forbids sign-in until its end, and is over by itself', async () => {
    const world = await standingWorld();
    const { sessionId } = await world.signIn();
    const until = world.time.now + HOUR;
    await world.lock(HOUR);
    assert.deepEqual(await world.shown(), [IdentityState.LOCKED, REASON, until]);
    assert.deepEqual(await world.verify('default', sessionId), { active: false, reason: 'REVOKED' });
    await assert.rejects(world.signIn(), reason('CREDENTIAL_REJECTED'));
    world.time.now = until - 1;
    await assert.rejects(world.signIn(), reason('CREDENTIAL_REJECTED'));
    world.time.now = until;
    assert.deepEqual(await world.shown(), [IdentityState.ACTIVE, '', undefined]);
    const again = await world.signIn();
    assert.ok((await world.verify('default', again.sessionId)).active);
    assert.equal((await world.verify('default', sessionId)).active, false);
  });

  it('ACC-12 a backend is told that an identity is disabled, and until when a lock lasts', async () => {
    const world = await standingWorld();
    const begin = () =>
      world.create({
        tenantId: 'default',
        actor: 'web',
        identityId: world.id,
        acr: 'aal1',
        amr: ['pwd'],
        device: NO_DEVICE,
      });
    await world.lock(HOUR);
    const until = new Date(world.time.now + HOUR).toISOString();
    await assert.rejects(begin(), { reason: 'IDENTITY_DISABLED', metadata: { locked_until: until } });
    await world.disable();
    await assert.rejects(begin(), { reason: 'IDENTITY_DISABLED', metadata: {} });
  });

  it('ACC-12 disabling takes the place of a lock; a lock does not end a disabling; enabling ends both', async () => {
    const world = await standingWorld();
    await world.lock(HOUR);
    await world.lock(2 * HOUR, 'longer');
    assert.deepEqual(await world.shown(), [IdentityState.LOCKED, 'longer', world.time.now + 2 * HOUR]);
    await world.disable('for good');
    assert.deepEqual(await world.shown(), [IdentityState.DISABLED, 'for good', undefined]);
    await assert.rejects(world.lock(HOUR), reason('IDENTITY_DISABLED'));
    await world.enable();
    assert.deepEqual(await world.shown(), [IdentityState.ACTIVE, '', undefined]);
    await world.lock(HOUR);
    await world.enable();
    assert.deepEqual(await world.shown(), [IdentityState.ACTIVE, '', undefined]);
    await world.signIn();
  });

  it('ACC-12 the audit trail has the reason; the same once more is no act, another reason is one', async () => {
    const world = await standingWorld();
    await world.disable();
    await world.disable();
    await world.disable('another');
    await world.enable();
    await world.lock(HOUR, '');
    const told = world.stores.events.filter(({ actor }) => actor === 'ops').map(({ action, facts }) => [action, facts]);
    const until = new Date(world.time.now + HOUR).toISOString();
    assert.deepEqual(told, [
      ['identity.disabled', { reason: REASON }],
      ['identity.disabled', { reason: 'another' }],
      ['identity.enabled', {}],
      ['identity.locked', { until }],
    ]);
  });

  for (const [what, span] of [
    ['now', 0],
    ['too far away', 366 * DAY + 1],
    ['at no instant', Number.NaN],
  ] as const) {
    it(`ERR-3 a lock that ends ${what} is refused`, async () => {
      const world = await standingWorld();
      await assert.rejects(world.lock(span), reason('INVALID_FIELD', 'until'));
    });
  }

  it('ERR-3 a lock has an end, a reason at most 256 characters', async () => {
    const world = await standingWorld();
    const target = { tenantId: '', identityId: world.id, reason: '', until: undefined };
    await assert.rejects(world.rpc.lockIdentity(target, CALL), reason('INVALID_FIELD', 'until'));
    await assert.rejects(world.lock(HOUR, 'é'.repeat(257)), reason('INVALID_FIELD', 'reason'));
    await world.lock(366 * DAY, 'é'.repeat(256));
  });
});
