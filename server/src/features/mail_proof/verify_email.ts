import { invalidField } from '../../errors/trust_error.ts';
import { doneFrom } from '../cascade/cascade.ts';
import { type ChangeDeps, changeIdentity } from '../identity/change_identity.ts';
import { type Identity, MAX_IDENTIFIERS } from '../identity/identity.ts';
import type { ReadIdentityByIdentifier } from '../password/sign_in_with_password.ts';
import { type ReadPerson, refuseUnproved, type SubjectName } from '../pending_sign_in/subject.ts';
import { emailOf, holds, withVerified } from './addresses.ts';
import { type Asker, type Given, type MailProofs, rejected, type Started } from './mail_proofs.ts';

type StartDeps = { readonly mailProofs: MailProofs; readonly readIdentityByIdentifier: ReadIdentityByIdentifier };

/** Errors: FEATURE_NOT_CONFIGURED, RATE_LIMITED. */
export type VerifyOwnEmail = (asker: Asker, identity: Identity, email: string) => Promise<Started>;

/** Sends a code and a link to an address that an identity has. */
export function verifyOwnEmail({ mailProofs }: Pick<StartDeps, 'mailProofs'>): VerifyOwnEmail {
  return (asker, identity, email) => mailProofs.start(asker, { purpose: 'verify', email, find: async () => identity });
}

/** Errors: INVALID_FIELD, SESSION_REJECTED, PENDING_SIGN_IN_REJECTED, STEP_UP_REQUIRED, RATE_LIMITED, FEATURE_NOT_CONFIGURED. */
export type StartEmailVerification = (
  asker: Asker,
  name: SubjectName,
  email: string,
  replaces: string,
) => Promise<Started>;

/**
 * Sends a code and a link to an address of the identity, or to one that it is to have: that takes a fresh proof of who asks. An address that somebody else
 * has is answered like a free one (spec MAIL-13).
 */
export function startEmailVerification(deps: StartDeps & { readonly readPerson: ReadPerson }): StartEmailVerification {
  return async (asker, name, typed, typedReplaces) => {
    const email = emailOf(typed, 'email');
    const replaces = typedReplaces === '' ? '' : emailOf(typedReplaces, 'replaces');
    const person = await deps.readPerson(asker.tenantId, name);
    const { identity, within } = person;
    if (holds(identity, email)) return verifyOwnEmail(deps)(asker, identity, email);
    refuseUnproved(person);
    if (replaces !== '' && !holds(identity, replaces)) throw invalidField('replaces', 'is no address of the identity');
    if (replaces === '' && identity.identifiers.length >= MAX_IDENTIFIERS) {
      throw invalidField('email', `would be more than ${MAX_IDENTIFIERS} identifiers`);
    }
    const find = async () =>
      (await deps.readIdentityByIdentifier(asker.tenantId, 'email', email)) === undefined ? identity : undefined;
    return deps.mailProofs.start(asker, { purpose: 'verify', email, replaces, within, find });
  };
}

/** The identity with the address. Errors: CREDENTIAL_REJECTED, RATE_LIMITED, CONCURRENT_CHANGE, IDENTIFIER_TAKEN, FEATURE_NOT_CONFIGURED. */
export type CompleteEmailVerification = (given: Given) => Promise<Identity>;

/**
 * Makes the address a verified one of the identity. A new one is told to every verified address from before (spec MAIL-14). One that takes the place of
 * another is an act of its own: whoever reads the mail of the old one may be in.
 */
export function completeEmailVerification(deps: {
  readonly mailProofs: MailProofs;
  readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  readonly change: ChangeDeps;
}): CompleteEmailVerification {
  return async (given) => {
    const { tenantId, actor } = given;
    const proof = await deps.mailProofs.check(given, 'verify');
    const { email, replaces } = proof;
    const found = await deps.readIdentity(tenantId, proof.identityId);
    if (found === undefined || !found.active) throw rejected();
    const own = holds(found, email);
    // Whatever ended the sessions since ends a change that was begun in one of them.
    if (!own && found.epoch !== proof.epoch) throw rejected();
    await deps.mailProofs.spend(proof, actor);
    const act = own || replaces === '' ? undefined : ('email_changed' as const);
    const target = { tenantId, actor, identityId: found.id, act, within: doneFrom({ ...proof.within }, given.place) };
    return changeIdentity(deps.change, target, 'identifier.verified', (before) => {
      if (holds(before, email, 'verified')) return undefined;
      if (holds(before, email)) return withVerified(before, email);
      if (!before.active || before.epoch !== proof.epoch) throw rejected();
      return withNew(before, email, replaces);
    });
  };
}

/** The identity with a new address, at the place of another or at the end. */
function withNew(identity: Identity, email: string, replaces: string): Identity {
  const added = { type: 'email' as const, value: email, verified: true };
  const { identifiers } = identity;
  if (replaces === '') return { ...identity, identifiers: [...identifiers, added] };
  if (!holds(identity, replaces)) throw rejected();
  return {
    ...identity,
    identifiers: identifiers.map((one) => (one.type === 'email' && one.value === replaces ? added : one)),
  };
}
