import type { TenantStore } from '../features/tenant/store.ts';
import { DEFAULT_SETTINGS, type Tenant, type TenantSettings } from '../features/tenant/tenant.ts';
import { type Database, lock } from './database.ts';
import { TenantEntity, type TenantRow } from './entities/tenant.ts';
import { toJson } from './json.ts';
import type { AppendTrail } from './trail.ts';

const PLAIN = { disableIdentityMap: true } as const;

const columnsOf = (tenant: Tenant) => ({ ...tenant, settings: toJson(tenant.settings) });

function tenantFrom({ id, settings, version, createdAt, updatedAt }: TenantRow): Tenant {
  // Settings that came with a later version than the row have their defaults.
  const known = JSON.parse(settings) as Partial<TenantSettings>;
  return { id, settings: { ...DEFAULT_SETTINGS, ...known }, version, createdAt, updatedAt };
}

export function tenantStore(database: Database, appendTrail: AppendTrail): TenantStore {
  return {
    read: async (id) => {
      const [row] = await database.reader.rows(
        { name: 'tenant', sql: 'select settings, version, created_at, updated_at from {tenant} where id = $1' },
        [id],
      );
      if (row === undefined) return undefined;
      const [settings, version, createdAt, updatedAt] = row;
      return tenantFrom({ id, settings, version, createdAt, updatedAt } as TenantRow);
    },

    insertIfAbsent: (tenant) =>
      database.write(async (tx) => {
        await lock(database, tx, `tenant ${tenant.id}`);
        const stored = await tx.findOne(TenantEntity, { id: tenant.id }, PLAIN);
        if (stored !== null) return tenantFrom(stored);
        await tx.insert(TenantEntity, columnsOf(tenant));
        return tenant;
      }),

    replace: (before, after, trail) =>
      database.write(async (tx) => {
        const { id: _, ...facts } = columnsOf(after);
        if ((await tx.nativeUpdate(TenantEntity, { id: before.id, version: before.version }, facts)) === 0)
          return false;
        await appendTrail(tx, trail);
        return true;
      }),
  };
}
