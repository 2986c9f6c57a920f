import type { Identity } from '../identity/identity.ts';
import { hasFactor } from '../mfa/assurance.ts';
import type { MfaStore } from '../mfa/store.ts';
import type { OauthStore } from '../oauth/store.ts';
import { refuseOverlong } from '../password/password_rules.ts';
import type { WritePassword } from '../password/set_password.ts';
import { NOBODY, type ReadIdentityByIdentifier } from '../password/sign_in_with_password.ts';
import type { BeginInput, BeginSignIn, SignInStep } from '../pending_sign_in/begin_sign_in.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import { emailOf, holds, withVerified } from './addresses.ts';
import { type Asker, type Given, type MailProofs, rejected, type Started } from './mail_proofs.ts';

type Mfa = { readonly mfa: Pick<MfaStore, 'factors'>; readonly oauth: Pick<OauthStore, 'list'> };

/** Errors: INVALID_FIELD, RATE_LIMITED, PROOF_OF_WORK_REQUIRED, FEATURE_NOT_CONFIGURED. */
export type StartPasswordReset = (asker: Asker, email: string) => Promise<Started>;

/**
 * Whether an address gets an identity a new password: a verified one; or, where none is verified and there is no factor and no account elsewhere, any. Somebody who signed up with
 * the address of another and added a factor or a verified address keeps no way in, nor gets one (spec MAIL-12).
 */
async function mayReset(deps: Mfa, tenantId: string, identity: Identity | undefined, email: string): Promise<boolean> {
  const id = identity?.id ?? NOBODY;
  const [factors, accounts] = await Promise.all([deps.mfa.factors(tenantId, id), deps.oauth.list(tenantId, id)]);
  if (identity === undefined || !identity.active || !holds(identity, email)) return false;
  return (
    holds(identity, email, 'verified') ||
    (!hasFactor(factors) && accounts.length === 0 && !identity.identifiers.some(({ verified }) => verified))
  );
}

/** Sends a code and a link for a new password (spec MAIL-11). */
export function startPasswordReset(
  deps: Mfa & { readonly mailProofs: MailProofs; readonly readIdentityByIdentifier: ReadIdentityByIdentifier },
): StartPasswordReset {
  return async (asker, typed) => {
    const { tenantId } = asker;
    const email = emailOf(typed, 'email');
    const find = async () => {
      const identity = await deps.readIdentityByIdentifier(tenantId, 'email', email);
      return (await mayReset(deps, tenantId, identity, email)) ? identity : undefined;
    };
    return deps.mailProofs.start(asker, { purpose: 'reset', email, find });
  };
}

/** Errors: INVALID_FIELD, WEAK_PASSWORD, CREDENTIAL_REJECTED, RATE_LIMITED, HASHING_BUSY, FEATURE_NOT_CONFIGURED. */
export type CompletePasswordReset = (
  given: Given,
  password: string,
  more?: Pick<BeginInput, 'binding' | 'wanted'>,
) => Promise<SignInStep | undefined>;

/**
 * Sets the new password, ends every session, tells the owner, and signs in as far as the mail proves it: a second factor is asked for still. Undefined where the
 * tenant lets no mail sign in: then the new password does.
 */
export function completePasswordReset(
  deps: Mfa & {
    readonly mailProofs: MailProofs;
    readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
    readonly writePassword: WritePassword;
    readonly beginSignIn: BeginSignIn;
    readonly settings: (tenantId: string) => Promise<TenantSettings>;
  },
): CompletePasswordReset {
  return async (given, password, more = {}) => {
    const { tenantId, actor } = given;
    refuseOverlong(password);
    const proof = await deps.mailProofs.check(given, 'reset');
    const identity = await deps.readIdentity(tenantId, proof.identityId);
    const may = identity?.epoch === proof.epoch && (await mayReset(deps, tenantId, identity, proof.email));
    if (identity === undefined || !may) throw rejected();
    const after = await deps.writePassword({
      tenantId,
      actor,
      identity,
      password,
      within: { place: given.place },
      act: 'password_reset',
      // A weak password may be replaced by another; a code that was used may not be used again.
      first: () => deps.mailProofs.spend(proof, actor),
      rule(before) {
        if (!before.active || before.epoch !== proof.epoch || !holds(before, proof.email)) throw rejected();
        return withVerified(before, proof.email);
      },
    });
    const { signInMethods } = await deps.settings(tenantId);
    if (!signInMethods.mail) return undefined;
    return deps.beginSignIn({ ...more, tenantId, actor, identity: after, method: 'email_code' });
  };
}
