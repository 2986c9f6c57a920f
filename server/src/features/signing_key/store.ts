import type { Trail } from '../change/change.ts';
import type { SigningKey } from './signing_key.ts';

export type SigningKeyStore = {
  /** All keys of the tenant, newest first by creation then kid. */
  list(tenantId: string): Promise<readonly SigningKey[]>;
  /** Inserts `inserts` and writes `updates` in one step if every updated key is still in the state of `before`, and no other key of the tenant
   *  has come since `known` (kids). False, and nothing written, if not: two nodes never both make a first or an active key. */
  apply(
    tenantId: string,
    known: readonly string[],
    inserts: readonly SigningKey[],
    updates: readonly { readonly before: SigningKey; readonly after: SigningKey }[],
    trail: Trail,
  ): Promise<boolean>;
};
