import type { Page, PageQuery } from '../../kernel/page.ts';
import type { Trail } from '../change/change.ts';
import type { DueDeletions } from '../personal_data/store.ts';
import type { IdentifierType, Identity } from './identity.ts';

/** Every write appends its trail in the same transaction; a write that answers anything but `ok` leaves nothing behind. */
export type IdentityStore = {
  /** `identifier_taken` if another identity of the tenant has one of the identifiers. `passwordHash` gives it a password in the same step. */
  insert(identity: Identity, trail: Trail, passwordHash?: string): Promise<'ok' | 'identifier_taken'>;
  read(tenantId: string, id: string): Promise<Identity | undefined>;
  /** `value` is canonical. */
  readByIdentifier(tenantId: string, type: IdentifierType, value: string): Promise<Identity | undefined>;
  /** Writes `after`, its identifiers included, and the password if given, if the stored version is still that of `before`. */
  replace(
    before: Identity,
    after: Identity,
    trail: Trail,
    passwordHash?: string,
  ): Promise<'ok' | 'changed' | 'identifier_taken'>;
  /** Removes the identity, its identifiers, credentials and sessions if the stored version is still that of `before`. */
  remove(before: Identity, trail: Trail): Promise<boolean>;
  /** Those of any tenant whose deletion is due; at most `limit`, the longest due first. */
  due: DueDeletions;
  /** Newest first, by creation then id. */
  list(tenantId: string, query: PageQuery): Promise<Page<Identity>>;
};
