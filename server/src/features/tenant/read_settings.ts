import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { TenantStore } from './store.ts';
import { DEFAULT_SETTINGS, DEFAULT_TENANT, type Tenant, type TenantSettings } from './tenant.ts';

/** Reads a tenant. Errors: TENANT_NOT_FOUND. */
export async function readTenant(tenants: Pick<TenantStore, 'read'>, id: string): Promise<Tenant> {
  const tenant = await tenants.read(id);
  if (tenant === undefined) throw new TrustError('TENANT_NOT_FOUND');
  return tenant;
}

/** Whether a tenant is suspended; `default` never is, and costs no reading. */
export type IsSuspended = (tenantId: string) => Promise<boolean>;

export const isSuspended =
  (tenants: Pick<TenantStore, 'read'>): IsSuspended =>
  async (tenantId) =>
    tenantId !== DEFAULT_TENANT && (await tenants.read(tenantId))?.suspendedAt !== undefined;

const PER_PAGE = 100;

/** Every tenant, by id. */
export async function* allTenants(tenants: Pick<TenantStore, 'list'>): AsyncGenerator<Tenant> {
  for (let after = ''; ; ) {
    const rows = await tenants.list(PER_PAGE, after);
    yield* rows;
    if (rows.length < PER_PAGE) return;
    after = rows.at(-1)?.id ?? '';
  }
}

export type ReadSettings = (tenantId: string) => Promise<TenantSettings>;

/** Reads the settings in force. Always from the store: a list of return_to that was narrowed is narrow at once. */
export function readSettings(tenants: Pick<TenantStore, 'read'>): ReadSettings {
  return async (tenantId) => (await readTenant(tenants, tenantId)).settings;
}

/** The tenant that there always is. `settings` are those of a first start; a stored tenant is left alone. */
export function ensureDefaultTenant(
  deps: { readonly tenants: Pick<TenantStore, 'insertIfAbsent'>; readonly clock: Clock },
  settings: Partial<TenantSettings>,
): Promise<Tenant> {
  const now = deps.clock();
  return deps.tenants.insertIfAbsent({
    id: DEFAULT_TENANT,
    publicUrl: '',
    settings: { ...DEFAULT_SETTINGS, ...settings },
    version: 1,
    createdAt: now,
    updatedAt: now,
  });
}
