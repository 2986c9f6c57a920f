import { TrustError } from '../../errors/trust_error.ts';
import { type Clock, type Instant, SECOND, type Span } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Random } from '../../kernel/random.ts';
import { digestOf, newServiceKey } from '../../kernel/secret.ts';
import { type AuditAction, auditEvent } from '../audit/audit.ts';
import type { Trail } from '../change/change.ts';
import { isLive, MAX_LIVE_KEYS, type ServiceKey } from './service_key.ts';
import type { ServiceKeyStore } from './store.ts';

export type KeyDeps = {
  readonly serviceKeys: Pick<ServiceKeyStore, 'insert' | 'read' | 'rotate' | 'revoke'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
  readonly forgetCallers: () => void;
};

/** The secret is returned here once and kept nowhere. */
export type CreatedKey = { readonly secret: string; readonly key: ServiceKey };

type Who = { readonly tenantId: string; readonly actor: string };

function made(deps: KeyDeps, tenantId: string, service: string, lifetime: Span | undefined): CreatedKey {
  const { id, key: secret } = newServiceKey(deps.random);
  const createdAt = deps.clock();
  const expiresAt = lifetime === undefined ? undefined : createdAt + lifetime;
  const digest = digestOf('service_key', secret);
  return { secret, key: { tenantId, id, service, digest, createdAt, expiresAt, revokedAt: undefined } };
}

function trailOf(deps: KeyDeps, { tenantId, actor }: Who, action: AuditAction, key: ServiceKey, at: Instant): Trail {
  const { id: subject, service } = key;
  return {
    changes: [{ tenantId, kind: 'service', service }],
    events: [auditEvent({ tenantId, name: actor }, at, deps.newId, action, { subject, facts: { service } })],
  };
}

/** Makes a key of a service. Errors: SERVICE_NOT_FOUND, SERVICE_KEY_LIMIT. */
export async function createServiceKey(
  deps: KeyDeps,
  { service, lifetime, ...who }: Who & { readonly service: string; readonly lifetime?: Span | undefined },
): Promise<CreatedKey> {
  const created = made(deps, who.tenantId, service, lifetime);
  const { key } = created;
  const trail = trailOf(deps, who, 'service_key.created', key, key.createdAt);
  const answer = await deps.serviceKeys.insert(key, key.createdAt, MAX_LIVE_KEYS, trail);
  if (answer === 'no_service') throw new TrustError('SERVICE_NOT_FOUND');
  if (answer === 'limit') throw new TrustError('SERVICE_KEY_LIMIT');
  return created;
}

/** Makes the next key and lets the named one live on for `overlap`. Errors: SERVICE_KEY_NOT_FOUND, SERVICE_KEY_LIMIT, CONCURRENT_CHANGE. */
export async function rotateServiceKey(
  deps: KeyDeps,
  {
    keyId,
    overlap,
    lifetime,
    ...who
  }: Who & { readonly keyId: string; readonly overlap: Span; readonly lifetime?: Span | undefined },
): Promise<CreatedKey> {
  const previous = await deps.serviceKeys.read(who.tenantId, keyId);
  if (previous === undefined || !isLive(previous, deps.clock())) throw new TrustError('SERVICE_KEY_NOT_FOUND');
  const created = made(deps, who.tenantId, previous.service, lifetime);
  const now = created.key.createdAt;
  // The old key never lives longer than it would have.
  const endsAt = Math.min(now + overlap, previous.expiresAt ?? Number.POSITIVE_INFINITY);
  const trail = trailOf(deps, who, 'service_key.rotated', previous, now);
  const answer = await deps.serviceKeys.rotate(previous, created.key, endsAt, now, MAX_LIVE_KEYS, trail);
  if (answer === 'limit') throw new TrustError('SERVICE_KEY_LIMIT');
  if (answer === 'changed') throw new TrustError('CONCURRENT_CHANGE');
  deps.forgetCallers();
  return created;
}

/** Ends a key at once; one that is revoked already stays so. Errors: SERVICE_KEY_NOT_FOUND. */
export async function revokeServiceKey(
  deps: KeyDeps,
  { keyId, ...who }: Who & { readonly keyId: string },
): Promise<ServiceKey> {
  const key = await deps.serviceKeys.read(who.tenantId, keyId);
  if (key === undefined) throw new TrustError('SERVICE_KEY_NOT_FOUND');
  const now = deps.clock();
  await deps.serviceKeys.revoke(who.tenantId, keyId, now, trailOf(deps, who, 'service_key.revoked', key, now));
  deps.forgetCallers();
  const stored = await deps.serviceKeys.read(who.tenantId, keyId);
  if (stored === undefined) throw new TrustError('SERVICE_KEY_NOT_FOUND');
  return stored;
}

/** Seconds of the contract as a span; 0 means none. */
export const lifetimeOf = (seconds: number): Span | undefined => (seconds === 0 ? undefined : seconds * SECOND);
