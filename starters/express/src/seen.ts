import type { TrustTokenClaims } from '@trust-layer/sdk';

export type Seen = ReturnType<typeof seen>;

/** What a service learns from a Trust Token; the rest of the claims is in docs/guide/trust_tokens.md. */
export const seen = (claims: TrustTokenClaims) => ({
  subject: claims.sub,
  audience: claims.aud,
  caller: claims.req_wl,
  scope: claims.scope ?? '',
  transaction: claims.txn,
});
