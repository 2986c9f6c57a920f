import { invalidField, TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { type Actor, auditEvent } from '../audit/audit.ts';
import type { Trail } from '../change/change.ts';
import { readTenant } from './read_settings.ts';
import type { TenantStore } from './store.ts';
import { DEFAULT_TENANT, type Tenant, type TenantSettings } from './tenant.ts';

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

/** Errors: INVALID_FIELD (`id`: default), TENANT_NOT_FOUND, CONCURRENT_CHANGE. */
export type SuspendTenant = (input: {
  /** Who does it: a service of `default`, or the operator. */
  readonly by: Actor;
  readonly id: string;
  /** Kept in the audit trails; may be empty. */
  readonly reason: string;
}) => Promise<Tenant>;
export type ResumeTenant = (input: Omit<Parameters<SuspendTenant>[0], 'reason'>) => Promise<Tenant>;

type SuspensionDeps = {
  readonly tenants: Pick<TenantStore, 'read' | 'replace' | 'suspend'>;
  /** Drops the callers that this node keeps. */
  readonly forgetCallers: () => void;
  readonly clock: Clock;
  readonly newId: NewId;
};

/** What both trails hold of an act of the operator: that of `default`, and the tenant's own. */
function trailOf(
  deps: Pick<SuspensionDeps, 'newId'>,
  by: Actor,
  after: Tenant,
  action: 'tenant.suspended' | 'tenant.resumed',
  facts: Record<string, string>,
): Trail {
  const { id, version, updatedAt } = after;
  return {
    changes: [{ tenantId: id, kind: 'tenant', version }],
    events: [by.tenantId, id].map((tenantId) =>
      auditEvent({ ...by, tenantId }, updatedAt, deps.newId, action, { subject: id, facts }),
    ),
  };
}

/**
 * Refuses all of a tenant from now on: sessions, pages and calls wait for its resumption, and its signing keys are retired, so that Trust Tokens
 * end as after a leak (spec TEN-7). One that is suspended stays so.
 */
export function suspendTenant(deps: SuspensionDeps): SuspendTenant {
  return async ({ by, id, reason }) => {
    if (id === DEFAULT_TENANT) throw invalidField('id', 'is default, which cannot be suspended');
    const before = await readTenant(deps.tenants, id);
    if (before.suspendedAt !== undefined) return before;
    const now = deps.clock();
    const after = { ...before, suspendedAt: now, version: before.version + 1, updatedAt: now };
    const done = await deps.tenants.suspend(before, after, now, (kids) => {
      const { changes, events } = trailOf(deps, by, after, 'tenant.suspended', reason === '' ? {} : { reason });
      const retired = kids.map((kid) => ({ tenantId: id, kind: 'signing_key' as const, kid, retired: true }));
      return { changes: [...changes, ...retired], events };
    });
    if (!done) throw new TrustError('CONCURRENT_CHANGE');
    deps.forgetCallers();
    return after;
  };
}

/** Ends a suspension: what has not run out goes on, and a new key signs. Errors: as suspendTenant. */
export function resumeTenant(
  deps: SuspensionDeps & { readonly ensureSigningKey: (tenantId: string) => Promise<void> },
): ResumeTenant {
  return async ({ by, id }) => {
    const before = await readTenant(deps.tenants, id);
    if (before.suspendedAt === undefined) return before;
    const { suspendedAt: _, ...rest } = before;
    const after = { ...rest, version: before.version + 1, updatedAt: deps.clock() };
    if (!(await deps.tenants.replace(before, after, trailOf(deps, by, after, 'tenant.resumed', {}))))
      throw new TrustError('CONCURRENT_CHANGE');
    deps.forgetCallers();
    await deps.ensureSigningKey(id);
    return after;
  };
}
