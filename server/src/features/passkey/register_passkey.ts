import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { type AuditEvent, auditEvent } from '../audit/audit.ts';
import type { Within } from '../cascade/cascade.ts';
import type { Identity } from '../identity/identity.ts';
import type { MailWriter } from '../mail/write_mail.ts';
import type { RecoveryCodes } from '../mfa/recovery_codes.ts';
import { MAX_PASSKEYS, type Passkey } from './passkey.ts';
import type { RelyingParty } from './relying_party.ts';
import type { PasskeyStore } from './store.ts';

type Deps = {
  readonly passkeys: Pick<PasskeyStore, 'list' | 'insert'>;
  readonly relyingParty: RelyingParty;
  readonly recovery: RecoveryCodes;
  readonly mails: Pick<MailWriter, 'tell'>;
  readonly recordAudit: (events: readonly AuditEvent[]) => Promise<void>;
  readonly clock: Clock;
  readonly newId: NewId;
};

/** Options for the browser as JSON. Errors: FACTOR_LIMIT. */
export type StartPasskeyRegistration = (identity: Identity) => Promise<string>;

export function startPasskeyRegistration({ passkeys, relyingParty }: Deps): StartPasskeyRegistration {
  return async (identity) => {
    const known = await passkeys.list(identity.tenantId, identity.id);
    if (known.length >= MAX_PASSKEYS) throw new TrustError('FACTOR_LIMIT');
    return relyingParty.creationOptions(identity, known);
  };
}

/** The passkey, and with the first factor of the identity its recovery codes. Errors: CREDENTIAL_REJECTED, FACTOR_LIMIT. */
export type CompletePasskeyRegistration = (input: {
  readonly identity: Identity;
  readonly actor: string;
  readonly enrolled: boolean;
  /** The session or sign-in in which it is done. */
  readonly within?: Within | undefined;
  readonly credentialJson: string;
  readonly label: string;
}) => Promise<{ readonly passkey: Passkey; readonly recoveryCodes: readonly string[] }>;

export function completePasskeyRegistration(deps: Deps): CompletePasskeyRegistration {
  return async ({ identity, actor, enrolled, within, credentialJson, label }) => {
    const { tenantId, id: identityId } = identity;
    const record = (action: 'factor.enrolled' | 'factor.rejected', subject: string) => {
      const about = { identityId, subject, facts: { type: 'passkey' } };
      return auditEvent({ tenantId, name: actor }, deps.clock(), deps.newId, action, about);
    };
    const refuse = async () => {
      await deps.recordAudit([record('factor.rejected', identityId)]);
      return new TrustError('CREDENTIAL_REJECTED');
    };
    const credential = await deps.relyingParty.checkCreation(identity, credentialJson);
    if (credential === undefined) throw await refuse();
    const id = deps.newId('fac');
    const passkey: Passkey = {
      ...credential,
      tenantId,
      identityId,
      id,
      label,
      createdAt: deps.clock(),
      lastUsedAt: undefined,
    };
    const made = enrolled ? undefined : deps.recovery.make(tenantId, identityId);
    const acts = [enrolled ? ('factor_added' as const) : ('first_factor_added' as const)];
    const ending = { tenantId, identityId, acts, within, at: passkey.createdAt };
    const mails = await deps.mails.tell(identity, acts, { factor: 'passkey', place: within?.place });
    const trail = { changes: [], events: [record('factor.enrolled', id)], mails, ending };
    const answer = await deps.passkeys.insert(passkey, made?.digests, MAX_PASSKEYS, trail);
    if (answer === 'too_many') throw new TrustError('FACTOR_LIMIT');
    if (answer === 'taken') throw await refuse();
    return { passkey, recoveryCodes: made?.codes ?? [] };
  };
}
