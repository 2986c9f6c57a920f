import { invalidField, TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Language } from '../../kernel/language.ts';
import { type AuditEvent, auditEvent } from '../audit/audit.ts';
import type { Trail } from '../change/change.ts';
import type { GuestOf } from '../guest/guest.ts';
import { type ChangeDeps, changeIdentity } from '../identity/change_identity.ts';
import { canonicalIdentifier, type Identifier, type Identity, newIdentity } from '../identity/identity.ts';
import type { IdentityStore } from '../identity/store.ts';
import type { BeginSignIn } from '../pending_sign_in/begin_sign_in.ts';
import type { EndSignIn } from '../pending_sign_in/end_sign_in.ts';
import type { LimitAttempts } from '../rate_limit/limit_attempts.ts';
import type { Device } from '../session/session.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { Elsewhere } from '../users_table/elsewhere.ts';
import type { Hasher } from './hasher.ts';
import { type PasswordStrength, refuseOverlong, refuseUnfit, wordsOfTenant } from './password_rules.ts';
import { outcomeOf, type PasswordAttempt, type SignInOutcome } from './sign_in_with_password.ts';

export type Registration = PasswordAttempt & {
  readonly displayName: string;
  /** The session of a guest who becomes this account. */
  readonly guestSessionId?: string | undefined;
  /** Of the mail that asks whether the address is theirs; English if it is not known. */
  readonly language?: Language | undefined;
};

/** Asks the owner of an address whether it is theirs, where mails are sent. */
export type AskOwner = (registration: Registration, identity: Identity, email: string) => Promise<void>;

/** The new identity. Errors: INVALID_FIELD, WEAK_PASSWORD, SIGN_UP_CLOSED, SESSION_REJECTED (of a guest), CREDENTIAL_REJECTED (taken), RATE_LIMITED, PROOF_OF_WORK_REQUIRED, HASHING_BUSY. */
export type RegisterPassword = (registration: Registration) => Promise<Identity>;

/** Writes a new identity with its password; `identifier_taken` leaves nothing behind. */
export type InsertIdentity = (
  identity: Identity,
  trail: Trail,
  passwordHash: string,
) => Promise<'ok' | 'identifier_taken'>;

/** Decides a sign-up. A taken identifier is answered as a wrong password is, after the same hash (spec PWD-6). */
export function registerPassword(deps: {
  readonly insertIdentity: InsertIdentity;
  readonly guests: { readonly of: GuestOf; readonly identities: Pick<IdentityStore, 'read' | 'replace'> };
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly limitAttempts: LimitAttempts;
  readonly elsewhere?: Pick<Elsewhere, 'has'> | undefined;
  readonly askOwner?: AskOwner | undefined;
  readonly mails: ChangeDeps['mails'];
  readonly hasher: Hasher;
  readonly strength: PasswordStrength;
  readonly recordAudit: (events: readonly AuditEvent[]) => Promise<void>;
  readonly clock: Clock;
  readonly newId: NewId;
}): RegisterPassword {
  /** Makes a guest the account; undefined if the identifier is taken. */
  const completed = async (guestId: string, by: Registration, identifier: Identifier, hash: string) => {
    const { tenantId, actor, displayName } = by;
    const about = { identityId: guestId, subject: guestId };
    const signedUp = auditEvent({ tenantId, name: actor }, deps.clock(), deps.newId, 'password.signed_up', about);
    const { read, replace } = deps.guests.identities;
    const identities: ChangeDeps['identities'] = {
      read,
      replace: (before, after, { events, ...trail }) =>
        replace(before, after, { ...trail, events: [...events, signedUp] }, hash),
    };
    const target = { tenantId, actor, identityId: guestId, act: 'guest_completed' as const };
    try {
      return await changeIdentity({ ...deps, identities }, target, 'identity.updated', (before) => {
        if (before.identifiers.length > 0) throw new TrustError('SESSION_REJECTED');
        return { ...before, identifiers: [identifier], displayName: displayName || before.displayName };
      });
    } catch (error) {
      if (error instanceof TrustError && error.reason === 'IDENTIFIER_TAKEN') return undefined;
      throw error;
    }
  };

  return async (registration) => {
    const { tenantId, actor, identifierType: type, identifier, password, address, displayName } = registration;
    const settings = await deps.settings(tenantId);
    if (!settings.signUpOpen) throw new TrustError('SIGN_UP_CLOSED');
    const value = canonicalIdentifier(type, identifier);
    if (value === undefined) throw invalidField('identifier', 'is not of its type');
    // Refused before it is counted, as at sign-in (spec PWD-1).
    refuseOverlong(password);
    await deps.limitAttempts({ tenantId, address, proofOfWork: registration.proofOfWork ?? '' });
    const { guestSessionId } = registration;
    const guest = guestSessionId === undefined ? undefined : await deps.guests.of(tenantId, guestSessionId);
    await refuseUnfit(deps.strength, password, [{ type, value }], wordsOfTenant(settings));
    const hash = await deps.hasher.hash(password);

    const now = deps.clock();
    const facts = {
      tenantId,
      identifiers: [{ type, value, verified: false }],
      displayName,
      roles: [],
      metadata: {},
    };
    const identity = newIdentity(deps.newId('idn'), facts, now);
    const by = { tenantId, name: actor };
    const about = { identityId: identity.id, subject: identity.id };
    const events = [
      auditEvent(by, now, deps.newId, 'identity.created', about),
      auditEvent(by, now, deps.newId, 'password.signed_up', about),
    ];
    // Who has the identifier elsewhere would be locked out by whoever signs up with it here.
    const taken = (await deps.elsewhere?.has(tenantId, type, value)) === true;
    const write = async () => {
      if (guest !== undefined) return completed(guest, registration, { type, value, verified: false }, hash);
      return (await deps.insertIdentity(identity, { changes: [], events }, hash)) === 'ok' ? identity : undefined;
    };
    const account = taken ? undefined : await write();
    if (account !== undefined) {
      if (type === 'email') await deps.askOwner?.(registration, account, value);
      return account;
    }
    await deps.recordAudit([auditEvent(by, now, deps.newId, 'password.rejected')]);
    throw new TrustError('CREDENTIAL_REJECTED');
  };
}

export type SignUpWithPassword = (registration: Registration & { readonly device: Device }) => Promise<SignInOutcome>;

/** Makes an identity with a password and a session for it, or tells what is still asked. */
export function signUpWithPassword(deps: {
  readonly registerPassword: RegisterPassword;
  readonly beginSignIn: BeginSignIn;
  readonly endSignIn: EndSignIn;
}): SignUpWithPassword {
  return async ({ device, ...registration }) =>
    outcomeOf(deps, await deps.registerPassword(registration), registration, device);
}
