import { invalidField, TrustError } from '../../errors/trust_error.ts';
import type { Clock, Instant } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';
import type { Sealer } from '../../kernel/sealer.ts';
import { digestOf, newOauthState } from '../../kernel/secret.ts';
import type { LimitAttempts } from '../rate_limit/limit_attempts.ts';
import { refuseMethod } from '../sign_in/sign_in_methods.ts';
import type { SignInRequest } from '../sign_in/sign_in_request.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import { ATTEMPT_LIFETIME, type AttemptSecrets, type OauthPurpose } from './oauth.ts';
import type { OauthProvider, OauthProviders, OauthStore } from './store.ts';

export type StartInput = {
  readonly tenantId: string;
  readonly provider: string;
  readonly purpose: OauthPurpose;
  readonly binding: string;
  readonly redirectUri: string;
  /** With `link`: who gets the account. */
  readonly identity?: { readonly id: string; readonly epoch: number } | undefined;
  readonly request?: SignInRequest | undefined;
  readonly hold?: boolean | undefined;
  /** Address of the person's device; empty if it is not known. */
  readonly address: string;
};

export type Started = { readonly url: string; readonly expiresAt: Instant };

/** Errors: INVALID_FIELD (`provider`), RATE_LIMITED, OAUTH_PROVIDER_UNAVAILABLE, FEATURE_NOT_CONFIGURED. */
export type StartOauth = (input: StartInput) => Promise<Started>;

/** The providers that are offered to people of a tenant. */
export const providersFor = (providers: OauthProviders, tenantId: string): OauthProviders =>
  providers.filter(({ tenants }) => tenants.includes(tenantId));

/** The provider of a name. Errors: INVALID_FIELD, FEATURE_NOT_CONFIGURED. */
export function providerOf(all: OauthProviders, tenantId: string, name: string): OauthProvider {
  const providers = providersFor(all, tenantId);
  if (providers.length === 0) throw new TrustError('FEATURE_NOT_CONFIGURED', { metadata: { feature: 'oauth' } });
  const found = providers.find((one) => one.name === name);
  if (found === undefined) throw invalidField('provider', 'is not a provider of this server');
  return found;
}

/** Seals what an attempt keeps to itself, bound to its `state`. */
export function attemptSecrets(sealer: Sealer) {
  return {
    seal: (secrets: AttemptSecrets, tenantId: string, digest: string) =>
      sealer.seal(Buffer.from(JSON.stringify(secrets)), ['attempt', tenantId, digest]),
    open: (sealed: string, tenantId: string, digest: string) =>
      JSON.parse(sealer.open(sealed, ['attempt', tenantId, digest]).toString()) as AttemptSecrets,
  };
}

export type AttemptSeal = ReturnType<typeof attemptSecrets>;

/** Sends a browser to a provider, with `state`, `nonce` and a PKCE challenge that no other attempt has (spec OAU-2). */
export function startOauth(deps: {
  readonly providers: OauthProviders;
  readonly oauth: Pick<OauthStore, 'begin'>;
  readonly seal: AttemptSeal;
  readonly limitAttempts: LimitAttempts;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly clock: Clock;
  readonly random: Random;
}): StartOauth {
  const fresh = () => Buffer.from(deps.random(32)).toString('base64url');
  return async ({ tenantId, purpose, binding, redirectUri, identity, request, hold, address, ...input }) => {
    refuseMethod(await deps.settings(tenantId), 'oauth');
    const provider = providerOf(deps.providers, tenantId, input.provider);
    await deps.limitAttempts({ tenantId, address });
    const state = newOauthState(deps.random);
    const digest = digestOf('oauth_state', state);
    const [nonce, codeVerifier] = [fresh(), fresh()];
    const url = await provider.authorizationUrl({ redirectUri, state, nonce, codeVerifier });
    const expiresAt = deps.clock() + ATTEMPT_LIFETIME;
    await deps.oauth.begin({
      tenantId,
      digest,
      provider: provider.name,
      purpose,
      binding,
      identityId: identity?.id ?? '',
      epoch: identity?.epoch ?? 0,
      sealed: deps.seal.seal({ nonce, codeVerifier, redirectUri, request, hold }, tenantId, digest),
      expiresAt,
    });
    return { url, expiresAt };
  };
}
