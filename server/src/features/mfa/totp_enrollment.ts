import { TrustError } from '../../errors/trust_error.ts';
import { type Clock, MINUTE } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Random } from '../../kernel/random.ts';
import { auditEvent } from '../audit/audit.ts';
import type { Within } from '../cascade/cascade.ts';
import type { Identity } from '../identity/identity.ts';
import type { MailWriter } from '../mail/write_mail.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { RecoveryCodes } from './recovery_codes.ts';
import type { MfaStore, Totp } from './store.ts';
import { newTotpSecret, qrSvg, type TotpVault, totpSetup, totpStep } from './totp.ts';

/** How long a person may take to set up the app. */
const ENROLLMENT_LIFETIME = 15 * MINUTE;

/** The place of an authenticator app that waits for its first code. Nothing is stored yet: the token holds the secret, sealed. */
export type TotpSetup = {
  readonly secret: string;
  readonly otpauthUri: string;
  readonly qrSvg: string;
  readonly token: string;
};

export type StartTotpEnrollment = (identity: Identity) => Promise<TotpSetup>;

type Deps = {
  readonly mfa: Pick<MfaStore, 'setTotp'>;
  readonly vault: TotpVault;
  readonly recovery: RecoveryCodes;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly mails: Pick<MailWriter, 'tell'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
};

const nameOf = ({ identifiers, displayName, id }: Identity) => identifiers[0]?.value ?? (displayName || id);

export function startTotpEnrollment(deps: Deps): StartTotpEnrollment {
  return async (identity) => {
    const { displayName } = await deps.settings(identity.tenantId);
    const secret = newTotpSecret(deps.random);
    const setup = totpSetup(secret, displayName, nameOf(identity));
    const until = deps.clock() + ENROLLMENT_LIFETIME;
    return {
      ...setup,
      qrSvg: qrSvg(setup.otpauthUri),
      token: deps.vault.sealEnrollment(secret, until, identity.tenantId, identity.id),
    };
  };
}

/** The app, and with the first factor of the identity its recovery codes. Errors: CREDENTIAL_REJECTED. */
export type CompleteTotpEnrollment = (input: {
  readonly identity: Identity;
  readonly actor: string;
  readonly enrolled: boolean;
  /** The session or sign-in in which it is done. */
  readonly within?: Within | undefined;
  readonly token: string;
  readonly code: string;
  readonly label: string;
}) => Promise<{ readonly totp: Totp; readonly recoveryCodes: readonly string[] }>;

/** Keeps the secret once the app has proved that it holds it; the code's time-step is used up by that. */
export function completeTotpEnrollment(deps: Deps): CompleteTotpEnrollment {
  return async ({ identity, actor, enrolled, within, token, code, label }) => {
    const { tenantId, id: identityId } = identity;
    const opened = deps.vault.openEnrollment(token, tenantId, identityId);
    const now = deps.clock();
    const step = opened === undefined || now >= opened.until ? undefined : totpStep(opened.secret, code, now);
    if (opened === undefined || step === undefined) throw new TrustError('CREDENTIAL_REJECTED');
    const totp: Totp = {
      tenantId,
      identityId,
      id: deps.newId('fac'),
      label,
      sealed: deps.vault.seal(opened.secret, tenantId, identityId),
      lastStep: step,
      createdAt: now,
      lastUsedAt: undefined,
    };
    const made = enrolled ? undefined : deps.recovery.make(tenantId, identityId);
    const about = { identityId, subject: totp.id, facts: { type: 'totp' } };
    const events = [auditEvent({ tenantId, name: actor }, now, deps.newId, 'factor.enrolled', about)];
    const acts = [enrolled ? ('factor_added' as const) : ('first_factor_added' as const)];
    const ending = { tenantId, identityId, acts, within, at: now };
    const mails = await deps.mails.tell(identity, acts, { factor: 'totp', place: within?.place });
    await deps.mfa.setTotp(totp, made?.digests, { changes: [], events, mails, ending });
    return { totp, recoveryCodes: made?.codes ?? [] };
  };
}
