import type { MfaPolicy } from '../tenant/tenant.ts';

/** How a person proved something in one sign-in. `session` stands for an active session that is stepped up. */
export type Method =
  | 'password'
  | 'email_code'
  | 'oauth'
  | 'session'
  | 'totp'
  | 'recovery_code'
  /** Touched, but the authenticator did not verify who touched it. */
  | 'passkey'
  | 'passkey_verified';

/** Second factors of an identity. */
export type Factors = { readonly totp: boolean; readonly passkeys: number; readonly recoveryCodes: number };

/** Assurance levels (RFC 9068, `acr`). */
export type Assurance = 'aal1' | 'aal2';

/** Names of the methods in verdicts and tokens (RFC 8176; `recovery` and `fed` are ours). */
const AMR: Readonly<Record<Method, readonly string[]>> = {
  password: ['pwd'],
  email_code: ['otp'],
  oauth: ['fed'],
  session: [],
  totp: ['otp'],
  recovery_code: ['recovery'],
  passkey: ['swk'],
  passkey_verified: ['swk', 'user'],
};

const FIRST: readonly Method[] = ['password', 'email_code', 'oauth', 'session'];
const SECOND: readonly Method[] = ['totp', 'recovery_code', 'passkey', 'passkey_verified'];

/** What the methods amount to: two factors of different kinds, or a passkey that verified its user, are aal2 (spec MFA-2). */
export function levelOf(proved: readonly Method[]): Assurance {
  const two = proved.some((method) => FIRST.includes(method)) && proved.some((method) => SECOND.includes(method));
  return two || proved.includes('passkey_verified') ? 'aal2' : 'aal1';
}

/** The methods as a session names them; `earlier` are those of the session that is stepped up. */
export function amrOf(proved: readonly Method[], earlier: readonly string[] = []): readonly string[] {
  const names = [...earlier, ...proved.flatMap((method) => AMR[method])];
  return [...new Set(levelOf(proved) === 'aal2' ? [...names, 'mfa'] : names)];
}

export type Asked = 'nothing' | 'factor' | 'enrollment';

/**
 * What a sign-in still asks. The one place where the policy is applied: every way in comes through here (spec MFA-1).
 * `remembered`: the device was, in this epoch of the identity. `wanted`: what the caller asks for beyond the policy.
 */
export function stillAsked(sign: {
  readonly policy: MfaPolicy;
  readonly policyRoles: readonly string[];
  readonly roles: readonly string[];
  readonly factors: Factors;
  readonly proved: readonly Method[];
  readonly remembered: boolean;
  readonly wanted?: Assurance | undefined;
}): Asked {
  const { policy, factors } = sign;
  if (levelOf(sign.proved) === 'aal2' || policy === 'off') return 'nothing';
  const has = hasFactor(factors);
  if (sign.wanted === 'aal2') return has ? 'factor' : 'enrollment';
  if (has) return sign.remembered ? 'nothing' : 'factor';
  const required =
    policy === 'required' ||
    (policy === 'required_by_role' && sign.roles.some((role) => sign.policyRoles.includes(role)));
  return required ? 'enrollment' : 'nothing';
}

/** Recovery codes alone are no factor: they stand in for one. */
export const hasFactor = ({ totp, passkeys }: Factors): boolean => totp || passkeys > 0;
