import { createHmac, timingSafeEqual } from 'node:crypto';
import { TrustError } from '../../errors/trust_error.ts';
import type { Clock, Instant } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Language } from '../../kernel/language.ts';
import type { Random } from '../../kernel/random.ts';
import { digestOf, isSecret, newMailFlowToken, newMailLinkToken } from '../../kernel/secret.ts';
import { type AuditAction, type AuditEvent, auditEvent } from '../audit/audit.ts';
import type { Place, Within } from '../cascade/cascade.ts';
import type { Identity } from '../identity/identity.ts';
import type { MailWriter } from '../mail/write_mail.ts';
import type { LimitAttempts } from '../rate_limit/limit_attempts.ts';
import type { OriginOf } from '../tenant/origins.ts';
import { MAX_GUESSES, type MailProof, PROOF_LIFETIMES, type Purpose } from './mail_proof.ts';
import type { MailProofStore } from './store.ts';

/** Who asks for a mail, from where, and in which language. */
export type Asker = {
  readonly tenantId: string;
  /** Name of the actor in the audit trail. */
  readonly actor: string;
  /** Address of the person's device; empty if it is not known. */
  readonly address: string;
  readonly language: Language;
  /** The transaction of a browser, and where that is on the way to. */
  readonly binding?: string | undefined;
  readonly request?: string | undefined;
  /** The solution of a challenge, empty where there is none; undefined where none can be asked for. */
  readonly proofOfWork?: string | undefined;
};

/** The flow token is returned here once. */
export type Started = { readonly flowToken: string; readonly expiresAt: Instant };

/** What a person typed, with what their caller or browser holds; or the token of a link. */
export type Given = { readonly tenantId: string; readonly actor: string; readonly place: Place } & (
  | { readonly flowToken: string; readonly code: string; readonly binding?: string | undefined }
  | { readonly linkToken: string }
);

export type MailProofs = {
  /**
   * Counts, looks, and sends a mail, or does the same work for nobody where `find` finds none (spec MAIL-9).
   * Errors: FEATURE_NOT_CONFIGURED, RATE_LIMITED, PROOF_OF_WORK_REQUIRED.
   */
  start(
    asker: Asker,
    what: {
      readonly purpose: Purpose;
      readonly email: string;
      readonly replaces?: string;
      readonly within?: Within;
      readonly find: () => Promise<Identity | undefined>;
    },
  ): Promise<Started>;
  /** The proof of a code, whose guess is counted first, or of a link; not spent yet. Errors: FEATURE_NOT_CONFIGURED, CREDENTIAL_REJECTED, RATE_LIMITED. */
  check(given: Given, purpose: Purpose): Promise<MailProof>;
  /** What a link is for; undefined if it is none, or none any more. Changes nothing. */
  look(tenantId: string, linkToken: string): Promise<MailProof | undefined>;
  /** Uses a proof up, for exactly one caller. Errors: CREDENTIAL_REJECTED. */
  spend(proof: MailProof, actor: string): Promise<void>;
};

export const rejected = () => new TrustError('CREDENTIAL_REJECTED');

const TEMPLATES = { sign_in: 'sign_in_code', reset: 'reset_password', verify: 'verify_email' } as const;

/** The one place where mails with codes are begun and their codes are checked. */
export function mailProofs(deps: {
  readonly proofs: Omit<MailProofStore, 'prune'>;
  readonly mails: Pick<MailWriter, 'enabled' | 'write'>;
  readonly limitAttempts: LimitAttempts;
  readonly recordAudit: (events: readonly AuditEvent[]) => Promise<void>;
  /** Keys the digests of codes. */
  readonly key: Uint8Array;
  readonly originOf: OriginOf;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
}): MailProofs {
  const { proofs } = deps;
  const configured = () => {
    if (!deps.mails.enabled) throw new TrustError('FEATURE_NOT_CONFIGURED', { metadata: { feature: 'mail' } });
  };
  const codeDigest = (tenantId: string, digest: string, code: string) =>
    createHmac('sha256', deps.key)
      .update(JSON.stringify([tenantId, digest, code]))
      .digest('hex');
  // 64 random bits over 10^8: no code is likelier than another by more than 10^-11.
  const newCode = () => String(Buffer.from(deps.random(8)).readBigUInt64BE() % 100_000_000n).padStart(8, '0');
  const event = (
    actor: string,
    action: AuditAction,
    { tenantId, identityId, purpose }: Pick<MailProof, 'tenantId' | 'identityId' | 'purpose'>,
  ) =>
    auditEvent({ tenantId, name: actor }, deps.clock(), deps.newId, action, {
      identityId,
      subject: identityId,
      facts: { purpose },
    });

  return {
    async start(
      { tenantId, actor, address, language, binding = '', request = '', proofOfWork },
      { purpose, email, replaces = '', within, find },
    ) {
      configured();
      await deps.limitAttempts({ tenantId, recipient: email, address, proofOfWork });
      const identity = await find();
      const [flowToken, linkToken, code] = [newMailFlowToken(deps.random), newMailLinkToken(deps.random), newCode()];
      const digest = digestOf('mail_flow', flowToken);
      const lifetime = PROOF_LIFETIMES[purpose];
      const proof: MailProof = {
        tenantId,
        digest,
        linkDigest: digestOf('mail_link', linkToken),
        codeDigest: codeDigest(tenantId, digest, code),
        purpose,
        identityId: identity?.id ?? '',
        epoch: identity?.epoch ?? 0,
        email,
        replaces,
        binding,
        request,
        within,
        expiresAt: deps.clock() + lifetime,
      };
      // A link signs in only in the browser in which it was asked for, so without one there is none.
      const origin = await deps.originOf(tenantId);
      const link = purpose === 'sign_in' && request === '' ? undefined : `${origin}/mail?token=${linkToken}`;
      const mail = await deps.mails.write({
        tenantId,
        to: identity && email,
        template: TEMPLATES[purpose],
        values: { code: `${code.slice(0, 4)} ${code.slice(4)}`, link, minutes: lifetime / 60_000 },
        language,
        lifetime,
      });
      const events = [event(actor, 'mail_proof.started', proof)];
      await proofs.insert(proof, { changes: [], events, mails: [mail] });
      return { flowToken, expiresAt: proof.expiresAt };
    },

    async check(given, purpose) {
      configured();
      const { tenantId, actor } = given;
      const { ipAddress: address } = given.place;
      if ('linkToken' in given) {
        await deps.limitAttempts({ tenantId, address });
        const proof = await this.look(tenantId, given.linkToken);
        if (proof === undefined || proof.purpose !== purpose) throw rejected();
        return proof;
      }
      const { flowToken, code, binding = '' } = given;
      const known = isSecret('mail_flow', flowToken)
        ? await proofs.readByFlow(tenantId, digestOf('mail_flow', flowToken), deps.clock())
        : undefined;
      const proof = known?.purpose === purpose && known.binding === binding ? known : undefined;
      const account = proof && `email ${proof.email}`;
      const passage = await deps.limitAttempts({
        tenantId,
        account,
        address,
        identityId: proof?.identityId || undefined,
      });
      if (proof === undefined || !(await proofs.attempt(proof, MAX_GUESSES))) throw rejected();
      const typed = codeDigest(tenantId, proof.digest, code.replaceAll(/[\s-]/g, ''));
      const right = timingSafeEqual(Buffer.from(typed), Buffer.from(proof.codeDigest));
      if (!right || passage !== 'open' || proof.identityId === '') {
        await deps.recordAudit([event(actor, 'mail_proof.rejected', proof)]);
        throw rejected();
      }
      await proofs.giveBack(proof);
      return proof;
    },

    async look(tenantId, linkToken) {
      if (!isSecret('mail_link', linkToken)) return undefined;
      const proof = await proofs.readByLink(tenantId, digestOf('mail_link', linkToken), deps.clock());
      return proof?.identityId === '' ? undefined : proof;
    },

    async spend(proof, actor) {
      const trail = { changes: [], events: [event(actor, 'mail_proof.accepted', proof)] };
      if (!(await proofs.spend(proof, deps.clock(), trail))) throw rejected();
    },
  };
}
