import { invalidField, TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { type Actor, auditEvent } from '../audit/audit.ts';
import { createServiceKey, type KeyDeps } from '../service_key/change_service_key.ts';
import type { PutService } from '../service_key/put_service.ts';
import type { Scope } from '../service_key/service_key.ts';
import { isTenantOrigin, originUnder } from './origins.ts';
import type { TenantStore } from './store.ts';
import { DEFAULT_SETTINGS, DEFAULT_TENANT, type Tenant, type TenantSettings } from './tenant.ts';

/** The first service of a tenant: it administers the tenant, and makes the services that its applications call as. */
export const FIRST_SERVICE = 'admin';
const FIRST_SCOPES: readonly Scope[] = ['services:admin', 'tenants:admin', 'signing-keys:admin', 'audit:read'];

/** Errors: INVALID_FIELD (`public_url`), TENANT_EXISTS. */
export type CreateTenant = (input: {
  /** Who makes it: a service of `default`, or the operator. */
  readonly by: Actor;
  readonly id: string;
  /** Empty means the id. */
  readonly displayName: string;
  /** Empty means the id as a name under the host of `default`. */
  readonly publicUrl: string;
}) => Promise<{ readonly tenant: Tenant; readonly serviceKey: string }>;

/** Makes a tenant that shares nothing with any other: settings, signing keys, pages and a first service are its own (spec TEN-1). */
export function createTenant(
  deps: KeyDeps & {
    readonly tenants: Pick<TenantStore, 'insert'>;
    /** The origin of `default`. */
    readonly publicUrl: string;
    /** What tenants of this server begin with, where that is not what all begin with. */
    readonly firstSettings: Partial<TenantSettings>;
    readonly ensureSigningKey: (tenantId: string) => Promise<void>;
    readonly putService: PutService;
    readonly clock: Clock;
    readonly newId: NewId;
  },
): CreateTenant {
  const taken = (field: string) =>
    new TrustError('TENANT_EXISTS', { fields: [{ field, description: 'is that of another tenant' }] });

  return async ({ by, id, displayName, publicUrl: given }) => {
    const publicUrl = given || originUnder(deps.publicUrl, id);
    if (publicUrl === undefined)
      throw invalidField('public_url', 'is required where the server has no name but an address');
    if (!isTenantOrigin(publicUrl))
      throw invalidField('public_url', 'must be an https origin (http on loopback), such as https://login.example.com');
    if (id === DEFAULT_TENANT) throw taken('id');
    if (new URL(publicUrl).host === new URL(deps.publicUrl).host) throw taken('public_url');
    const now = deps.clock();
    const settings = { ...DEFAULT_SETTINGS, ...deps.firstSettings, displayName: displayName || id };
    const tenant: Tenant = { id, publicUrl, settings, version: 1, createdAt: now, updatedAt: now };
    const about = { subject: id, facts: { public_url: publicUrl } };
    const events = [by.tenantId, id].map((tenantId) =>
      auditEvent({ ...by, tenantId }, now, deps.newId, 'tenant.created', about),
    );
    const answer = await deps.tenants.insert(tenant, { changes: [], events });
    if (answer !== 'ok') throw taken(answer === 'exists' ? 'id' : 'public_url');
    await deps.ensureSigningKey(id);
    const who = { tenantId: id, actor: by.name };
    await deps.putService(by.name, {
      tenantId: id,
      name: FIRST_SERVICE,
      scopes: FIRST_SCOPES,
      audiences: [],
      certificateNames: [],
    });
    const { secret } = await createServiceKey(deps, { ...who, service: FIRST_SERVICE });
    return { tenant, serviceKey: secret };
  };
}
