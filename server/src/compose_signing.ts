import type { Parts } from './compose.ts';
import {
  advanceAllSigningKeys,
  advanceSigningKeys,
  ensureSigningKey,
} from './features/signing_key/advance_signing_keys.ts';
import { keyring } from './features/signing_key/keyring.ts';
import { keySealer, newSigningKey } from './features/signing_key/keys.ts';
import { resetSigningKeys, retireSigningKey } from './features/signing_key/retire_signing_key.ts';
import { rotateSigningKey } from './features/signing_key/rotate_signing_key.ts';
import { signingKeyRpc } from './features/signing_key/rpc.ts';
import type { OriginOf } from './features/tenant/origins.ts';
import { allTenants } from './features/tenant/read_settings.ts';
import { DAY } from './kernel/clock.ts';
import type { NewId } from './kernel/ids.ts';

/** Wires the signing keys of the tenants. */
export function composeSigning(
  parts: Pick<Parts, 'masterKey' | 'clock' | 'random' | 'config'> & {
    readonly store: Pick<Parts['store'], 'signingKeys' | 'tenants'>;
    readonly newId: NewId;
    readonly originOf: OriginOf;
  },
) {
  const { config } = parts;
  const { signingKeys } = parts.store;
  const sealer = keySealer(parts);
  const ring = keyring({ ...parts, signingKeys, sealer });
  const deps = {
    ...parts,
    signingKeys,
    sealer,
    keyring: ring,
    newSigningKey: newSigningKey({ ...parts, sealer }),
    alg: config.signingAlg,
    rotationPeriod: config.signingRotationDays === 0 ? Number.POSITIVE_INFINITY : config.signingRotationDays * DAY,
  };
  // Keys that are there sign on; a read-only node takes no step of their schedule.
  const advance = config.readOnly === true ? async () => false : advanceSigningKeys(deps);
  const rotate = rotateSigningKey(deps);
  return {
    keyring: ring,
    advanceAll: advanceAllSigningKeys({ advance, tenants: () => allTenants(parts.store.tenants) }),
    rotate,
    reset: resetSigningKeys(deps),
    ensure: ensureSigningKey({ ...deps, advance }),
    handlers: {
      SigningKeyService: signingKeyRpc({
        listSigningKeys: signingKeys.list,
        rotateSigningKey: rotate,
        retireSigningKey: retireSigningKey(deps),
      }),
    },
  };
}
