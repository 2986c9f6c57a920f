import { hkdfSync } from 'node:crypto';
import type { Parts } from './compose.ts';
import { TrustError } from './errors/trust_error.ts';
import type { AuditEvent } from './features/audit/audit.ts';
import { type ReadOutbox, readOutbox } from './features/mail/read_outbox.ts';
import { type DeliverMail, sendMails } from './features/mail/send_mails.ts';
import type { OutboxStore } from './features/mail/store.ts';
import type { OwnMails } from './features/mail/templates.ts';
import { type MailWriter, mailSeal, mailWriter } from './features/mail/write_mail.ts';
import { mailProofs } from './features/mail_proof/mail_proofs.ts';
import { completePasswordReset, startPasswordReset } from './features/mail_proof/reset_password.ts';
import { emailRpc } from './features/mail_proof/rpc.ts';
import { completeMailSignIn, startMailSignIn } from './features/mail_proof/sign_in_by_mail.ts';
import {
  completeEmailVerification,
  startEmailVerification,
  verifyOwnEmail,
} from './features/mail_proof/verify_email.ts';
import type { WritePassword } from './features/password/set_password.ts';
import type { AskOwner } from './features/password/sign_up_with_password.ts';
import type { BeginSignIn } from './features/pending_sign_in/begin_sign_in.ts';
import type { EndSignIn } from './features/pending_sign_in/end_sign_in.ts';
import type { ReadPerson } from './features/pending_sign_in/subject.ts';
import type { LimitAttempts } from './features/rate_limit/limit_attempts.ts';
import type { OriginOf } from './features/tenant/origins.ts';
import type { TenantSettings } from './features/tenant/tenant.ts';
import type { NewId } from './kernel/ids.ts';
import type { PlaceName } from './kernel/place_name.ts';
import { sealerOf } from './kernel/sealer.ts';

export type MailParts = {
  /** Undefined on a development server without an SMTP server: mails are kept to be looked at. */
  readonly deliver: DeliverMail | undefined;
  readonly failed?: (error: unknown, attempt: number) => void;
  /** The words of the operator. */
  readonly ownMails?: OwnMails | undefined;
  /** Whether what waits may be looked at: on development servers. */
  readonly open: boolean;
};

/** What opens mails under a master key. */
export const outboxSeal = (parts: Pick<Parts, 'masterKey' | 'random'>) =>
  mailSeal(sealerOf({ ...parts, purpose: 'trust-layer:mail:v1' }));

/** Wires what writes, sends and shows mails. */
export function composeMail(
  parts: Pick<Parts, 'masterKey' | 'random' | 'clock' | 'mail'> & {
    readonly outbox: OutboxStore;
    readonly newId: NewId;
    readonly settings: (tenantId: string) => Promise<TenantSettings>;
    readonly placeName: PlaceName;
  },
) {
  const { mail, outbox } = parts;
  const seal = outboxSeal(parts);
  const open: ReadOutbox | undefined = mail?.open === true ? readOutbox({ outbox, seal }) : undefined;
  return {
    writer: mailWriter({ ...parts, seal, enabled: mail !== undefined, ownMails: mail?.ownMails }),
    send: mail?.deliver && sendMails({ ...parts, seal, deliver: mail.deliver, failed: mail.failed ?? (() => {}) }),
    readOutbox: open,
  };
}

/** Wires what is proved by mail. */
export function composeEmail(
  parts: Pick<Parts, 'masterKey' | 'random' | 'clock'> & {
    readonly store: Pick<Parts['store'], 'mailProofs' | 'identities' | 'mfa' | 'oauth'>;
    readonly newId: NewId;
    readonly originOf: OriginOf;
    readonly settings: (tenantId: string) => Promise<TenantSettings>;
    readonly mails: MailWriter;
    readonly limitAttempts: LimitAttempts;
    readonly recordAudit: (events: readonly AuditEvent[]) => Promise<void>;
    readonly writePassword: WritePassword;
    readonly beginSignIn: BeginSignIn;
    readonly endSignIn: EndSignIn;
    readonly readPerson: ReadPerson;
  },
) {
  const { store } = parts;
  const key = Buffer.from(hkdfSync('sha256', parts.masterKey, '', 'trust-layer:mail-code:v1', 32));
  const proofs = mailProofs({ ...parts, key, proofs: store.mailProofs });
  const { read: readIdentity, readByIdentifier: readIdentityByIdentifier } = store.identities;
  const deps = {
    ...parts,
    mailProofs: proofs,
    mfa: store.mfa,
    oauth: store.oauth,
    readIdentity,
    readIdentityByIdentifier,
  };
  const verifyOwn = verifyOwnEmail(deps);
  const useCases = {
    enabled: parts.mails.enabled,
    look: proofs.look,
    startMailSignIn: startMailSignIn(deps),
    completeMailSignIn: completeMailSignIn(deps),
    startPasswordReset: startPasswordReset(deps),
    completePasswordReset: completePasswordReset(deps),
    startEmailVerification: startEmailVerification(deps),
    completeEmailVerification: completeEmailVerification({
      ...deps,
      change: { ...parts, identities: store.identities },
    }),
  };
  const askOwner: AskOwner = async ({ tenantId, actor, address, language = 'en' }, identity, email) => {
    if (!parts.mails.enabled) return;
    // The account is there: that too many mails were sent to this address is no reason to refuse it.
    await verifyOwn({ tenantId, actor, address, language }, identity, email).catch(unlessLimited);
  };
  return {
    useCases,
    askOwner,
    handlers: { EmailService: emailRpc({ ...useCases, endSignIn: parts.endSignIn }) },
  };
}

const unlessLimited = (error: unknown): void => {
  if (!(error instanceof TrustError && error.reason === 'RATE_LIMITED')) throw error;
};
