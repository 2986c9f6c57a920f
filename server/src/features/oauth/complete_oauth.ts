import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { digestOf, isSecret } from '../../kernel/secret.ts';
import { type AuditEvent, auditEvent } from '../audit/audit.ts';
import type { Place } from '../cascade/cascade.ts';
import type { Identity } from '../identity/identity.ts';
import { refuseMethod } from '../sign_in/sign_in_methods.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { AdmitAccount } from './admit_account.ts';
import type { LinkAccount } from './linked_accounts.ts';
import type { AttemptSecrets, LinkedAccount, OauthAttempt, OauthPurpose } from './oauth.ts';
import { type AttemptSeal, providerOf } from './start_oauth.ts';
import type { OauthProviders, OauthStore, ProviderReply } from './store.ts';

/** An attempt that came back, spent: nobody else can go on with it. */
export type TakenAttempt = { readonly attempt: OauthAttempt; readonly secrets: AttemptSecrets };

/** Spends the attempt of a `state`. Errors: OAUTH_REJECTED (unknown, spent, too old, of another browser, provider or purpose). */
export type TakeAttempt = (name: {
  readonly tenantId: string;
  readonly state: string | undefined;
  readonly binding: string;
  /** On pages: the provider whose callback was called. Each has its own, so that no provider can answer for another (RFC 9700, 4.4). */
  readonly provider?: string | undefined;
  readonly purposes: readonly OauthPurpose[];
}) => Promise<TakenAttempt>;

export function takeAttempt(deps: {
  readonly oauth: Pick<OauthStore, 'readAttempt' | 'spend'>;
  readonly seal: AttemptSeal;
  readonly clock: Clock;
}): TakeAttempt {
  return async ({ tenantId, state = '', binding, provider, purposes }) => {
    const rejected = () => new TrustError('OAUTH_REJECTED');
    if (!isSecret('oauth_state', state)) throw rejected();
    const digest = digestOf('oauth_state', state);
    const attempt = await deps.oauth.readAttempt(tenantId, digest, deps.clock());
    // What does not fit spends nothing: it is not this browser's to spend.
    if (attempt === undefined || attempt.binding !== binding) throw rejected();
    if (provider !== undefined && attempt.provider !== provider) throw rejected();
    if (!purposes.includes(attempt.purpose)) throw rejected();
    if (!(await deps.oauth.spend(attempt, deps.clock()))) throw rejected();
    return { attempt, secrets: deps.seal.open(attempt.sealed, tenantId, digest) };
  };
}

export type OauthOutcome =
  | { readonly identity: Identity; readonly created: boolean; readonly linked?: undefined }
  | { readonly linked: LinkedAccount; readonly identity?: undefined };

/**
 * Checks the provider's reply to a taken attempt and does what the attempt is for: the identity that it signs in, or the account that it links.
 * Errors: OAUTH_REJECTED, OAUTH_PROVIDER_UNAVAILABLE, ACCOUNT_EXISTS, SIGN_UP_CLOSED, CREDENTIAL_REJECTED, ACCOUNT_LINKED, FACTOR_LIMIT, CONCURRENT_CHANGE, FEATURE_NOT_CONFIGURED.
 */
export type CompleteOauth = (
  taken: TakenAttempt,
  reply: ProviderReply,
  actor: string,
  place: Place,
) => Promise<OauthOutcome>;

export function completeOauth(deps: {
  readonly providers: OauthProviders;
  readonly admitAccount: AdmitAccount;
  readonly linkAccount: LinkAccount;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly recordAudit: (events: readonly AuditEvent[]) => Promise<void>;
  readonly clock: Clock;
  readonly newId: NewId;
}): CompleteOauth {
  const attempted: CompleteOauth = async ({ attempt, secrets }, reply, actor, place) => {
    const { tenantId, purpose } = attempt;
    // It may have been switched off while the person was away.
    refuseMethod(await deps.settings(tenantId), 'oauth');
    const provider = providerOf(deps.providers, tenantId, attempt.provider);
    const { account, tokens } = await provider.redeem(reply, { ...secrets, state: reply.state ?? '' });
    const input = { tenantId, actor, account, tokens: provider.keepTokens ? tokens : undefined };
    if (purpose !== 'link') return deps.admitAccount({ ...input, claim: purpose === 'claim' });
    const { identityId, epoch } = attempt;
    return { linked: await deps.linkAccount({ ...input, identityId, epoch, place }) };
  };

  return async (taken, reply, actor, place) => {
    try {
      return await attempted(taken, reply, actor, place);
    } catch (error) {
      const { tenantId, provider, identityId } = taken.attempt;
      const facts = { provider, reason: error instanceof TrustError ? error.reason : 'INTERNAL' };
      const about = { identityId, subject: identityId, facts };
      await deps.recordAudit([
        auditEvent({ tenantId, name: actor }, deps.clock(), deps.newId, 'oauth.rejected', about),
      ]);
      throw error;
    }
  };
}
