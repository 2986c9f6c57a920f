import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { auditEvent } from '../audit/audit.ts';
import type { Place, Within } from '../cascade/cascade.ts';
import type { Identity } from '../identity/identity.ts';
import type { MailWriter } from '../mail/write_mail.ts';
import { type Account, type LinkedAccount, MAX_ACCOUNTS, type ProviderTokens } from './oauth.ts';
import { providersFor } from './start_oauth.ts';
import type { OauthProviders, OauthStore } from './store.ts';
import type { TokenVault } from './token_vault.ts';

/** Errors: OAUTH_REJECTED (the identity is not what it was), ACCOUNT_LINKED, FACTOR_LIMIT. */
export type LinkAccount = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly identityId: string;
  /** Of the identity when it proved that it may. */
  readonly epoch: number;
  readonly account: Account;
  readonly tokens: ProviderTokens | undefined;
  readonly place: Place;
}) => Promise<LinkedAccount>;

/** Gives an identity one more account. Whoever may ask for that is decided before the browser leaves (spec OAU-8). */
export function linkAccount(deps: {
  readonly oauth: Pick<OauthStore, 'link'>;
  readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  readonly providers: OauthProviders;
  readonly vault: TokenVault;
  readonly mails: Pick<MailWriter, 'tell'>;
  readonly clock: Clock;
  readonly newId: NewId;
}): LinkAccount {
  return async ({ tenantId, actor, identityId, epoch, account, tokens, place }) => {
    const identity = await deps.readIdentity(tenantId, identityId);
    if (identity?.active !== true || identity.epoch !== epoch) throw new TrustError('OAUTH_REJECTED');
    const now = deps.clock();
    const { provider, issuer, subject, email } = account;
    const id = deps.newId('lac');
    const sealedTokens = tokens && deps.vault.seal(tokens, tenantId, id);
    const row = {
      tenantId,
      id,
      identityId,
      provider,
      issuer,
      subject,
      email,
      sealedTokens,
      createdAt: now,
      lastUsedAt: now,
    };
    const about = { identityId, subject: id, facts: { provider } };
    const event = auditEvent({ tenantId, name: actor }, now, deps.newId, 'account.linked', about);
    const acts = ['account_linked'] as const;
    const mails = await deps.mails.tell(identity, acts, { provider: labelOf(deps.providers, provider), place });
    const answer = await deps.oauth.link(row, MAX_ACCOUNTS, {
      changes: [],
      events: [event],
      mails,
      ending: { tenantId, identityId, acts, at: now },
    });
    if (answer === 'linked') throw new TrustError('ACCOUNT_LINKED');
    if (answer === 'too_many') throw new TrustError('FACTOR_LIMIT');
    return row;
  };
}

/** What people call a provider; one that is not configured any more by its name. */
const labelOf = (providers: OauthProviders, name: string): string =>
  providers.find((one) => one.name === name)?.label ?? name;

type Target = { readonly tenantId: string; readonly identityId: string; readonly accountId: string };

export type LinkedAccounts = {
  /** Oldest first. Errors: IDENTITY_NOT_FOUND. */
  list(tenantId: string, identityId: string): Promise<readonly LinkedAccount[]>;
  /** Errors: ACCOUNT_NOT_FOUND, LAST_WAY_IN. */
  unlink(
    target: Target & {
      readonly actor: string;
      /** The session or sign-in in which it is done. */
      readonly within?: Within | undefined;
    },
  ): Promise<void>;
  /** Errors: ACCOUNT_NOT_FOUND (or no tokens are kept of it). */
  tokens(target: Target & { readonly actor: string }): Promise<ProviderTokens>;
};

export function linkedAccounts(deps: {
  readonly oauth: Pick<OauthStore, 'list' | 'unlink'>;
  readonly providers: OauthProviders;
  readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  readonly recordAudit: (events: readonly ReturnType<typeof auditEvent>[]) => Promise<void>;
  readonly vault: TokenVault;
  readonly mails: Pick<MailWriter, 'tell'>;
  readonly clock: Clock;
  readonly newId: NewId;
}): LinkedAccounts {
  return {
    async list(tenantId, identityId) {
      if ((await deps.readIdentity(tenantId, identityId)) === undefined) throw new TrustError('IDENTITY_NOT_FOUND');
      return deps.oauth.list(tenantId, identityId);
    },

    async unlink({ tenantId, actor, identityId, accountId, within }) {
      const [identity, accounts] = await Promise.all([
        deps.readIdentity(tenantId, identityId),
        deps.oauth.list(tenantId, identityId),
      ]);
      const account = accounts.find(({ id }) => id === accountId);
      if (identity === undefined || account === undefined) throw new TrustError('ACCOUNT_NOT_FOUND');
      const provider = labelOf(deps.providers, account.provider);
      const acts = ['account_unlinked'] as const;
      const mails = await deps.mails.tell(identity, acts, { provider, place: within?.place });
      const about = { identityId, subject: accountId };
      const at = deps.clock();
      const event = auditEvent({ tenantId, name: actor }, at, deps.newId, 'account.unlinked', about);
      const ending = { tenantId, identityId, acts, within, at };
      const trail = { changes: [], events: [event], mails, ending };
      const names = providersFor(deps.providers, tenantId).map(({ name }) => name);
      const answer = await deps.oauth.unlink(tenantId, identityId, accountId, names, trail);
      if (answer === 'not_found') throw new TrustError('ACCOUNT_NOT_FOUND');
      if (answer === 'last_way_in') throw new TrustError('LAST_WAY_IN');
    },

    async tokens({ tenantId, actor, identityId, accountId }) {
      const found = (await deps.oauth.list(tenantId, identityId)).find(({ id }) => id === accountId);
      if (found?.sealedTokens === undefined) throw new TrustError('ACCOUNT_NOT_FOUND');
      const tokens = deps.vault.open(found.sealedTokens, tenantId, accountId);
      const about = { identityId, subject: accountId, facts: { provider: found.provider } };
      const event = auditEvent({ tenantId, name: actor }, deps.clock(), deps.newId, 'account.tokens_read', about);
      await deps.recordAudit([event]);
      return tokens;
    },
  };
}
