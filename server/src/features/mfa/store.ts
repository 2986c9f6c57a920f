import type { Instant } from '../../kernel/clock.ts';
import type { Trail } from '../change/change.ts';
import type { Factors } from './assurance.ts';

/** The authenticator app of an identity. */
export type Totp = {
  readonly tenantId: string;
  readonly identityId: string;
  readonly id: string;
  readonly label: string;
  /** The secret, sealed for tenant and identity. */
  readonly sealed: string;
  /** The latest time-step that was used; codes of it and of earlier ones are refused. */
  readonly lastStep: number;
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant | undefined;
};

export type RememberedDevice = {
  readonly tenantId: string;
  readonly digest: string;
  readonly identityId: string;
  /** Epoch of the identity: "sign out everywhere" and a new password forget the device. */
  readonly epoch: number;
  readonly expiresAt: Instant;
};

/** Every write appends its trail in the same transaction. */
export type MfaStore = {
  /** What the identity has. */
  factors(tenantId: string, identityId: string): Promise<Factors>;
  readTotp(tenantId: string, identityId: string): Promise<Totp | undefined>;
  /** Sets or replaces the authenticator app, and the recovery codes if given. */
  setTotp(totp: Totp, recoveryCodes: readonly string[] | undefined, trail: Trail): Promise<void>;
  /** Uses a time-step: true for exactly one caller, and false for it and all earlier ones from then on. */
  useStep(totp: Totp, step: number, now: Instant, trail: Trail): Promise<boolean>;
  /** Replaces all recovery codes by those with these digests. */
  setRecoveryCodes(tenantId: string, identityId: string, digests: readonly string[], trail: Trail): Promise<void>;
  /** Spends a recovery code: how many are left, for exactly one caller; undefined for all others. */
  spendRecoveryCode(tenantId: string, identityId: string, digest: string, trail: Trail): Promise<number | undefined>;
  remember(device: RememberedDevice, trail: Trail): Promise<void>;
  readDevice(tenantId: string, digest: string): Promise<RememberedDevice | undefined>;
  /** Writes nothing but the trail, which forgets them. */
  forgetDevices(trail: Trail): Promise<void>;
  /** Removes authenticator app or passkey; false if there is none of this id. With the last one go recovery codes and devices. */
  removeFactor(tenantId: string, identityId: string, factorId: string, trail: Trail): Promise<boolean>;
};
