import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Instant } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Random } from '../../kernel/random.ts';
import { sealerOf } from '../../kernel/sealer.ts';
import type { OriginOf } from '../tenant/origins.ts';
import type { SigningAlgorithm, SigningKey } from './signing_key.ts';

/** What a sealed private half is bound to, beside the master key (spec TOK-41). */
export type SealContext = {
  readonly kid: string;
  readonly alg: string;
  readonly use: string;
  readonly issuer: string;
  readonly tenantId: string;
};

/** Seals and opens private halves under a key derived from the master key. */
export type KeySealer = {
  seal(privateKey: KeyObject, context: SealContext): string;
  /** Throws if master key, text or context is another than at sealing. */
  open(sealed: string, context: SealContext): KeyObject;
};

/** Under its own key derived from the master key. */
export function keySealer(deps: { readonly masterKey: Uint8Array; readonly random: Random }): KeySealer {
  const sealer = sealerOf({ ...deps, purpose: 'trust-layer:signing-key:v1' });
  const bound = ({ kid, alg, use, issuer, tenantId }: SealContext) => [kid, alg, use, issuer, tenantId];
  return {
    seal: (privateKey, context) =>
      sealer.seal(privateKey.export({ format: 'der', type: 'pkcs8' }) as Buffer, bound(context)),
    open: (sealed, context) =>
      createPrivateKey({ key: sealer.open(sealed, bound(context)), format: 'der', type: 'pkcs8' }),
  };
}

/** What the private half of a tenant's key is bound to. */
export function sealContext(issuer: string, key: Pick<SigningKey, 'tenantId' | 'kid' | 'alg'>): SealContext {
  return { kid: key.kid, alg: key.alg, use: 'sig', issuer, tenantId: key.tenantId };
}

/** Gives what makes pending keys of the tenant. */
export type NewSigningKey = (tenantId: string) => Promise<MakeSigningKey>;

export type MakeSigningKey = (alg: SigningAlgorithm, now: Instant) => SigningKey;

export function newSigningKey(deps: {
  readonly sealer: KeySealer;
  readonly originOf: OriginOf;
  readonly newId: NewId;
}): NewSigningKey {
  const make = (tenantId: string, issuer: string, alg: SigningAlgorithm, now: Instant): SigningKey => {
    const kid = deps.newId('sgk');
    const { publicKey, privateKey } =
      alg === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return {
      tenantId,
      kid,
      alg,
      state: 'pending',
      publicJwk: JSON.stringify({ ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }),
      sealed: deps.sealer.seal(privateKey, sealContext(issuer, { tenantId, kid, alg })),
      createdAt: now,
      activatedAt: undefined,
      retiringAt: undefined,
      retiredAt: undefined,
    };
  };
  return async (tenantId) => {
    const issuer = await deps.originOf(tenantId);
    return (alg, now) => make(tenantId, issuer, alg, now);
  };
}
