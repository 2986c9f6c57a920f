import type { Instant } from '../../kernel/clock.ts';
import type { Trail } from '../change/change.ts';
import type { Tenant } from './tenant.ts';

export type TenantStore = {
  read(id: string): Promise<Tenant | undefined>;
  /** The tenant whose public URL has this host (`name` or `name:port`, in lower case). */
  readByHost(host: string): Promise<Tenant | undefined>;
  /** By id rising; at most `limit` after the id `after`. */
  list(limit: number, after: string): Promise<readonly Tenant[]>;
  /** `exists` if there is one of its id, `host_taken` if another has the host of its public URL; of two at once one is written. */
  insert(tenant: Tenant, trail: Trail): Promise<'ok' | 'exists' | 'host_taken'>;
  /** Writes the tenant if there is none of its id; returns the stored one. */
  insertIfAbsent(tenant: Tenant): Promise<Tenant>;
  /** Writes `after` if the stored version is still that of `before`. */
  replace(before: Tenant, after: Tenant, trail: Trail): Promise<boolean>;
  /** The same, and retires every signing key of the tenant in that step; `trail` is told the kids of those that were not retired yet. */
  suspend(before: Tenant, after: Tenant, at: Instant, trail: (kids: readonly string[]) => Trail): Promise<boolean>;
};
