import type { Instant } from '../../kernel/clock.ts';
import type { Trail } from '../change/change.ts';
import type { Passkey, SpentChallenge } from './passkey.ts';

export type PasskeyStore = {
  /** Oldest first. */
  list(tenantId: string, identityId: string): Promise<readonly Passkey[]>;
  read(tenantId: string, credentialId: string): Promise<Passkey | undefined>;
  /** Writes it, and the recovery codes if given. Nothing is written where the credential is known or the identity has `most`. */
  insert(
    passkey: Passkey,
    recoveryCodes: readonly string[] | undefined,
    most: number,
    trail: Trail,
  ): Promise<'ok' | 'taken' | 'too_many'>;
  /** Notes a use: false where the stored counter is not below the new one (both 0 excepted), for it may be a copy. */
  use(passkey: Passkey, counter: number, now: Instant, trail: Trail): Promise<boolean>;
  /** Spends a challenge: true for exactly one caller. */
  spendChallenge(challenge: SpentChallenge): Promise<boolean>;
};
