import { advanceSigningKeys, ensureSigningKey } from '../../server/src/features/signing_key/advance_signing_keys.ts';
import { keyring } from '../../server/src/features/signing_key/keyring.ts';
import { keySealer, newSigningKey } from '../../server/src/features/signing_key/keys.ts';
import { resetSigningKeys, retireSigningKey } from '../../server/src/features/signing_key/retire_signing_key.ts';
import { rotateSigningKey } from '../../server/src/features/signing_key/rotate_signing_key.ts';
import type { SigningAlgorithm, SigningKeyState } from '../../server/src/features/signing_key/signing_key.ts';
import { DAY } from '../../server/src/kernel/clock.ts';
import { testWorld } from './world.ts';

export const ISSUER = 'https://trust.example';
export const ROTATION_PERIOD = 30 * DAY;
export const MASTER_KEY = Buffer.alloc(32, 7);

/** A world whose signing keys are served by one node, and further nodes on the same stores. */
export function signingWorld(alg: SigningAlgorithm = 'EdDSA') {
  const world = testWorld();
  const node = (options: { masterKey?: Uint8Array; issuer?: string } = {}) => {
    const { masterKey = MASTER_KEY, issuer = ISSUER } = options;
    const sealer = keySealer({ masterKey, random: world.random });
    const common = { ...world, sealer, originOf: async () => issuer, alg, rotationPeriod: ROTATION_PERIOD };
    const ring = keyring(common);
    const deps = { ...common, keyring: ring, newSigningKey: newSigningKey(common) };
    const advance = advanceSigningKeys(deps);
    return {
      ...deps,
      advance: () => advance('default'),
      ensure: () => ensureSigningKey({ ...deps, advance })('default'),
      rotate: rotateSigningKey(deps),
      retire: retireSigningKey(deps),
      reset: resetSigningKeys(deps),
    };
  };
  /** State of each key, newest first. */
  const states = async (): Promise<SigningKeyState[]> =>
    (await world.signingKeys.list('default')).map(({ state }) => state);
  return { ...world, ...node(), node, states };
}
