import { TrustError } from '../../server/src/errors/trust_error.ts';
import type { Account, ProviderTokens } from '../../server/src/features/oauth/oauth.ts';
import type { OauthProvider, ProviderRequest } from '../../server/src/features/oauth/store.ts';

export const TOKENS: ProviderTokens = {
  accessToken: 'provider-access-token',
  refreshToken: 'provider-refresh-token',
  idToken: '',
  scope: 'openid',
  expiresAt: 1_900_000_000_000,
};

/** A provider without a network, for tests of what is decided: a code stands for an account, and is good for the request that it was made for. */
export function fakeProvider(name = 'acme', options: { readonly keepTokens?: boolean } = {}) {
  const codes = new Map<string, { readonly account: Account; readonly request: ProviderRequest }>();
  const requests: ProviderRequest[] = [];
  const provider: OauthProvider = {
    name,
    label: `${name[0]?.toUpperCase()}${name.slice(1)}`,
    keepTokens: options.keepTokens ?? false,
    tenants: ['default'],
    async authorizationUrl(request) {
      requests.push(request);
      return `https://${name}.example/authorize?state=${request.state}`;
    },
    async redeem({ code = '', error }, request) {
      if (error !== undefined) throw new TrustError('OAUTH_REJECTED', { metadata: { denied: 'true' } });
      const found = codes.get(code);
      codes.delete(code);
      if (found === undefined || found.request.codeVerifier !== request.codeVerifier)
        throw new TrustError('OAUTH_REJECTED');
      return { account: found.account, tokens: TOKENS };
    },
  };
  let count = 0;
  return {
    provider,
    requests,
    /** The person says yes: the query with which their browser comes back. */
    consent(
      facts: Partial<Account> = {},
      request = requests.at(-1),
    ): { readonly code: string; readonly state: string } {
      if (request === undefined) throw new Error('nobody asked');
      const code = `code-${count++}`;
      const account = {
        provider: name,
        issuer: `https://${name}.example`,
        subject: 'ada-1',
        email: 'ada@example.com',
        emailVerified: true,
        displayName: 'Ada',
        ...facts,
      };
      codes.set(code, { account, request });
      return { code, state: request.state };
    },
  };
}

export type FakeProvider = ReturnType<typeof fakeProvider>;
