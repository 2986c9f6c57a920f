import { type Instant, MINUTE } from '../../kernel/clock.ts';
import type { SignInRequest } from '../sign_in/sign_in_request.ts';

/** How long a browser may be away at a provider (spec OAU-2). */
export const ATTEMPT_LIFETIME = 10 * MINUTE;

/** Accounts that one identity may have. */
export const MAX_ACCOUNTS = 20;

/** What an attempt is for: to sign in, to link an account to an identity, or to sign in and take an unverified e-mail address along. */
export type OauthPurpose = 'sign_in' | 'link' | 'claim';

/** A browser that is away at a provider, as the store keeps it. */
export type OauthAttempt = {
  readonly tenantId: string;
  /** Of `state`. */
  readonly digest: string;
  readonly provider: string;
  readonly purpose: OauthPurpose;
  /** What holds it beside `state`: the transaction of a browser, or the token that a backend keeps for one. */
  readonly binding: string;
  /** The identity that gets the account, and its epoch then; empty where somebody signs in. */
  readonly identityId: string;
  readonly epoch: number;
  /** What only the server knows of it, sealed: `AttemptSecrets`. */
  readonly sealed: string;
  readonly expiresAt: Instant;
};

/** What an attempt keeps to itself. */
export type AttemptSecrets = {
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  /** On pages: where the sign-in leads, and whether it stops at the page of all factors. */
  readonly request?: SignInRequest | undefined;
  readonly hold?: boolean | undefined;
};

/** An account as its provider tells of it. */
export type Account = {
  readonly provider: string;
  readonly issuer: string;
  readonly subject: string;
  /** Empty if it is not told. */
  readonly email: string;
  /** Whether the provider says that the address is the person's. Only then it means anything. */
  readonly emailVerified: boolean;
  readonly displayName: string;
};

/** An account that signs in an identity. Found by issuer and subject alone (spec OAU-5). */
export type LinkedAccount = Pick<Account, 'provider' | 'issuer' | 'subject' | 'email'> & {
  readonly tenantId: string;
  readonly id: string;
  readonly identityId: string;
  /** The provider's tokens, sealed; undefined where none are kept. */
  readonly sealedTokens: string | undefined;
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant;
};

/** Tokens of a provider for the person's account there. */
export type ProviderTokens = {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly idToken: string;
  readonly scope: string;
  /** Undefined where the provider does not tell. */
  readonly expiresAt: Instant | undefined;
};
