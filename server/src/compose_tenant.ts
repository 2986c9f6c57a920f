import type { Parts } from './compose.ts';
import type { PageTokens } from './contract/page_tokens.ts';
import type { KeyDeps } from './features/service_key/change_service_key.ts';
import { deleteService, putService } from './features/service_key/put_service.ts';
import { serviceKeyRpc } from './features/service_key/rpc.ts';
import { createTenant } from './features/tenant/create_tenant.ts';
import { tenantRpc } from './features/tenant/rpc.ts';
import { resumeTenant, suspendTenant, updateTenant } from './features/tenant/update_tenant.ts';
import type { NewId } from './kernel/ids.ts';

/** Wires tenants, and the services that call for them. */
export function composeTenant(
  parts: Pick<Parts, 'clock' | 'random' | 'config' | 'firstSettings'> & {
    readonly store: Pick<Parts['store'], 'tenants' | 'services' | 'serviceKeys'>;
    readonly newId: NewId;
    readonly pageTokens: PageTokens;
    readonly forgetCallers: () => void;
    readonly ensureSigningKey: (tenantId: string) => Promise<void>;
  },
) {
  const { tenants, services, serviceKeys } = parts.store;
  const { publicUrl } = parts.config;
  const keyDeps: KeyDeps = { ...parts, serviceKeys };
  const put = putService({ ...parts, services });
  const create = createTenant({
    ...parts,
    ...keyDeps,
    tenants,
    publicUrl,
    firstSettings: parts.firstSettings ?? {},
    putService: put,
  });
  const suspend = suspendTenant({ ...parts, tenants });
  const resume = resumeTenant({ ...parts, tenants });
  return {
    putService: put,
    keyDeps,
    createTenant: create,
    suspendTenant: suspend,
    resumeTenant: resume,
    handlers: {
      ServiceKeyService: serviceKeyRpc({
        pageTokens: parts.pageTokens,
        putService: put,
        deleteService: deleteService({ ...parts, services }),
        keys: keyDeps,
        services,
        listKeys: serviceKeys.list,
        clock: parts.clock,
      }),
      TenantService: tenantRpc({
        pageTokens: parts.pageTokens,
        tenants,
        publicUrl,
        createTenant: create,
        suspendTenant: suspend,
        resumeTenant: resume,
        updateTenant: updateTenant({ ...parts, tenants }),
      }),
    },
  };
}
