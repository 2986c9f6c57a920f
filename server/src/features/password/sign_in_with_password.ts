import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { type AuditEvent, auditEvent } from '../audit/audit.ts';
import { canonicalIdentifier, type IdentifierType, type Identity } from '../identity/identity.ts';
import type { BeginSignIn, Pending } from '../pending_sign_in/begin_sign_in.ts';
import type { EndSignIn } from '../pending_sign_in/end_sign_in.ts';
import type { LimitAttempts } from '../rate_limit/limit_attempts.ts';
import type { CreatedSession } from '../session/create_session.ts';
import type { Device } from '../session/session.ts';
import type { TellOfAttempts } from '../suspicion/tell_of_attempts.ts';
import type { Elsewhere } from '../users_table/elsewhere.ts';
import type { Hasher } from './hasher.ts';
import { refuseOverlong } from './password_rules.ts';
import type { PasswordStore } from './store.ts';

export type PasswordAttempt = {
  readonly tenantId: string;
  /** Name of the actor in the audit trail. */
  readonly actor: string;
  readonly identifierType: IdentifierType;
  readonly identifier: string;
  readonly password: string;
  /** Address of the person's device; empty if it is not known. */
  readonly address: string;
  /** The solution of a challenge; empty where there is none. */
  readonly proofOfWork?: string | undefined;
};

/** The identity that the password proves, with the record of it still to be kept. Errors: as AuthenticatePassword, and a refusal is recorded. */
export type ProvePassword = (
  attempt: PasswordAttempt,
) => Promise<{ readonly identity: Identity; readonly proved: AuditEvent }>;

/** The identity that the password proves. Errors: INVALID_FIELD (overlong password), CREDENTIAL_REJECTED, RATE_LIMITED, PROOF_OF_WORK_REQUIRED, HASHING_BUSY. */
export type AuthenticatePassword = (attempt: PasswordAttempt) => Promise<Identity>;

/** Reads by canonical identifier. */
export type ReadIdentityByIdentifier = (
  tenantId: string,
  type: IdentifierType,
  value: string,
) => Promise<Identity | undefined>;

// No identity has this id: looked up where there is none, so that each refusal takes the same reads.
export const NOBODY = `idn_${'0'.repeat(32)}`;

/** Decides by password. Unknown, without password, disabled and wrong take one path: one read, one count, one more read, one hash, one record (spec PWD-3). */
export function provePassword(deps: {
  readonly readIdentityByIdentifier: ReadIdentityByIdentifier;
  readonly passwords: Pick<PasswordStore, 'read' | 'rehash'>;
  readonly limitAttempts: LimitAttempts;
  readonly tellOfAttempts: TellOfAttempts;
  /** Where else people have passwords. It is asked each time, so that each attempt is the same work. */
  readonly elsewhere?: Elsewhere | undefined;
  readonly hasher: Hasher;
  readonly recordAudit: RecordAudit;
  readonly clock: Clock;
  readonly newId: NewId;
}): ProvePassword {
  const { hasher, passwords } = deps;

  /** Keeps the hash as strong as it is asked for now (spec PWD-2); a full queue leaves that to the next sign-in. */
  const strengthen = async (identity: Identity, stored: string, password: string) => {
    if (!hasher.needsRehash(stored)) return;
    try {
      await passwords.rehash(identity.tenantId, identity.id, stored, await hasher.hash(password));
    } catch (error) {
      if (!(error instanceof TrustError && error.reason === 'HASHING_BUSY')) throw error;
    }
  };

  return async ({ tenantId, actor, identifierType, identifier, password, address, proofOfWork = '' }) => {
    const place = { userAgent: '', ipAddress: address };
    refuseOverlong(password);
    const value = canonicalIdentifier(identifierType, identifier);
    const identity =
      value === undefined ? undefined : await deps.readIdentityByIdentifier(tenantId, identifierType, value);
    const account = value === undefined ? undefined : `${identifierType} ${value}`;
    const throttled = () =>
      deps.tellOfAttempts({ what: 'throttled', tenantId, actor, account: account ?? '', identity, place });
    const counted = { tenantId, account, address: place.ipAddress, identityId: identity?.id };
    const passage = await deps.limitAttempts({ ...counted, throttled, proofOfWork });
    const stored = await passwords.read(tenantId, (passage === 'open' ? identity?.id : undefined) ?? NOBODY);
    const matches = await hasher.verify(stored, password);
    const open = passage === 'open';
    const elsewhere = { tenantId, type: identifierType, value, typed: identifier, password, open };
    const [asked] = await Promise.allSettled([deps.elsewhere?.check(elsewhere)]);
    const own = matches && identity?.active === true ? identity : undefined;
    // Who has a password here does not need the other place; of anybody else nothing can be said while it fails.
    if (asked.status === 'rejected' && own === undefined) throw asked.reason;
    const proved = asked.status === 'fulfilled' ? asked.value : undefined;
    const admitted = stored === undefined ? await proved?.admit(actor, identity) : own;
    const subject = admitted?.id ?? identity?.id ?? '';
    const event = auditEvent(
      { tenantId, name: actor },
      deps.clock(),
      deps.newId,
      admitted ? 'password.signed_in' : 'password.rejected',
      { identityId: subject, subject },
    );
    if (admitted === undefined) {
      await deps.recordAudit([event]);
      throw new TrustError('CREDENTIAL_REJECTED');
    }
    if (stored !== undefined) await strengthen(admitted, stored, password);
    return { identity: admitted, proved: event };
  };
}

type RecordAudit = (events: readonly AuditEvent[]) => Promise<void>;

/** Checks a password and records what came of it. */
export function authenticatePassword(deps: {
  readonly provePassword: ProvePassword;
  readonly recordAudit: RecordAudit;
}): AuthenticatePassword {
  return async (attempt) => {
    const { identity, proved } = await deps.provePassword(attempt);
    await deps.recordAudit([proved]);
    return identity;
  };
}

/** A session, or what is still asked before there is one. */
export type SignInOutcome =
  | { readonly created: CreatedSession; readonly pending?: undefined }
  | { readonly created?: undefined; readonly pending: Pending };

export type SignInWithPassword = (
  attempt: PasswordAttempt & { readonly device: Device; readonly deviceToken?: string | undefined },
) => Promise<SignInOutcome>;

type End = { readonly beginSignIn: BeginSignIn; readonly endSignIn: EndSignIn };

/** Checks a password and makes a session, or tells what is still asked. The record of the proof is kept with what it leads to, or by itself if that fails. */
export function signInWithPassword(
  deps: End & { readonly provePassword: ProvePassword; readonly recordAudit: RecordAudit },
): SignInWithPassword {
  return async ({ device, deviceToken, ...attempt }) => {
    const { identity, proved } = await deps.provePassword(attempt);
    try {
      return await outcomeOf(deps, identity, { ...attempt, deviceToken, events: [proved] }, device);
    } catch (error) {
      // Settled either way: it may be kept already, and what the caller learns is why there is no session.
      await Promise.allSettled([deps.recordAudit([proved])]);
      throw error;
    }
  };
}

/** What a proved password leads to. Ended, disabled or changed meanwhile is refused like a wrong password. */
export async function outcomeOf(
  { beginSignIn, endSignIn }: End,
  identity: Identity,
  by: {
    readonly tenantId: string;
    readonly actor: string;
    readonly deviceToken?: string | undefined;
    /** Kept in the transaction of what comes of it. */
    readonly events?: readonly AuditEvent[];
  },
  device: Device,
): Promise<SignInOutcome> {
  const { tenantId, actor, deviceToken, events } = by;
  const step = await beginSignIn({ tenantId, actor, identity, method: 'password', deviceToken, events });
  if (step.proof === undefined) return { pending: step.pending };
  return { created: await endSignIn(step.proof, actor, device, events) };
}
