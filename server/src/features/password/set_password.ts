import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { type AuditEvent, auditEvent } from '../audit/audit.ts';
import { doneFrom, type Place, type Within } from '../cascade/cascade.ts';
import { type ChangeDeps, changeIdentity } from '../identity/change_identity.ts';
import type { Identity } from '../identity/identity.ts';
import type { MailWriter } from '../mail/write_mail.ts';
import { type ReadPerson, refuseUnproved, type SubjectName } from '../pending_sign_in/subject.ts';
import type { LimitAttempts } from '../rate_limit/limit_attempts.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { Hasher } from './hasher.ts';
import { type PasswordStrength, refuseOverlong, refuseUnfit, wordsOfTenant } from './password_rules.ts';
import type { PasswordStore } from './store.ts';

/** The epoch that ended the sessions. Errors: INVALID_FIELD, WEAK_PASSWORD, IDENTITY_NOT_FOUND, HASHING_BUSY, CONCURRENT_CHANGE. */
export type SetPassword = (input: {
  readonly tenantId: string;
  /** Name of the actor in the audit trail. */
  readonly actor: string;
  readonly identityId: string;
  readonly password: string;
  /** The sign-in in which it is done, and which goes on. */
  readonly within?: Within | undefined;
}) => Promise<{ readonly epoch: number }>;

/** The identity with the new password. `first` runs once the password is known to be fit, ahead of the write. Errors: as of SetPassword. */
export type WritePassword = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly identity: Identity;
  readonly password: string;
  readonly within?: Within | undefined;
  /** By whom it is replaced: who knows the one of before, or who has lost it. */
  readonly act?: 'password_changed' | 'password_reset';
  readonly first?: () => Promise<void>;
  /** What else changes in the same step; what it throws is the refusal. */
  readonly rule?: (before: Identity) => Identity;
}) => Promise<Identity>;

/** Sets a password, ends the sessions of the identity (but the one in which it is done) and tells its owner, in one step (spec PWD-7, MAIL-6). */
export function writePassword(deps: {
  readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  readonly passwords: Pick<PasswordStore, 'set'>;
  readonly hasher: Hasher;
  readonly strength: PasswordStrength;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly mails: Pick<MailWriter, 'tell'>;
  readonly clock: Clock;
  readonly newId: NewId;
}): WritePassword {
  return async (input) => {
    const { tenantId, actor, identity, password, within, act = 'password_changed', first } = input;
    const rule = input.rule ?? ((before: Identity) => before);
    const words = wordsOfTenant(await deps.settings(tenantId));
    await refuseUnfit(deps.strength, password, identity.identifiers, words);
    const hash = await deps.hasher.hash(password);
    await first?.();
    const identities: ChangeDeps['identities'] = {
      read: deps.readIdentity,
      replace: async (before, after, trail) =>
        (await deps.passwords.set(before, after, hash, trail)) ? 'ok' : 'changed',
    };
    const target = { tenantId, actor, identityId: identity.id, act, within };
    return changeIdentity({ ...deps, identities }, target, 'password.changed', rule);
  };
}

/** For whoever administers identities. */
export function setPassword(deps: {
  readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  readonly writePassword: WritePassword;
}): SetPassword {
  return async ({ tenantId, actor, identityId, password, within }) => {
    const identity = await deps.readIdentity(tenantId, identityId);
    if (identity === undefined) throw new TrustError('IDENTITY_NOT_FOUND');
    const { epoch } = await deps.writePassword({ tenantId, actor, identity, password, within });
    return { epoch };
  };
}

/** Errors: as of SetPassword, and SESSION_REJECTED, PENDING_SIGN_IN_REJECTED, CREDENTIAL_REJECTED, STEP_UP_REQUIRED, RATE_LIMITED. */
export type ChangePassword = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly name: SubjectName;
  /** The present password; a pending sign-in has proved who it is already. */
  readonly current: string;
  readonly password: string;
  /** From where: attempts are counted by the address. */
  readonly place: Place;
}) => Promise<Identity>;

/** Replaces the password of who proves the present one; who has none must have proved themselves lately (spec PWD-9). */
export function changePassword(deps: {
  readonly readPerson: ReadPerson;
  readonly passwords: Pick<PasswordStore, 'read'>;
  readonly hasher: Hasher;
  readonly limitAttempts: LimitAttempts;
  readonly recordAudit: (events: readonly AuditEvent[]) => Promise<void>;
  readonly writePassword: WritePassword;
  readonly clock: Clock;
  readonly newId: NewId;
}): ChangePassword {
  return async ({ tenantId, actor, name, current, password, place }) => {
    refuseOverlong(current, 'current_password');
    refuseOverlong(password);
    const person = await deps.readPerson(tenantId, name);
    const { identity, within } = person;
    const stored = person.pending === undefined ? await deps.passwords.read(tenantId, identity.id) : undefined;
    refuseUnproved({ ...person, fresh: person.fresh || stored !== undefined });
    if (stored !== undefined) {
      const counted = {
        tenantId,
        account: `identity ${identity.id}`,
        address: place.ipAddress,
        identityId: identity.id,
      };
      const passage = await deps.limitAttempts(counted);
      if (!(await deps.hasher.verify(stored, current)) || passage !== 'open') {
        const about = { identityId: identity.id, subject: identity.id };
        await deps.recordAudit([
          auditEvent({ tenantId, name: actor }, deps.clock(), deps.newId, 'password.rejected', about),
        ]);
        throw new TrustError('CREDENTIAL_REJECTED');
      }
    }
    return deps.writePassword({ tenantId, actor, identity, password, within: doneFrom(within, place) });
  };
}
