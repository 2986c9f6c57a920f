import type { TenantStore } from '../features/tenant/store.ts';
import { DEFAULT_SETTINGS, type Tenant, type TenantSettings } from '../features/tenant/tenant.ts';
import { type Database, lock } from './database.ts';
import type { Transaction } from './dialects/dialect.ts';
import { TenantEntity, type TenantRow } from './entities/tenant.ts';
import { toJson } from './json.ts';
import { retireSigningKeys } from './signing_key_store.ts';
import type { AppendTrail } from './trail.ts';

const PLAIN = { disableIdentityMap: true } as const;

const hostOf = (publicUrl: string) => (publicUrl === '' ? null : new URL(publicUrl).host);

const columnsOf = (tenant: Tenant) => ({
  ...tenant,
  publicUrl: tenant.publicUrl || null,
  host: hostOf(tenant.publicUrl),
  settings: toJson(tenant.settings),
  suspendedAt: tenant.suspendedAt ?? null,
});

function tenantFrom({ id, publicUrl, settings, suspendedAt, version, createdAt, updatedAt }: TenantRow): Tenant {
  // Settings that came with a later version than the row have their defaults.
  const known = JSON.parse(settings) as Partial<TenantSettings>;
  return {
    id,
    publicUrl: publicUrl ?? '',
    settings: { ...DEFAULT_SETTINGS, ...known },
    ...(typeof suspendedAt === 'number' && { suspendedAt }),
    version,
    createdAt,
    updatedAt,
  };
}

export function tenantStore(database: Database, appendTrail: AppendTrail): TenantStore {
  const find = async (name: string, column: string, value: string): Promise<Tenant | undefined> => {
    const sql = `select id, public_url, settings, suspended_at, version, created_at, updated_at from {tenant} where ${column} = $1`;
    const [row] = await database.reader.rows({ name, sql }, [value]);
    if (row === undefined) return undefined;
    const [id, publicUrl, settings, suspendedAt, version, createdAt, updatedAt] = row;
    return tenantFrom({ id, publicUrl, settings, suspendedAt, version, createdAt, updatedAt } as TenantRow);
  };

  const replace = async (tx: Transaction, before: Tenant, after: Tenant): Promise<boolean> => {
    const { id: _, ...facts } = columnsOf(after);
    return (await tx.nativeUpdate(TenantEntity, { id: before.id, version: before.version }, facts)) > 0;
  };

  return {
    read: (id) => find('tenant', 'id', id),
    readByHost: (host) => find('tenant_by_host', 'host', host),

    list: (limit, after) =>
      database.read(async (em) => {
        const rows = await em.find(TenantEntity, { id: { $gt: after } }, { ...PLAIN, orderBy: { id: 'asc' }, limit });
        return rows.map(tenantFrom);
      }),

    insert: (tenant, trail) =>
      database.write<'ok' | 'exists' | 'host_taken'>(async (tx) => {
        await lock(database, tx, 'tenants');
        if ((await tx.count(TenantEntity, { id: tenant.id })) > 0) return 'exists';
        const columns = columnsOf(tenant);
        if (columns.host !== null && (await tx.count(TenantEntity, { host: columns.host })) > 0) return 'host_taken';
        await tx.insert(TenantEntity, columns);
        await appendTrail(tx, trail);
        return 'ok';
      }),

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
        if (!(await replace(tx, before, after))) return false;
        await appendTrail(tx, trail);
        return true;
      }),

    suspend: (before, after, at, trail) =>
      database.write(async (tx) => {
        if (!(await replace(tx, before, after))) return false;
        await appendTrail(tx, trail(await retireSigningKeys(database, tx, after.id, at)));
        return true;
      }, 'ends'),
  };
}
