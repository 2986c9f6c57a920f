import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Keyring } from './keyring.ts';
import type { NewSigningKey } from './keys.ts';
import { activated, applyStep, retiring, type SigningAlgorithm, type SigningKey } from './signing_key.ts';
import type { SigningKeyStore } from './store.ts';

/** Errors: SIGNING_KEY_STATE (a key is already pending), CONCURRENT_CHANGE. */
export type RotateSigningKey = (input: {
  readonly tenantId: string;
  /** Name of the actor in the audit trail. */
  readonly actor: string;
  /** Undefined means that of the present key. */
  readonly alg: SigningAlgorithm | undefined;
  /** Sign with it at once, without the propagation time. */
  readonly immediate: boolean;
}) => Promise<SigningKey>;

/** Makes a new key: pending, for the schedule to activate, or active at once with the present one retiring. */
export function rotateSigningKey(deps: {
  readonly signingKeys: SigningKeyStore;
  readonly newSigningKey: NewSigningKey;
  readonly keyring: Pick<Keyring, 'forget'>;
  readonly clock: Clock;
  readonly newId: NewId;
}): RotateSigningKey {
  return async ({ tenantId, actor, alg, immediate }) => {
    const keys = await deps.signingKeys.list(tenantId);
    if (keys.some((key) => key.state === 'pending')) {
      throw new TrustError('SIGNING_KEY_STATE', { metadata: { state: 'pending' } });
    }
    const make = await deps.newSigningKey(tenantId);
    const now = deps.clock();
    const active = keys.find((key) => key.state === 'active');
    const made = make(alg ?? active?.alg ?? 'EdDSA', now);
    const key = immediate ? activated(made, now) : made;
    const updates = immediate && active !== undefined ? [{ before: active, after: retiring(active, now) }] : [];
    const written = await applyStep(deps, { tenantId, name: actor }, keys, now, { inserts: [key], updates });
    if (!written) throw new TrustError('CONCURRENT_CHANGE');
    return key;
  };
}
