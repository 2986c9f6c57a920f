import type { Identity } from '../identity/identity.ts';
import type { ReadIdentityByIdentifier } from '../password/sign_in_with_password.ts';
import type { BeginInput, BeginSignIn, SignInStep } from '../pending_sign_in/begin_sign_in.ts';
import { refuseMethod } from '../sign_in/sign_in_methods.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import { emailOf, holds } from './addresses.ts';
import { type Asker, type Given, type MailProofs, rejected, type Started } from './mail_proofs.ts';

/** Errors: INVALID_FIELD, RATE_LIMITED, PROOF_OF_WORK_REQUIRED, FEATURE_NOT_CONFIGURED. */
export type StartMailSignIn = (asker: Asker, email: string) => Promise<Started>;

/** Sends a code to a verified address of an active identity (spec MAIL-10). */
export function startMailSignIn(deps: {
  readonly mailProofs: MailProofs;
  readonly readIdentityByIdentifier: ReadIdentityByIdentifier;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
}): StartMailSignIn {
  return async (asker, typed) => {
    refuseMethod(await deps.settings(asker.tenantId), 'mail');
    const email = emailOf(typed, 'email');
    const find = async () => {
      const identity = await deps.readIdentityByIdentifier(asker.tenantId, 'email', email);
      return identity?.active === true && holds(identity, email, 'verified') ? identity : undefined;
    };
    return deps.mailProofs.start(asker, { purpose: 'sign_in', email, find });
  };
}

/** What the code leads to: a second factor is asked for as after a password. Errors: CREDENTIAL_REJECTED, RATE_LIMITED, FEATURE_NOT_CONFIGURED. */
export type CompleteMailSignIn = (
  given: Given,
  more?: Pick<BeginInput, 'deviceToken' | 'binding' | 'wanted' | 'hold'>,
) => Promise<SignInStep>;

export function completeMailSignIn(deps: {
  readonly mailProofs: MailProofs;
  readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  readonly beginSignIn: BeginSignIn;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
}): CompleteMailSignIn {
  return async (given, more = {}) => {
    const { tenantId, actor } = given;
    refuseMethod(await deps.settings(tenantId), 'mail');
    const proof = await deps.mailProofs.check(given, 'sign_in');
    // A link that somebody else asked for signs nobody in, whoever opens it.
    if (proof.binding !== (more.binding ?? '')) throw rejected();
    const identity = await deps.readIdentity(tenantId, proof.identityId);
    if (identity === undefined || !identity.active || identity.epoch !== proof.epoch) throw rejected();
    if (!holds(identity, proof.email, 'verified')) throw rejected();
    await deps.mailProofs.spend(proof, actor);
    return deps.beginSignIn({ ...more, tenantId, actor, identity, method: 'email_code' });
  };
}
