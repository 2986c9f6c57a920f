// The Trust Token of a request between backends.
import type { TrustTokenClaims } from './claims.ts';
import { TrustTokenError } from './errors.ts';
import type { Verifier } from './verifier.ts';

/** Name of the HTTP header and gRPC metadata that carries a Trust Token (TOK-4). */
export const TRUST_TOKEN_HEADER = 'trust-token';

/** A Trust Token that was verified. */
export class VerifiedTrustToken {
  /** What it says. */
  readonly claims: TrustTokenClaims;
  readonly #token: string;

  constructor(claims: TrustTokenClaims, token: string) {
    this.claims = claims;
    this.#token = token;
  }

  /** The token itself, for `exchangeTrustToken`. A secret: it is in no text form of this object. */
  get token(): string {
    return this.#token;
  }
}

/**
 * Verifies the Trust Token among the values of its header (SDK-22): exactly one must be there.
 * @throws TrustTokenError; whatever else goes wrong is `KEYS_UNAVAILABLE`, for nothing was decided
 */
export async function verifyTokenOf(
  verifier: Pick<Verifier, 'verify'>,
  values: readonly string[],
): Promise<VerifiedTrustToken> {
  if (values.length > 1) {
    throw new TrustTokenError('TOKEN_MALFORMED');
  }
  const [token = ''] = values;
  try {
    return new VerifiedTrustToken(await verifier.verify(token), token);
  } catch (error) {
    throw error instanceof TrustTokenError ? error : new TrustTokenError('KEYS_UNAVAILABLE');
  }
}

/** All values of the header in the order received. Node joins headers of this name, which `rawHeaders` undoes. */
export function tokenValues(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === TRUST_TOKEN_HEADER);
}
