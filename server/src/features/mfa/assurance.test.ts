import assert from 'node:assert/strict';
import { amrOf, type Factors, levelOf, type Method, stillAsked } from './assurance.ts';

const NONE: Factors = { totp: false, passkeys: 0, recoveryCodes: 0 };
const TOTP: Factors = { totp: true, passkeys: 0, recoveryCodes: 10 };

const asked = (change: Partial<Parameters<typeof stillAsked>[0]>) =>
  stillAsked({
    policy: 'optional',
    policyRoles: ['admin'],
    roles: ['reader'],
    factors: NONE,
    proved: ['password'],
    remembered: false,
    ...change,
  });

describe('what a sign-in still asks', () => {
  it('MFA-1 follows the policy of the tenant', () => {
    for (const [policy, roles, factors, expected] of [
      ['off', [], TOTP, 'nothing'],
      ['off', [], NONE, 'nothing'],
      ['optional', [], NONE, 'nothing'],
      ['optional', [], TOTP, 'factor'],
      ['required', [], NONE, 'enrollment'],
      ['required', [], TOTP, 'factor'],
      ['required_by_role', ['reader'], NONE, 'nothing'],
      ['required_by_role', ['reader'], TOTP, 'factor'],
      ['required_by_role', ['reader', 'admin'], NONE, 'enrollment'],
    ] as const) {
      assert.equal(asked({ policy, roles, factors }), expected, `${policy} ${roles} ${factors.totp}`);
    }
  });

  it('MFA-1 holds for every first proof', () => {
    for (const method of ['password', 'email_code', 'oauth', 'session'] as const) {
      assert.equal(asked({ proved: [method], factors: TOTP }), 'factor', method);
      assert.equal(asked({ proved: [method], policy: 'required' }), 'enrollment', method);
    }
  });

  it('MFA-9 a remembered device spares a factor, never an enrolment or what is asked for beyond the policy', () => {
    assert.equal(asked({ factors: TOTP, remembered: true }), 'nothing');
    assert.equal(asked({ policy: 'required', remembered: true }), 'enrollment');
    assert.equal(asked({ factors: TOTP, remembered: true, wanted: 'aal2' }), 'factor');
    assert.equal(asked({ wanted: 'aal2' }), 'enrollment');
  });

  it('recovery codes without a factor are none', () => {
    assert.equal(asked({ factors: { ...NONE, recoveryCodes: 10 } }), 'nothing');
  });

  it('MFA-2 two kinds of factors are aal2, two of one kind are not', () => {
    for (const [proved, level, amr] of [
      [['password'], 'aal1', ['pwd']],
      [['password', 'email_code'], 'aal1', ['pwd', 'otp']],
      [['totp'], 'aal1', ['otp']],
      [['passkey'], 'aal1', ['swk']],
      [['totp', 'recovery_code'], 'aal1', ['otp', 'recovery']],
      [['passkey_verified'], 'aal2', ['swk', 'user', 'mfa']],
      [['password', 'totp'], 'aal2', ['pwd', 'otp', 'mfa']],
      [['oauth', 'passkey'], 'aal2', ['fed', 'swk', 'mfa']],
      [['password', 'recovery_code'], 'aal2', ['pwd', 'recovery', 'mfa']],
    ] as readonly (readonly [readonly Method[], string, readonly string[]])[]) {
      assert.equal(levelOf(proved), level, proved.join());
      assert.deepEqual(amrOf(proved), amr);
    }
  });
});
