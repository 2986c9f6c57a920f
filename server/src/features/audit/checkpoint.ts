import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from 'node:crypto';
import type { Instant } from '../../kernel/clock.ts';
import type { Place } from './chain.ts';

/** A signed statement about a tenant's chain: a `seal` says where it had come to, a `cut` up to where it was deleted for its age. */
export type CheckpointKind = 'seal' | 'cut';

/** As it is kept. */
export type Checkpoint = {
  readonly tenantId: string;
  readonly kind: CheckpointKind;
  readonly seq: number;
  /** The statement as a JWS in compact form (spec AUD-6). */
  readonly token: string;
};

/** What a checkpoint states. */
export type Statement = Place & {
  readonly tenantId: string;
  readonly kind: CheckpointKind;
  /** When it was signed. */
  readonly at: Instant;
  /** The place of the checkpoint before it, so that none of them goes unseen; 0 before the first. */
  readonly since: number;
};

/** The public half of an audit key: a JSON Web Key. */
export type AuditJwk = { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };

export type AuditSigner = {
  readonly jwk: AuditJwk & { readonly kid: string; readonly alg: 'EdDSA'; readonly use: 'sig' };
  sign(statement: Statement): Checkpoint;
};

/** What a checkpoint states if one of the keys signed it, and it is kept in the place that it speaks of. */
export type ReadCheckpoint = (checkpoint: Checkpoint) => Statement | undefined;

const PURPOSE = 'trust-layer:audit-key:v1';
// An Ed25519 private key in PKCS #8 is these bytes and its seed (RFC 8410).
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The audit key of everyone who has the master key. It is derived and kept nowhere, so that who can write to the database, the keys in it
 * included, cannot sign a checkpoint.
 */
export function auditSigner(masterKey: Uint8Array): AuditSigner {
  const seed = Buffer.from(hkdfSync('sha256', masterKey, '', PURPOSE, 32));
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const jwk: AuditJwk = { kty: 'OKP', crv: 'Ed25519', x };
  const header = headerOf(jwk);
  return {
    jwk: { ...jwk, kid: thumbprint(jwk), alg: 'EdDSA', use: 'sig' },
    sign({ tenantId, kind, seq, hash, at, since }) {
      const input = `${header}.${encoded({ kind, tid: tenantId, seq, hash, at, since })}`;
      const token = `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
      return { tenantId, kind, seq, token };
    },
  };
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** RFC 7638. */
const thumbprint = ({ kty, crv, x }: AuditJwk) =>
  createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');

const headerOf = (jwk: AuditJwk) => encoded({ typ: 'trust-audit+jws', alg: 'EdDSA', kid: thumbprint(jwk) });

/** Reads checkpoints that one of the keys signed. The header must be, byte for byte, the one that this key writes: nothing in it is interpreted. */
export function checkpointReader(keys: readonly AuditJwk[]): ReadCheckpoint {
  const known = new Map<string, KeyObject>(
    keys.map(({ kty, crv, x }) => [
      headerOf({ kty, crv, x }),
      createPublicKey({ key: { kty, crv, x }, format: 'jwk' }),
    ]),
  );
  return (checkpoint) => {
    const [header = '', payload = '', signature = '', ...more] = checkpoint.token.split('.');
    const key = known.get(header);
    const bytes = Buffer.from(signature, 'base64url');
    if (key === undefined || more.length > 0 || bytes.toString('base64url') !== signature) return undefined;
    if (!verify(null, Buffer.from(`${header}.${payload}`), key, bytes)) return undefined;
    return statementOf(checkpoint);
  };
}

/** What a checkpoint states, whoever signed it; undefined if that is not what it is kept as. */
export function statementOf({ tenantId, kind, seq, token }: Checkpoint): Statement | undefined {
  const statement = claimsOf(token);
  const same = statement?.tenantId === tenantId && statement.kind === kind && statement.seq === seq;
  return same ? statement : undefined;
}

/** What is in a token; nothing of it is checked but its form. */
export function claimsOf(token: string): Statement | undefined {
  try {
    const { kind, tid, seq, hash, at, since } = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
    );
    if ((kind !== 'seal' && kind !== 'cut') || typeof tid !== 'string' || typeof hash !== 'string') return undefined;
    if (![seq, at, since].every(Number.isSafeInteger)) return undefined;
    return { kind, tenantId: tid, seq, hash, at, since };
  } catch {
    return undefined;
  }
}
