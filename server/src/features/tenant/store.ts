import type { Trail } from '../change/change.ts';
import type { Tenant } from './tenant.ts';

export type TenantStore = {
  read(id: string): Promise<Tenant | undefined>;
  /** Writes the tenant if there is none of its id; returns the stored one. */
  insertIfAbsent(tenant: Tenant): Promise<Tenant>;
  /** Writes `after` if the stored version is still that of `before`. */
  replace(before: Tenant, after: Tenant, trail: Trail): Promise<boolean>;
};
