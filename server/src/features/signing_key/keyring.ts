import { createPublicKey, type KeyObject } from 'node:crypto';
import { TrustError } from '../../errors/trust_error.ts';
import { type Clock, type Instant, SECOND, type Span } from '../../kernel/clock.ts';
import type { OriginOf } from '../tenant/origins.ts';
import { type KeySealer, sealContext } from './keys.ts';
import { isPublished, type SigningAlgorithm, type SigningKey } from './signing_key.ts';
import type { SigningKeyStore } from './store.ts';

/** How old the keys may be that this node uses. */
export const KEYRING_BOUND: Span = 5 * SECOND;

/** What signs. `header` is the encoded first part of every token of this key (spec TOK-1). */
export type Signer = {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly header: string;
  readonly privateKey: KeyObject;
  /** What the tokens of the tenant name as their issuer. */
  readonly issuer: string;
};

/** A published key. `jwk` is JSON text. */
export type PublicKey = {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly jwk: string;
  readonly key: KeyObject;
};

/** A tenant's keys as this node holds them, at most `KEYRING_BOUND` old. */
export type Keyring = {
  /** The active key. Fails with SIGNING_KEY_UNAVAILABLE if there is none or it cannot be opened. */
  signer(tenantId: string): Promise<Signer>;
  /** Pending, active and retiring keys, newest first. */
  publicKeys(tenantId: string): Promise<readonly PublicKey[]>;
  /** The JWKS (RFC 7517) of `publicKeys`, as JSON text. */
  jwks(tenantId: string): Promise<string>;
  /** Reads the keys anew at the next call. */
  forget(tenantId: string): void;
};

type Ring = {
  readonly signer: Signer | undefined;
  readonly publicKeys: readonly PublicKey[];
  readonly jwks: string;
  readonly cause: unknown;
};

export function keyring(deps: {
  readonly signingKeys: Pick<SigningKeyStore, 'list'>;
  readonly sealer: KeySealer;
  readonly originOf: OriginOf;
  readonly clock: Clock;
}): Keyring {
  const rings = new Map<string, { readonly readAt: Instant; readonly ring: Promise<Ring> }>();
  const opened = new Map<string, { readonly signer: Signer; readonly sealed: string }>();

  const open = (key: SigningKey, issuer: string): Signer => {
    const known = opened.get(key.tenantId);
    if (known?.signer.kid === key.kid && known.sealed === key.sealed) return known.signer;
    const { kid, alg, sealed } = key;
    const header = Buffer.from(JSON.stringify({ typ: 'trust+jwt', alg, kid })).toString('base64url');
    const privateKey = deps.sealer.open(sealed, sealContext(issuer, key));
    const signer = { kid, alg, header, privateKey, issuer };
    opened.set(key.tenantId, { signer, sealed });
    return signer;
  };

  const read = async (tenantId: string): Promise<Ring> => {
    const keys = await deps.signingKeys.list(tenantId);
    const active = keys.find((key) => key.state === 'active');
    const publicKeys = keys.filter(isPublished).map(publicKeyOf);
    const published = { publicKeys, jwks: `{"keys":[${publicKeys.map(({ jwk }) => jwk).join(',')}]}` };
    try {
      return { ...published, signer: active && open(active, await deps.originOf(tenantId)), cause: undefined };
    } catch (cause) {
      return { ...published, signer: undefined, cause };
    }
  };

  /** The age counts from before the read; calls of one moment share it; an error or an unknown tenant is not kept. */
  const current = (tenantId: string): Promise<Ring> => {
    const now = deps.clock();
    const held = rings.get(tenantId);
    if (held !== undefined && now >= held.readAt && now < held.readAt + KEYRING_BOUND) return held.ring;
    const entry = { readAt: now, ring: read(tenantId) };
    rings.set(tenantId, entry);
    const drop = () => {
      if (rings.get(tenantId) === entry) rings.delete(tenantId);
    };
    entry.ring.then((ring) => ring.publicKeys.length === 0 && drop(), drop);
    return entry.ring;
  };

  return {
    async signer(tenantId) {
      const { signer, cause } = await current(tenantId);
      if (signer === undefined) throw new TrustError('SIGNING_KEY_UNAVAILABLE', { cause });
      return signer;
    },
    publicKeys: async (tenantId) => (await current(tenantId)).publicKeys,
    jwks: async (tenantId) => (await current(tenantId)).jwks,
    forget(tenantId) {
      rings.delete(tenantId);
    },
  };
}

function publicKeyOf({ kid, alg, publicJwk }: SigningKey): PublicKey {
  return { kid, alg, jwk: publicJwk, key: createPublicKey({ key: JSON.parse(publicJwk), format: 'jwk' }) };
}
