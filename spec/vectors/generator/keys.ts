// The test keys of keys.json, the JWKS made of them, and signatures that come out the same each time.
import { createHmac, createPrivateKey, sign as nodeSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { p256, p384 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';

export interface Jwk {
  readonly kty: string;
  readonly kid: string;
  readonly alg: string;
  readonly use: string;
  readonly crv?: string;
  readonly d?: string;
  readonly k?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

interface KeyFile {
  readonly keys: readonly { readonly name: string; readonly use: string; readonly jwk: Jwk }[];
}

const file = JSON.parse(readFileSync(new URL('../keys.json', import.meta.url), 'utf8')) as KeyFile;

/** The private JWK of a test key by its name in keys.json. */
export function key(name: string): Jwk {
  const found = file.keys.find((entry) => entry.name === name);
  if (!found) throw new Error(`keys.json has no key ${name}`);
  return found.jwk;
}

/** The public half of an asymmetric JWK. */
export function publicJwk(jwk: Jwk): Partial<Jwk> {
  const { kty, kid, alg, use, crv, x, y, n, e } = jwk;
  const all = { kty, crv, x, y, n, e, kid, alg, use };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** The JWKS of the vectors: two keys of each algorithm, and some that a key source must ignore (TOK-26). */
export function jwks(): { keys: object[] } {
  const listed: object[] = file.keys
    .filter((entry) => entry.use.startsWith('listed'))
    .map(({ jwk }) => (jwk.kty === 'oct' ? jwk : publicJwk(jwk)));
  const { kid: _, ...nameless } = publicJwk(key('es_attacker'));
  return { keys: [...listed, nameless] };
}

const EC = { 'P-256': p256, 'P-384': p384, secp256k1 };

/** Signs as the type and curve of the key say. ECDSA is r||s with the nonce of RFC 6979, so it is the same each time. */
export function signature(jwk: Jwk, input: string): Uint8Array {
  const data = Buffer.from(input, 'utf8');
  if (jwk.kty === 'oct') return hmac('sha256', Buffer.from(jwk.k ?? '', 'base64url'), input);
  const curve = EC[jwk.crv as keyof typeof EC];
  if (curve) return curve.sign(data, Buffer.from(jwk.d ?? '', 'base64url'), { lowS: false });
  const privateKey = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  return nodeSign(jwk.kty === 'RSA' ? 'sha256' : null, data, privateKey);
}

/** HMAC of the signing input, for algorithm confusion. */
export function hmac(hash: 'sha256' | 'sha384' | 'sha512', secret: Uint8Array | string, input: string): Uint8Array {
  return createHmac(hash, secret).update(input, 'utf8').digest();
}
