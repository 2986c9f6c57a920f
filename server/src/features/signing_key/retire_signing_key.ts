import { TrustError } from '../../errors/trust_error.ts';
import type { Clock, Instant } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Keyring } from './keyring.ts';
import type { MakeSigningKey, NewSigningKey } from './keys.ts';
import { activated, applyStep, type KeyStep, retired, type SigningAlgorithm, type SigningKey } from './signing_key.ts';
import type { SigningKeyStore } from './store.ts';

/** Errors: SIGNING_KEY_NOT_FOUND, CONCURRENT_CHANGE. */
export type RetireSigningKey = (input: {
  readonly tenantId: string;
  /** Name of the actor in the audit trail. */
  readonly actor: string;
  readonly kid: string;
}) => Promise<SigningKey>;

type Deps = {
  readonly signingKeys: SigningKeyStore;
  readonly newSigningKey: NewSigningKey;
  readonly keyring: Pick<Keyring, 'forget'>;
  readonly clock: Clock;
  readonly newId: NewId;
};

/** Refuses a key from now on, for one that leaked; retiring a retired key succeeds. The active one is replaced in the same step. */
export function retireSigningKey(deps: Deps): RetireSigningKey {
  const successor = (keys: readonly SigningKey[], leaving: SigningKey, now: Instant, make: MakeSigningKey): KeyStep => {
    if (leaving.state !== 'active') return { inserts: [], updates: [] };
    const pending = keys.findLast((key) => key.state === 'pending');
    if (pending !== undefined) return { inserts: [], updates: [{ before: pending, after: activated(pending, now) }] };
    return { inserts: [activated(make(leaving.alg, now), now)], updates: [] };
  };

  return async ({ tenantId, actor, kid }) => {
    const keys = await deps.signingKeys.list(tenantId);
    const before = keys.find((key) => key.kid === kid);
    if (before === undefined) throw new TrustError('SIGNING_KEY_NOT_FOUND');
    if (before.state === 'retired') return before;
    const make = await deps.newSigningKey(tenantId);
    const now = deps.clock();
    const after = retired(before, now);
    const { inserts, updates } = successor(keys, before, now, make);
    await write(deps, { tenantId, name: actor }, keys, now, { inserts, updates: [{ before, after }, ...updates] });
    return after;
  };
}

/** The new active key. Errors: CONCURRENT_CHANGE. */
export type ResetSigningKeys = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly alg: SigningAlgorithm;
}) => Promise<SigningKey>;

/** Retires every key and makes a new one: for a lost master key or another issuer, under which the old ones cannot be opened. */
export function resetSigningKeys(deps: Deps): ResetSigningKeys {
  return async ({ tenantId, actor, alg }) => {
    const keys = await deps.signingKeys.list(tenantId);
    const make = await deps.newSigningKey(tenantId);
    const now = deps.clock();
    const made = activated(make(alg, now), now);
    const leaving = keys.filter((key) => key.state !== 'retired');
    const updates = leaving.map((before) => ({ before, after: retired(before, now) }));
    await write(deps, { tenantId, name: actor }, keys, now, { inserts: [made], updates });
    return made;
  };
}

async function write(...args: Parameters<typeof applyStep>): Promise<void> {
  if (!(await applyStep(...args))) throw new TrustError('CONCURRENT_CHANGE');
}
