// Public keys, and the sets in which they are published.
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

/** Algorithms of Trust Tokens. */
export type TrustAlgorithm = 'EdDSA' | 'ES256';

/** A public key and the one algorithm with which it may be used. */
export interface TrustKey {
  readonly kid: string;
  readonly alg: TrustAlgorithm;
  readonly key: KeyObject;
}

/** Finds keys by id. A `get` that throws means that the keys could not be read: `KEYS_UNAVAILABLE`. */
export interface KeySource {
  /** The key with this id, or `undefined` if there is none. */
  get(kid: string): TrustKey | undefined | Promise<TrustKey | undefined>;
}

/** A JSON Web Key Set (RFC 7517). Members that are no usable public key are ignored (TOK-26). */
export interface Jwks {
  readonly keys: readonly object[];
}

const SHAPES: Readonly<Record<string, { kty: string; crv: string }>> = {
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  ES256: { kty: 'EC', crv: 'P-256' },
};

function toTrustKey(jwk: unknown): TrustKey | undefined {
  const { kid, alg, use, kty, crv, x, y } = (jwk ?? {}) as Record<string, unknown>;
  const shape = typeof alg === 'string' && Object.hasOwn(SHAPES, alg) ? SHAPES[alg] : undefined;
  if (typeof kid !== 'string' || kid === '' || kid.length > 64 || !shape || kty !== shape.kty || crv !== shape.crv) {
    return undefined;
  }
  if (use !== undefined && use !== 'sig') {
    return undefined;
  }
  try {
    // Public members only, so that a private key in the set stays out of memory and use.
    const key = createPublicKey({
      key: { kty, crv, x, ...(y === undefined ? {} : { y }) } as JsonWebKey,
      format: 'jwk',
    });
    return { kid, alg: alg as TrustAlgorithm, key };
  } catch {
    return undefined;
  }
}

/** @throws TypeError if it is no JWKS */
export function readJwks(jwks: unknown): Map<string, TrustKey> {
  const members = (jwks as Jwks | null | undefined)?.keys;
  if (!Array.isArray(members)) {
    throw new TypeError('a JWKS must be an object with a list keys');
  }
  const found = new Map<string, TrustKey>();
  const twice = new Set<string>();
  for (const key of members.map(toTrustKey)) {
    if (key !== undefined) {
      if (found.has(key.kid)) {
        twice.add(key.kid);
      }
      found.set(key.kid, key);
    }
  }
  // A name of two keys names neither.
  for (const kid of twice) {
    found.delete(kid);
  }
  return found;
}
