import { TrustError } from '../../errors/trust_error.ts';
import type { Clock, Instant, Span } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { OriginOf } from '../tenant/origins.ts';
import type { Keyring } from './keyring.ts';
import { type KeySealer, type NewSigningKey, sealContext } from './keys.ts';
import {
  activated,
  applyStep,
  type KeyStep,
  PROPAGATION,
  RETIREMENT,
  retired,
  retiring,
  type SigningAlgorithm,
  type SigningKey,
} from './signing_key.ts';
import type { SigningKeyStore } from './store.ts';

type Deps = {
  readonly signingKeys: SigningKeyStore;
  readonly newSigningKey: NewSigningKey;
  readonly keyring: Pick<Keyring, 'forget'>;
  readonly clock: Clock;
  readonly newId: NewId;
  /** How old an active key gets before the next one is made. */
  readonly rotationPeriod: Span;
  /** Algorithm of a tenant's first key. */
  readonly alg: SigningAlgorithm;
};

/** Does what the schedule asks for by now; called at start and every minute. True if this node did something. */
export type AdvanceSigningKeys = (tenantId: string) => Promise<boolean>;

/** Any number of nodes may call it: the store lets one of them take each step, and the others find it taken. */
export function advanceSigningKeys(deps: Deps): AdvanceSigningKeys {
  return async (tenantId) => {
    const keys = await deps.signingKeys.list(tenantId);
    const newKey = await deps.newSigningKey(tenantId);
    const now = deps.clock();
    const make = (alg: SigningAlgorithm) => newKey(alg, now);
    const step = dueStep(keys, now, { rotationPeriod: deps.rotationPeriod, alg: deps.alg, make });
    if (step.inserts.length + step.updates.length === 0) return false;
    return applyStep(deps, { tenantId, name: 'system' }, keys, now, step);
  };
}

/** Does it for every tenant that is not suspended; one that fails keeps no other from it. */
export function advanceAllSigningKeys(deps: {
  readonly advance: AdvanceSigningKeys;
  readonly tenants: () => AsyncIterable<{ readonly id: string; readonly suspendedAt?: Instant | undefined }>;
}): () => Promise<void> {
  return async () => {
    const failures: unknown[] = [];
    for await (const { id, suspendedAt } of deps.tenants()) {
      if (suspendedAt !== undefined) continue;
      await deps.advance(id).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  };
}

/** What is due at an instant (spec TOK-40): the first key signs at once, a pending one after the propagation time, a retiring one goes at its end. */
export function dueStep(
  keys: readonly SigningKey[],
  now: Instant,
  plan: {
    readonly rotationPeriod: Span;
    readonly alg: SigningAlgorithm;
    readonly make: (alg: SigningAlgorithm) => SigningKey;
  },
): KeyStep {
  const active = keys.find((key) => key.state === 'active');
  const pending = keys.findLast((key) => key.state === 'pending');
  const retirements = keys
    .filter((key) => key.state === 'retiring' && now >= (key.retiringAt ?? key.createdAt) + RETIREMENT)
    .map((before) => ({ before, after: retired(before, now) }));
  if (active === undefined && pending === undefined) {
    return { inserts: [activated(plan.make(keys[0]?.alg ?? plan.alg), now)], updates: retirements };
  }
  if (pending !== undefined && (active === undefined || now >= pending.createdAt + PROPAGATION)) {
    const promotion = { before: pending, after: activated(pending, now) };
    const relief = active === undefined ? [] : [{ before: active, after: retiring(active, now) }];
    return { inserts: [], updates: [...relief, promotion, ...retirements] };
  }
  const old = active !== undefined && now >= (active.activatedAt ?? active.createdAt) + plan.rotationPeriod;
  return { inserts: old && pending === undefined ? [plan.make(active.alg)] : [], updates: retirements };
}

/**
 * Sees at start that this server can open the tenant's keys and that one of them signs; makes the first. Fails if not, before anything
 * is written: a server with another master key must not start (spec TOK-41), nor leave keys behind that the others cannot open.
 */
export function ensureSigningKey(deps: {
  readonly signingKeys: Pick<SigningKeyStore, 'list'>;
  readonly sealer: KeySealer;
  readonly originOf: OriginOf;
  readonly advance: AdvanceSigningKeys;
  readonly keyring: Pick<Keyring, 'signer' | 'forget'>;
}): (tenantId: string) => Promise<void> {
  return async (tenantId) => {
    const issuer = await deps.originOf(tenantId);
    for (const key of await deps.signingKeys.list(tenantId)) {
      if (key.sealed === '') continue;
      try {
        deps.sealer.open(key.sealed, sealContext(issuer, key));
      } catch (cause) {
        const told = `signing key ${key.kid} cannot be opened: the master key or the issuer is not the one it was sealed under`;
        throw new TrustError('SIGNING_KEY_UNAVAILABLE', { cause: new Error(told, { cause }) });
      }
    }
    await deps.advance(tenantId);
    deps.keyring.forget(tenantId);
    await deps.keyring.signer(tenantId);
  };
}
