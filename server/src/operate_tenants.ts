import type { TenantRow } from './cli/actions.ts';
import type { Config } from './config/config.ts';
import { allTenants } from './features/tenant/read_settings.ts';
import { checkedSuspension, checkedTenant } from './features/tenant/rpc.ts';
import { DEFAULT_TENANT } from './features/tenant/tenant.ts';
import { OPERATOR, withNode } from './operate.ts';
import { openStore } from './store/store.ts';

const BY = { tenantId: DEFAULT_TENANT, name: OPERATOR };

/** `trust-layer tenant create`. */
export function createTenant(
  config: Config,
  given: { readonly id: string; readonly publicUrl: string; readonly displayName: string },
): Promise<{ readonly publicUrl: string; readonly serviceKey: string }> {
  return withNode(config, async (node) => {
    const { tenant, serviceKey } = await node.createTenant({ ...checkedTenant(given), by: BY });
    return { publicUrl: tenant.publicUrl, serviceKey };
  });
}

/** `trust-layer tenant list`. */
export async function listTenants({ databaseUrl, publicUrl: own }: Config): Promise<readonly TenantRow[]> {
  const store = await openStore({ databaseUrl, readOnly: true });
  try {
    const rows: TenantRow[] = [];
    for await (const { id, publicUrl, settings, suspendedAt } of allTenants(store.tenants))
      rows.push({ id, publicUrl: publicUrl || own, displayName: settings.displayName, suspendedAt });
    return rows;
  } finally {
    await store.close();
  }
}

/** `trust-layer tenant suspend`. */
export function suspendTenant(config: Config, given: { readonly id: string; readonly reason: string }): Promise<void> {
  return withNode(config, async (node) => void (await node.suspendTenant({ ...checkedSuspension(given), by: BY })));
}

/** `trust-layer tenant resume`. */
export function resumeTenant(config: Config, id: string): Promise<void> {
  return withNode(config, async (node) => {
    await node.resumeTenant({ id: checkedSuspension({ id, reason: '' }).id, by: BY });
  });
}
