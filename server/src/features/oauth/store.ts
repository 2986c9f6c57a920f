import type { Instant } from '../../kernel/clock.ts';
import type { Trail } from '../change/change.ts';
import type { Identity } from '../identity/identity.ts';
import type { Account, LinkedAccount, OauthAttempt, ProviderTokens } from './oauth.ts';

/** Every write appends its trail in the same transaction; one that answers anything but `ok` leaves nothing behind. */
export type OauthStore = {
  begin(attempt: OauthAttempt): Promise<void>;
  /** Alive: neither spent nor past its time. */
  readAttempt(tenantId: string, digest: string, now: Instant): Promise<OauthAttempt | undefined>;
  /** Spends it: true for exactly one caller. */
  spend(attempt: OauthAttempt, now: Instant): Promise<boolean>;
  find(tenantId: string, issuer: string, subject: string): Promise<LinkedAccount | undefined>;
  /** Oldest first. */
  list(tenantId: string, identityId: string): Promise<readonly LinkedAccount[]>;
  /** Makes an identity with its first account. `loser` gives up an identifier for it in the same step, if it is still as it was. */
  signUp(
    identity: Identity,
    account: LinkedAccount,
    loser: { readonly before: Identity; readonly after: Identity } | undefined,
    trail: Trail,
  ): Promise<'ok' | 'identifier_taken' | 'linked' | 'changed'>;
  /** Gives an identity one more account, unless somebody has the account or the identity has `most`. */
  link(account: LinkedAccount, most: number, trail: Trail): Promise<'ok' | 'linked' | 'too_many'>;
  /** Notes a use, what the provider says now of the address, and new tokens (undefined keeps none). */
  use(account: LinkedAccount, trail: Trail): Promise<void>;
  /** Takes it away, unless nothing would be left to sign in with: password, passkey, or an account of one of `providers`. */
  unlink(
    tenantId: string,
    identityId: string,
    id: string,
    providers: readonly string[],
    trail: Trail,
  ): Promise<'ok' | 'not_found' | 'last_way_in'>;
};

/** What is sent along to a provider, and what its answer is checked against. */
export type ProviderRequest = {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
};

/** The members of a callback that count. */
export type ProviderReply = Readonly<Record<'code' | 'state' | 'iss' | 'error', string | undefined>>;

/** One provider. Errors of all: OAUTH_REJECTED (its answer does not hold), OAUTH_PROVIDER_UNAVAILABLE. */
export type OauthProvider = {
  readonly name: string;
  readonly label: string;
  readonly keepTokens: boolean;
  /** Ids of the tenants to whose people it is offered. */
  readonly tenants: readonly string[];
  /** Where the browser goes. */
  authorizationUrl(request: ProviderRequest): Promise<string>;
  /** Exchanges the code of a reply. Everything is checked: state, `iss`, and of an ID token signature, issuer, audience, time and nonce (spec OAU-3). */
  redeem(
    reply: ProviderReply,
    request: ProviderRequest,
  ): Promise<{ readonly account: Account; readonly tokens: ProviderTokens }>;
};

/** The configured providers, in the order of their buttons. */
export type OauthProviders = readonly OauthProvider[];
