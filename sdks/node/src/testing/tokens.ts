// Trust Tokens made for tests with a key made for the run.
import { sign as cryptoSign, generateKeyPairSync } from 'node:crypto';
import { type Jwks, type KeySource, StaticKeySource } from '../key_source.ts';
import { Verifier, type VerifierOptions } from '../verifier.ts';

/** The fixed clock of these tests, in seconds. */
export const NOW = 1_900_000_000;

const pair = generateKeyPairSync('ed25519');

export const jwks: Jwks = { keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'EdDSA' }] };

export const hostileKeySource: KeySource = {
  get: () => {
    throw new Error('no keys today');
  },
};

export function claims(changes: object = {}): object {
  return {
    iss: 'https://trust.example',
    aud: 'orders',
    sub: 'idn_0b6f1d2e3c4a59687786a5b4c3d2e1f0',
    iat: NOW - 10,
    exp: NOW + 50,
    jti: 'jti-1',
    sid: 'ses_5a1e0cc27bd94f3f8e6d7c8b9a0f1e2d',
    tid: 'default',
    auth_time: NOW - 4_000,
    acr: 'aal1',
    amr: ['pwd'],
    txn: 'txn-1',
    ver: 1,
    epoch: 1,
    req_wl: 'web',
    ...changes,
  };
}

export function sign(input: string): string {
  return cryptoSign(null, Buffer.from(input), pair.privateKey).toString('base64url');
}

const encode = (part: object | string) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

export function token(parts: { header?: object | string; payload?: object | string } = {}): string {
  const header = encode(parts.header ?? { typ: 'trust+jwt', alg: 'EdDSA', kid: 'key-1' });
  const input = `${header}.${encode(parts.payload ?? claims())}`;
  return `${input}.${sign(input)}`;
}

export function verifierOf(options: Partial<VerifierOptions> = {}): Verifier {
  return new Verifier({
    issuer: 'https://trust.example',
    audience: 'orders',
    keySource: new StaticKeySource(jwks),
    clock: () => NOW * 1_000,
    ...options,
  });
}
