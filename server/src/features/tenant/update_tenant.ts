import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { auditEvent } from '../audit/audit.ts';
import { readTenant } from './read_settings.ts';
import type { TenantStore } from './store.ts';
import type { Tenant, TenantSettings } from './tenant.ts';

export type UpdateTenant = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly settings: TenantSettings;
  readonly expectedVersion?: number | undefined;
}) => Promise<Tenant>;

/** Replaces the settings as a whole. Errors: TENANT_NOT_FOUND, CONCURRENT_CHANGE. */
export function updateTenant(deps: {
  readonly tenants: Pick<TenantStore, 'read' | 'replace'>;
  readonly clock: Clock;
  readonly newId: NewId;
}): UpdateTenant {
  return async ({ tenantId, actor, settings, expectedVersion }) => {
    const before = await readTenant(deps.tenants, tenantId);
    if (expectedVersion !== undefined && before.version !== expectedVersion) throw new TrustError('CONCURRENT_CHANGE');
    const now = deps.clock();
    const after = { ...before, settings, version: before.version + 1, updatedAt: now };
    const trail = {
      changes: [{ tenantId, kind: 'tenant' as const, version: after.version }],
      events: [auditEvent({ tenantId, name: actor }, now, deps.newId, 'tenant.updated', { subject: tenantId })],
    };
    if (await deps.tenants.replace(before, after, trail)) return after;
    throw new TrustError('CONCURRENT_CHANGE');
  };
}
