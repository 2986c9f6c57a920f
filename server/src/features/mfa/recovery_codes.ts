import { createHmac } from 'node:crypto';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Random } from '../../kernel/random.ts';
import { auditEvent } from '../audit/audit.ts';
import type { Within } from '../cascade/cascade.ts';
import type { Identity } from '../identity/identity.ts';
import type { MailWriter } from '../mail/write_mail.ts';
import type { MfaStore } from './store.ts';

/** How many there are (spec MFA-7). */
export const RECOVERY_CODES = 10;

// Crockford's alphabet without u: no letter looks like another.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Codes of 80 random bits, and what the store keeps of them: a keyed digest for one identity. */
export type RecoveryCodes = {
  make(
    tenantId: string,
    identityId: string,
  ): { readonly codes: readonly string[]; readonly digests: readonly string[] };
  /** The digest of what a person typed; undefined if it is no code. */
  digest(tenantId: string, identityId: string, typed: string): string | undefined;
};

export function recoveryCodes(deps: { readonly key: Uint8Array; readonly random: Random }): RecoveryCodes {
  const digestOf = (tenantId: string, identityId: string, code: string) =>
    createHmac('sha256', deps.key)
      .update(JSON.stringify([tenantId, identityId, code]))
      .digest('hex');
  const one = () => [...deps.random(16)].map((byte) => ALPHABET[byte & 31]).join('');
  return {
    make(tenantId, identityId) {
      const plain = Array.from({ length: RECOVERY_CODES }, one);
      return {
        codes: plain.map((code) => code.replaceAll(/(.{4})(?=.)/g, '$1-')),
        digests: plain.map((code) => digestOf(tenantId, identityId, code)),
      };
    },
    digest(tenantId, identityId, typed) {
      const code = typed.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1');
      return /^[0-9a-hjkmnp-tv-z]{16}$/.test(code) ? digestOf(tenantId, identityId, code) : undefined;
    },
  };
}

/** Makes new codes and ends the old ones. */
export type RegenerateRecoveryCodes = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly identity: Identity;
  /** The session or sign-in in which it is done. */
  readonly within?: Within | undefined;
}) => Promise<readonly string[]>;

export function regenerateRecoveryCodes(deps: {
  readonly mfa: Pick<MfaStore, 'setRecoveryCodes'>;
  readonly recovery: RecoveryCodes;
  readonly mails: Pick<MailWriter, 'tell'>;
  readonly clock: Clock;
  readonly newId: NewId;
}): RegenerateRecoveryCodes {
  return async ({ tenantId, actor, identity, within }) => {
    const identityId = identity.id;
    const { codes, digests } = deps.recovery.make(tenantId, identityId);
    const about = { identityId, subject: identityId };
    const at = deps.clock();
    const event = auditEvent({ tenantId, name: actor }, at, deps.newId, 'recovery_codes.made', about);
    const acts = ['recovery_codes_made'] as const;
    const mails = await deps.mails.tell(identity, acts, { place: within?.place });
    const ending = { tenantId, identityId, acts, within, at };
    await deps.mfa.setRecoveryCodes(tenantId, identityId, digests, { changes: [], events: [event], mails, ending });
    return codes;
  };
}
