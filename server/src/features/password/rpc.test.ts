import assert from 'node:assert/strict';
import { passwordWorld } from '../../../../test/support/password_world.ts';
import { reason } from '../../../../test/support/world.ts';
import { IdentifierType } from '../../contract/gen/trust/v1/identity.ts';
import type { Caller } from '../../contract/rpc.ts';
import { passwordRpc } from './rpc.ts';

const caller: Caller = { tenantId: 'default', service: 'web', scopes: new Set(), audiences: new Set() };
const call = { tenantId: 'default', caller };
const signUp = {
  tenantId: '',
  identifierType: IdentifierType.EMAIL,
  identifier: 'ada@example.com',
  password: 'violet-otter-battery',
  displayName: 'Ada',
  guestSessionId: '',
  proofOfWork: '',
  device: undefined,
};

function served() {
  const world = passwordWorld();
  return {
    ...world,
    ...passwordRpc({ ...world, signUpWithPassword: world.signUp, signInWithPassword: world.signInWith }),
  };
}

const signIn = { ...signUp, deviceToken: '' };

describe('PasswordService', () => {
  it('signs up, signs in and sets a password', async () => {
    const { signUpWithPassword, signInWithPassword, setPassword, stores } = served();
    const { identity, session } = await signUpWithPassword(signUp, call);
    assert.equal(session?.identityId, identity?.id);
    const again = await signInWithPassword(signIn, call);
    assert.match(again.sessionId, /^ts_/);
    const change = { tenantId: '', identityId: identity?.id ?? '', password: 'a newer password' };
    assert.deepEqual(await setPassword(change, call), { epoch: 2n });
    assert.ok(stores.events.every(({ actor }) => actor === 'web'));
  });

  it('takes each type of identifier', async () => {
    const { signUpWithPassword } = served();
    for (const [identifierType, identifier] of [
      [IdentifierType.PHONE, '+491511234567'],
      [IdentifierType.USERNAME, 'countess'],
    ] as const) {
      assert.ok(await signUpWithPassword({ ...signUp, identifierType, identifier }, call));
    }
  });

  it('ERR-3 names each malformed field', async () => {
    const { signUpWithPassword, signInWithPassword, setPassword } = served();
    for (const [change, field] of [
      [{ identifierType: 0 }, 'identifier_type'],
      [{ identifierType: 9 as 1 }, 'identifier_type'],
      [{ identifier: '' }, 'identifier'],
      [{ identifier: 'x'.repeat(255) }, 'identifier'],
      [{ identifier: 'ada\n@example.com' }, 'identifier'],
      [{ password: 'x'.repeat(1_025) }, 'password'],
      [{ device: { userAgent: '', ipAddress: 'x'.repeat(46), label: '' } }, 'device.ip_address'],
    ] as const) {
      await assert.rejects(signUpWithPassword({ ...signUp, ...change }, call), reason('INVALID_FIELD', field));
      await assert.rejects(signInWithPassword({ ...signIn, ...change }, call), reason('INVALID_FIELD', field));
    }
    const long = { ...signUp, displayName: 'x'.repeat(129) };
    await assert.rejects(signUpWithPassword(long, call), reason('INVALID_FIELD', 'display_name'));
    const nobody = { tenantId: '', identityId: 'ada', password: 'a newer password' };
    await assert.rejects(setPassword(nobody, call), reason('INVALID_FIELD', 'identity_id'));
  });
});
