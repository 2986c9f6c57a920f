import type { TenantRow } from './cli/actions.ts';
import type { Config } from './config/config.ts';
import { allTenants } from './features/tenant/read_settings.ts';
import { checkedTenant } from './features/tenant/rpc.ts';
import { DEFAULT_TENANT } from './features/tenant/tenant.ts';
import { OPERATOR, withNode } from './operate.ts';
import { openStore } from './store/store.ts';

/** `trust-layer tenant create`. */
export function createTenant(
  config: Config,
  given: { readonly id: string; readonly publicUrl: string; readonly displayName: string },
): Promise<{ readonly publicUrl: string; readonly serviceKey: string }> {
  return withNode(config, async (node) => {
    const by = { tenantId: DEFAULT_TENANT, name: OPERATOR };
    const { tenant, serviceKey } = await node.createTenant({ ...checkedTenant(given), by });
    return { publicUrl: tenant.publicUrl, serviceKey };
  });
}

/** `trust-layer tenant list`. */
export async function listTenants({ databaseUrl, publicUrl: own }: Config): Promise<readonly TenantRow[]> {
  const store = await openStore({ databaseUrl, readOnly: true });
  try {
    const rows: TenantRow[] = [];
    for await (const { id, publicUrl, settings } of allTenants(store.tenants))
      rows.push({ id, publicUrl: publicUrl || own, displayName: settings.displayName });
    return rows;
  } finally {
    await store.close();
  }
}
