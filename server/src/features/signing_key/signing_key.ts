import { type Instant, MINUTE, type Span } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { type Actor, type AuditAction, auditEvent } from '../audit/audit.ts';
import type { Trail } from '../change/change.ts';
import type { SigningKeyStore } from './store.ts';

export type SigningAlgorithm = 'EdDSA' | 'ES256';
export type SigningKeyState = 'pending' | 'active' | 'retiring' | 'retired';

/** A signing key as the store keeps it. `sealed` is the private half, encrypted (spec TOK-41). */
export type SigningKey = {
  readonly tenantId: string;
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly state: SigningKeyState;
  /** The public half: a JSON Web Key as JSON text, with `kid`, `alg` and `use`. */
  readonly publicJwk: string;
  /** Empty once the key is retired. */
  readonly sealed: string;
  readonly createdAt: Instant;
  readonly activatedAt: Instant | undefined;
  readonly retiringAt: Instant | undefined;
  readonly retiredAt: Instant | undefined;
};

/** How long a pending key is published before it signs, so that every verifier has read it (JWKS are kept 60 s). */
export const PROPAGATION: Span = 2 * MINUTE;

/** How long a retiring key stays published: the longest token (300 s), the JWKS' caching time and leeway (spec TOK-40). */
export const RETIREMENT: Span = 10 * MINUTE;

/** How long verifiers may keep the published keys (spec TOK-27). */
export const JWKS_CACHING: Span = MINUTE;

/** Whether verifiers must know the key. */
export function isPublished(key: SigningKey): boolean {
  return key.state !== 'retired';
}

export function activated(key: SigningKey, now: Instant): SigningKey {
  return { ...key, state: 'active', activatedAt: now };
}

export function retiring(key: SigningKey, now: Instant): SigningKey {
  return { ...key, state: 'retiring', retiringAt: now };
}

/** A retired key loses its private half; one that has signed stops at the latest now. */
export function retired(key: SigningKey, now: Instant): SigningKey {
  const retiringAt = key.activatedAt === undefined ? undefined : (key.retiringAt ?? now);
  return { ...key, state: 'retired', sealed: '', retiringAt, retiredAt: now };
}

/** One step of a tenant's keys. */
export type KeyStep = {
  readonly inserts: readonly SigningKey[];
  readonly updates: readonly { readonly before: SigningKey; readonly after: SigningKey }[];
};

/** What a key makes known when it comes or changes: a change row, and an event for each state that it passed into. */
function stepTrail(by: Actor, now: Instant, newId: NewId, { inserts, updates }: KeyStep): Trail {
  const event = (action: AuditAction, key: SigningKey) =>
    auditEvent(by, now, newId, action, { subject: key.kid, facts: { alg: key.alg } });
  const created = inserts.flatMap((key) => [
    event('signing_key.created', key),
    ...(key.state === 'active' ? [event('signing_key.activated', key)] : []),
  ]);
  const changed = updates.map(({ after }) => event(`signing_key.${REACHED[after.state]}`, after));
  return {
    changes: [...inserts, ...updates.map(({ after }) => after)].map(({ tenantId, kid, state }) => ({
      tenantId,
      kind: 'signing_key',
      kid,
      retired: state === 'retired',
    })),
    events: [...created, ...changed],
  };
}

const REACHED = { pending: 'created', active: 'activated', retiring: 'retiring', retired: 'retired' } as const;

/** What writes a step of the keys. */
export type StepDeps = {
  readonly signingKeys: Pick<SigningKeyStore, 'apply'>;
  readonly keyring: { forget(tenantId: string): void };
  readonly newId: NewId;
};

/** Writes a step over the keys that it was decided on, with its trail. False, and nothing written, if they are others by now. */
export async function applyStep(
  deps: StepDeps,
  by: Actor,
  keys: readonly SigningKey[],
  now: Instant,
  step: KeyStep,
): Promise<boolean> {
  const known = keys.map(({ kid }) => kid);
  const trail = stepTrail(by, now, deps.newId, step);
  const written = await deps.signingKeys.apply(by.tenantId, known, step.inserts, step.updates, trail);
  // Written or not, the keys are others than this node has kept.
  deps.keyring.forget(by.tenantId);
  return written;
}
