import type { ClientAuth, Configuration, TokenEndpointResponse } from 'openid-client';
import { presetOf } from '../config/oauth_presets.ts';
import type { OauthProviderConfig } from '../config/oauth_settings.ts';
import { TrustError } from '../errors/trust_error.ts';
import type { ProviderTokens } from '../features/oauth/oauth.ts';
import type { OauthProvider, ProviderReply, ProviderRequest } from '../features/oauth/store.ts';
import { type Clock, HOUR, SECOND } from '../kernel/clock.ts';
import { AnswerRefused, boundedFetch, type Fetch, isPlaceAllowed } from './bounded_fetch.ts';
import { signedClientSecret } from './client_secret.ts';
import { type Profile, primaryAddress, profileOf } from './profile.ts';

type Oidc = typeof import('openid-client');

export type ProviderOptions = {
  readonly config: OauthProviderConfig;
  readonly clock: Clock;
  readonly fetch?: Fetch;
  readonly patienceMs?: number;
  /** Told why a provider did not do, by a code: never with what it answered. */
  readonly failed?: (provider: string, code: string) => void;
};

/** How long what was discovered is believed. */
const DISCOVERY_LIFETIME = HOUR;

/** A provider by openid-client, which is loaded with the first sign-in. */
export function oauthProvider({ config, clock, failed, ...options }: ProviderOptions): OauthProvider {
  const preset = presetOf(config.preset);
  const plain = config.issuer.startsWith('http:');
  const fetch = boundedFetch(options.fetch ?? ((url, init) => globalThis.fetch(url, init)), plain, options.patienceMs);
  const withNonce = preset.endpoints === undefined && preset.nonce !== false;
  const withPkce = preset.pkce !== false;
  let known: { readonly configuration: Promise<Configuration>; readonly until: number } | undefined;

  const configure = async (oidc: Oidc): Promise<Configuration> => {
    const auth = await clientAuth(oidc, config, clock);
    if (preset.endpoints !== undefined) {
      const { authorization, token } = preset.endpoints;
      const server = { issuer: config.issuer, authorization_endpoint: authorization, token_endpoint: token };
      const configuration = new oidc.Configuration(server, config.clientId, undefined, auth);
      configuration[oidc.customFetch] = fetch as never;
      return configuration;
    }
    const insecure = plain ? [oidc.allowInsecureRequests] : [];
    // The signature of each ID token is checked, though it came over TLS: a proxy or a cache in between is no issuer.
    const execute = [oidc.enableNonRepudiationChecks, ...insecure];
    return oidc.discovery(new URL(config.issuer), config.clientId, undefined, auth, {
      [oidc.customFetch]: fetch as never,
      execute,
    });
  };

  /** What is known of the provider's server, discovered by one caller for all; a failure is not kept. */
  const server = async (oidc: Oidc): Promise<Configuration> => {
    if (known === undefined || clock() >= known.until) {
      const fresh = { configuration: configure(oidc), until: clock() + DISCOVERY_LIFETIME };
      known = fresh;
      fresh.configuration.catch(() => {
        if (known === fresh) known = undefined;
      });
    }
    return known.configuration;
  };

  /** Translates what openid-client throws. */
  const guarded = async <T>(work: (oidc: Oidc, configuration: Configuration) => Promise<T>): Promise<T> => {
    const oidc = await import('openid-client');
    let discovered = false;
    try {
      const configuration = await server(oidc);
      discovered = true;
      return await work(oidc, configuration);
    } catch (error) {
      if (error instanceof TrustError) throw error;
      const verdict = classify(oidc, error);
      const { code, denied } = verdict;
      // A document that does not hold is no reply to anybody.
      const reason = discovered ? verdict.reason : 'OAUTH_PROVIDER_UNAVAILABLE';
      failed?.(config.name, code);
      throw new TrustError(reason, {
        metadata: { provider: config.name, ...(denied && { denied: 'true' }) },
        cause: error,
      });
    }
  };

  /** The profile of a provider without ID tokens. */
  const readProfile = async (oidc: Oidc, configuration: Configuration, token: string): Promise<Profile | undefined> => {
    const get = async (url: string) => {
      const headers = new Headers({ accept: 'application/json' });
      const answer = await oidc.fetchProtectedResource(configuration, token, new URL(url), 'GET', undefined, headers);
      if (!answer.ok) throw new ProfileRefused();
      return (await answer.json()) as unknown;
    };
    const url = preset.endpoints?.profile ?? '';
    const facts = (await get(url)) as Record<string, unknown> | null;
    if (typeof facts !== 'object' || facts === null) return undefined;
    if (config.preset !== 'github') return profileOf(config.preset, facts);
    const email = primaryAddress(await get(`${url}/emails`));
    return profileOf('github', { ...facts, email, email_verified: email !== undefined });
  };

  return {
    name: config.name,
    label: config.label,
    keepTokens: config.keepTokens,
    tenants: config.tenants,

    authorizationUrl: ({ redirectUri, state, nonce, codeVerifier }: ProviderRequest) =>
      guarded(async (oidc, configuration) => {
        const parameters = {
          redirect_uri: redirectUri,
          scope: config.scopes,
          state,
          ...(withNonce && { nonce }),
          ...(withPkce && {
            code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
            code_challenge_method: 'S256',
          }),
          ...(preset.formPost && { response_mode: 'form_post' }),
        };
        const url = oidc.buildAuthorizationUrl(configuration, parameters);
        if (!isPlaceAllowed(url, plain)) throw new AnswerRefused('a place in the clear');
        return url.href;
      }),

    redeem: (reply: ProviderReply, { redirectUri, state, nonce, codeVerifier }: ProviderRequest) =>
      guarded(async (oidc, configuration) => {
        const url = new URL(redirectUri);
        for (const [name, value] of Object.entries(reply)) if (value !== undefined) url.searchParams.set(name, value);
        const answer = await oidc.authorizationCodeGrant(configuration, url, {
          expectedState: state,
          ...(withNonce && { expectedNonce: nonce }),
          ...(withPkce && { pkceCodeVerifier: codeVerifier }),
          idTokenExpected: preset.endpoints === undefined,
        });
        const claims = answer.claims();
        const profile =
          preset.endpoints === undefined
            ? claims && profileOf(config.preset, await completed(oidc, configuration, claims, answer.access_token))
            : await readProfile(oidc, configuration, answer.access_token);
        if (profile === undefined) throw new TrustError('OAUTH_REJECTED', { metadata: { provider: config.name } });
        // The issuer is that of the checked ID token: a server for many tenants has one for each.
        return {
          account: { ...profile, provider: config.name, issuer: claims?.iss ?? config.issuer },
          tokens: tokensOf(answer, clock),
        };
      }),
  };
}

class ProfileRefused extends Error {}

/** Claims of the ID token, and those of the user-info endpoint where it leaves the address to that one. */
async function completed(
  oidc: Oidc,
  configuration: Configuration,
  claims: { readonly sub: string } & Readonly<Record<string, unknown>>,
  accessToken: string,
): Promise<Readonly<Record<string, unknown>>> {
  const { userinfo_endpoint: endpoint } = configuration.serverMetadata();
  if (claims.email !== undefined || endpoint === undefined) return claims;
  return { ...(await oidc.fetchUserInfo(configuration, accessToken, claims.sub)), ...claims };
}

function tokensOf(answer: TokenEndpointResponse, clock: Clock): ProviderTokens {
  const { access_token: accessToken, refresh_token: refreshToken = '', id_token: idToken = '', scope = '' } = answer;
  const expiresAt = answer.expires_in === undefined ? undefined : clock() + answer.expires_in * SECOND;
  return { accessToken, refreshToken, idToken, scope, expiresAt };
}

async function clientAuth(oidc: Oidc, config: OauthProviderConfig, clock: Clock): Promise<ClientAuth> {
  if (config.clientKey !== undefined) {
    const sign = signedClientSecret(config.clientKey, config.clientId, config.issuer, clock);
    return async (...given) => oidc.ClientSecretPost(await sign())(...given);
  }
  return config.clientSecret === undefined ? oidc.None() : oidc.ClientSecretPost(config.clientSecret);
}

type Verdict = {
  readonly reason: 'OAUTH_REJECTED' | 'OAUTH_PROVIDER_UNAVAILABLE';
  readonly code: string;
  /** Whether the person, or the provider for them, said no. */
  readonly denied?: boolean;
};

/** Errors that a provider sends to a browser when it, not the person, is the cause. */
const PROVIDERS_FAULT = new Set(['server_error', 'temporarily_unavailable']);
/** Errors of the token endpoint that mean that the client is not set up as the provider has it. */
const SETUP_FAULT = new Set(['invalid_client', 'unauthorized_client']);

function classify(oidc: Oidc, error: unknown): Verdict {
  const codeOf = (text: string) => (/^[a-z_]{1,64}$/.test(text) ? text : 'unknown');
  if (error instanceof oidc.AuthorizationResponseError) {
    const code = codeOf(error.error);
    if (PROVIDERS_FAULT.has(code)) return { reason: 'OAUTH_PROVIDER_UNAVAILABLE', code };
    return { reason: 'OAUTH_REJECTED', code, denied: code === 'access_denied' };
  }
  if (error instanceof oidc.ResponseBodyError) {
    const code = codeOf(error.error);
    const ours = SETUP_FAULT.has(code) || error.status >= 500;
    return { reason: ours ? 'OAUTH_PROVIDER_UNAVAILABLE' : 'OAUTH_REJECTED', code };
  }
  // What was answered was read and does not hold; anything else is a provider that could not be asked.
  const code = (error as { code?: unknown }).code;
  if (error instanceof oidc.ClientError && typeof code === 'string' && HELD.has(code)) {
    return { reason: 'OAUTH_REJECTED', code };
  }
  return { reason: 'OAUTH_PROVIDER_UNAVAILABLE', code: typeof code === 'string' ? code : 'unreachable' };
}

/** Codes of openid-client for an answer that was read and does not hold. */
const HELD = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_UNSUPPORTED_OPERATION',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
]);
