import type { Trail } from '../change/change.ts';
import type { Identity } from '../identity/identity.ts';

/** Passwords of identities as PHC strings. */
export type PasswordStore = {
  read(tenantId: string, identityId: string): Promise<string | undefined>;
  /** Sets the password and writes `after` (epoch raised) in one step if the stored version is still that of `before`. */
  set(before: Identity, after: Identity, hash: string, trail: Trail): Promise<boolean>;
  /** Replaces a hash by a stronger one of the same password, if it is still the stored one. */
  rehash(tenantId: string, identityId: string, from: string, to: string): Promise<void>;
};
