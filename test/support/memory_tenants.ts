import type { Trail } from '../../server/src/features/change/change.ts';
import type { TenantStore } from '../../server/src/features/tenant/store.ts';
import type { Tenant } from '../../server/src/features/tenant/tenant.ts';

/** The port of tenants over a plain map. */
export function memoryTenants(
  append: (trail: Trail) => void,
  retireKeys: (tenantId: string, at: number) => readonly string[],
): TenantStore {
  const tenants = new Map<string, Tenant>();
  const at = (host: string) =>
    [...tenants.values()].find(({ publicUrl }) => publicUrl !== '' && new URL(publicUrl).host === host);
  return {
    async read(id) {
      return tenants.get(id);
    },
    async readByHost(host) {
      return at(host);
    },
    async list(limit, after) {
      const rows = [...tenants.values()].filter(({ id }) => id > after);
      return rows.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit);
    },
    async insert(tenant, trail) {
      if (tenants.has(tenant.id)) return 'exists';
      if (tenant.publicUrl !== '' && at(new URL(tenant.publicUrl).host)) return 'host_taken';
      tenants.set(tenant.id, tenant);
      append(trail);
      return 'ok';
    },
    async insertIfAbsent(tenant) {
      const stored = tenants.get(tenant.id) ?? tenant;
      tenants.set(tenant.id, stored);
      return stored;
    },
    async suspend(before, after, at, trail) {
      if (tenants.get(before.id)?.version !== before.version) return false;
      tenants.set(before.id, after);
      append(trail(retireKeys(after.id, at)));
      return true;
    },
    async replace(before, after, trail) {
      if (tenants.get(before.id)?.version !== before.version) return false;
      tenants.set(before.id, after);
      append(trail);
      return true;
    },
  };
}
