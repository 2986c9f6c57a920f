import { sign } from 'node:crypto';
import { TrustError } from '../../errors/trust_error.ts';
import type { Signer } from '../signing_key/keyring.ts';
import type { TrustTokenClaims } from './claims.ts';

/** The longest token (spec TOK-10). */
export const MAX_TOKEN_BYTES = 8192;

// Ed25519 and ES256 signatures have 64 bytes both.
const SIGNATURE_CHARACTERS = 86;

/**
 * Signs claims as a JWS in compact form (RFC 7515). Synchronous on purpose: it takes 0.1 ms at most, and the thread pool that asynchronous
 * signing needs may be busy hashing passwords. A token that would be too long is refused before signing, by the fields `blame`.
 */
export function signToken(
  { alg, header, privateKey }: Signer,
  claims: TrustTokenClaims,
  blame: readonly string[],
): string {
  const input = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  if (input.length + 1 + SIGNATURE_CHARACTERS > MAX_TOKEN_BYTES) {
    const description = `makes the token longer than ${MAX_TOKEN_BYTES} bytes`;
    throw new TrustError('INVALID_FIELD', { fields: blame.map((field) => ({ field, description })) });
  }
  const bytes = Buffer.from(input);
  const signature =
    alg === 'EdDSA'
      ? sign(null, bytes, privateKey)
      : sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}
