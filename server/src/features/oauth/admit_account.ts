import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { auditEvent } from '../audit/audit.ts';
import { canonicalIdentifier, type Identity, newIdentity } from '../identity/identity.ts';
import type { MailWriter } from '../mail/write_mail.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { Elsewhere } from '../users_table/elsewhere.ts';
import type { Account, ProviderTokens } from './oauth.ts';
import type { OauthStore } from './store.ts';
import type { TokenVault } from './token_vault.ts';

export type AdmitInput = {
  readonly tenantId: string;
  /** Name of the actor in the audit trail. */
  readonly actor: string;
  readonly account: Account;
  /** To be kept; undefined where none are. */
  readonly tokens: ProviderTokens | undefined;
  /** Whether the person said that an unverified address here is theirs. */
  readonly claim: boolean;
};

/** Errors: ACCOUNT_EXISTS, SIGN_UP_CLOSED, CREDENTIAL_REJECTED (disabled), CONCURRENT_CHANGE. */
export type AdmitAccount = (
  input: AdmitInput,
) => Promise<{ readonly identity: Identity; readonly created: boolean; readonly linked?: undefined }>;

/**
 * The identity that an account signs in: that to which it is linked, by issuer and subject, or a new one. An address never leads into an
 * identity that is there already: its owner links the account while signed in (spec OAU-5, OAU-6).
 */
export function admitAccount(deps: {
  readonly oauth: Pick<OauthStore, 'find' | 'signUp' | 'use'>;
  readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  readonly readIdentityByIdentifier: (tenantId: string, type: 'email', value: string) => Promise<Identity | undefined>;
  readonly elsewhere?: Pick<Elsewhere, 'has'> | undefined;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly vault: TokenVault;
  readonly mails: Pick<MailWriter, 'tell'>;
  readonly clock: Clock;
  readonly newId: NewId;
}): AdmitAccount {
  const exists = (claimable: boolean) =>
    new TrustError('ACCOUNT_EXISTS', { metadata: { claimable: claimable ? 'true' : 'false' } });

  const linked = async ({ tenantId, actor, account, tokens }: AdmitInput) => {
    const found = await deps.oauth.find(tenantId, account.issuer, account.subject);
    if (found === undefined) return undefined;
    const identity = await deps.readIdentity(tenantId, found.identityId);
    if (identity?.active !== true) throw new TrustError('CREDENTIAL_REJECTED');
    const now = deps.clock();
    const event = auditEvent({ tenantId, name: actor }, now, deps.newId, 'oauth.signed_in', {
      identityId: identity.id,
      subject: found.id,
      facts: { provider: account.provider },
    });
    const sealedTokens = tokens && deps.vault.seal(tokens, tenantId, found.id);
    const { provider, email } = account;
    await deps.oauth.use(
      { ...found, provider, email, sealedTokens, lastUsedAt: now },
      { changes: [], events: [event] },
    );
    return { identity, created: false };
  };

  /** Who has the address here, and must not be got past. */
  const holderOf = async ({ tenantId, claim }: AdmitInput, email: string | undefined) => {
    if (email === undefined) return undefined;
    if ((await deps.elsewhere?.has(tenantId, 'email', email)) === true) throw exists(false);
    const holder = await deps.readIdentityByIdentifier(tenantId, 'email', email);
    if (holder === undefined) return undefined;
    const verified = holder.identifiers.some((one) => one.type === 'email' && one.value === email && one.verified);
    if (verified || !claim) throw exists(!verified);
    return holder;
  };

  const signUp = async (input: AdmitInput) => {
    const { tenantId, actor, account, tokens } = input;
    const email = account.emailVerified ? canonicalIdentifier('email', account.email) : undefined;
    const holder = await holderOf(input, email);
    if (!(await deps.settings(tenantId)).signUpOpen) throw new TrustError('SIGN_UP_CLOSED');
    const now = deps.clock();
    const identifiers = email === undefined ? [] : [{ type: 'email' as const, value: email, verified: true }];
    const facts = { tenantId, identifiers, displayName: account.displayName, roles: [], metadata: {} };
    const identity = newIdentity(deps.newId('idn'), facts, now);
    const { provider, issuer, subject } = account;
    const id = deps.newId('lac');
    const sealedTokens = tokens && deps.vault.seal(tokens, tenantId, id);
    const about = { identityId: identity.id, subject: identity.id };
    const event = (...given: [Parameters<typeof auditEvent>[3], Parameters<typeof auditEvent>[4]]) =>
      auditEvent({ tenantId, name: actor }, now, deps.newId, ...given);
    const events = [
      event('identity.created', about),
      event('oauth.signed_up', { ...about, subject: id, facts: { provider } }),
    ];
    // Whoever had the address without owning it loses it and all sessions; what they put in stays theirs (spec OAU-7).
    const after = holder && {
      ...holder,
      epoch: holder.epoch + 1,
      version: holder.version + 1,
      updatedAt: now,
      identifiers: holder.identifiers.filter((one) => !(one.type === 'email' && one.value === email)),
    };
    const loser = holder && after && { before: holder, after };
    if (loser) events.push(event('identifier.removed', { identityId: loser.before.id, subject: loser.before.id }));
    const raised = after && { epoch: after.epoch, version: after.version };
    const changes = after && raised ? [{ tenantId, kind: 'identity' as const, identityId: after.id, ...raised }] : [];
    const acts = ['sessions_revoked', 'identifier_removed'] as const;
    const ending = after && { tenantId, identityId: after.id, acts, at: now, raised };
    // Addresses of theirs that they did verify.
    const mails = loser === undefined ? [] : await deps.mails.tell(loser.after, acts);
    const kept = {
      tenantId,
      id,
      identityId: identity.id,
      provider,
      issuer,
      subject,
      email: account.email,
      sealedTokens,
    };
    const answer = await deps.oauth.signUp(identity, { ...kept, createdAt: now, lastUsedAt: now }, loser, {
      changes,
      events,
      mails,
      ending,
    });
    return { answer, identity };
  };

  return async (input) => {
    const known = await linked(input);
    if (known !== undefined) return known;
    const { answer, identity } = await signUp(input);
    if (answer === 'ok') return { identity, created: true };
    if (answer === 'identifier_taken') throw exists(false);
    // Somebody was quicker, perhaps the same person in another tab.
    const now = answer === 'linked' ? await linked(input) : undefined;
    if (now === undefined) throw new TrustError('CONCURRENT_CHANGE');
    return now;
  };
}
