import { z } from 'zod';
import { checked, optionalNumber, pageSize, serviceKeyIdText, serviceName, textBytes } from '../../contract/fields.ts';
import type * as message from '../../contract/gen/trust/v1/service_key.ts';
import { optionalTimestamp, timestamp } from '../../contract/messages.ts';
import type { PageTokens } from '../../contract/page_tokens.ts';
import type { Handler } from '../../contract/rpc.ts';
import { TrustError } from '../../errors/trust_error.ts';
import { type Clock, DAY, SECOND } from '../../kernel/clock.ts';
import {
  createServiceKey,
  type KeyDeps,
  lifetimeOf,
  revokeServiceKey,
  rotateServiceKey,
} from './change_service_key.ts';
import type { DeleteService, PutService } from './put_service.ts';
import { SCOPES, type Service, type ServiceKey } from './service_key.ts';
import type { ServiceKeyStore, ServiceStore } from './store.ts';

export type ServiceKeyRpc = {
  readonly putService: Handler<message.PutServiceRequest, message.PutServiceResponse>;
  readonly listServices: Handler<message.ListServicesRequest, message.ListServicesResponse>;
  readonly deleteService: Handler<message.DeleteServiceRequest, message.DeleteServiceResponse>;
  readonly createServiceKey: Handler<message.CreateServiceKeyRequest, message.CreateServiceKeyResponse>;
  readonly rotateServiceKey: Handler<message.RotateServiceKeyRequest, message.RotateServiceKeyResponse>;
  readonly revokeServiceKey: Handler<message.RevokeServiceKeyRequest, message.RevokeServiceKeyResponse>;
  readonly listServiceKeys: Handler<message.ListServiceKeysRequest, message.ListServiceKeysResponse>;
};

const YEARS_2 = 63_072_000;
const DAYS_7 = 604_800;
/** Keys that ended longer ago are not listed. */
const LISTED_FOR = 90 * DAY;
const MAX_LISTED = 100;

/** What names a certificate: a SPIFFE ID or a DNS name. */
const certificateName = textBytes(255).refine(
  (name) =>
    /^spiffe:\/\/[a-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/.test(name) ||
    /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(name),
  'must be a SPIFFE ID or a DNS name in lower case',
);

const serviceFields = z.object({
  name: serviceName,
  scopes: z.array(z.enum(SCOPES, 'is not a scope')).max(32, 'must have at most 32 entries'),
  audiences: z.array(serviceName).max(64, 'must have at most 64 entries'),
  certificateNames: z.array(certificateName).max(8, 'must have at most 8 entries'),
});

const createFields = z.object({ service: serviceName, lifetimeSeconds: optionalNumber(60, YEARS_2) });
const rotateFields = z.object({
  keyId: serviceKeyIdText,
  overlapSeconds: z.number().max(DAYS_7, `must be at most ${DAYS_7}`),
  lifetimeSeconds: optionalNumber(60, YEARS_2),
});

/** The handlers of ServiceKeyService. */
export function serviceKeyRpc(useCases: {
  readonly pageTokens: PageTokens;
  readonly putService: PutService;
  readonly deleteService: DeleteService;
  readonly keys: KeyDeps;
  readonly services: Pick<ServiceStore, 'list' | 'read'>;
  readonly listKeys: ServiceKeyStore['list'];
  readonly clock: Clock;
}): ServiceKeyRpc {
  return {
    async putService(request, { tenantId, caller }) {
      const service = await useCases.putService(caller.service, { ...checked(serviceFields, request), tenantId });
      return { service: serviceMessage(service) };
    },

    async listServices(request, { tenantId }) {
      const { pageSize: limit } = checked(z.object({ pageSize }), request);
      const list = ['services', tenantId] as const;
      const after = useCases.pageTokens.read(list, request.pageToken)?.id ?? '';
      const rows = await useCases.services.list(tenantId, limit + 1, after);
      const last = rows[limit - 1];
      const next = rows.length > limit && last !== undefined ? { at: last.createdAt, id: last.name } : undefined;
      return {
        services: rows.slice(0, limit).map(serviceMessage),
        nextPageToken: useCases.pageTokens.write(list, next),
      };
    },

    async deleteService(request, { tenantId, caller }) {
      const { name } = checked(z.object({ name: serviceName }), request);
      await useCases.deleteService({ tenantId, actor: caller.service, name });
      return {};
    },

    async createServiceKey(request, { tenantId, caller }) {
      const { service, lifetimeSeconds } = checked(createFields, request);
      const input = { tenantId, actor: caller.service, service, lifetime: lifetimeOf(lifetimeSeconds) };
      const { secret, key } = await createServiceKey(useCases.keys, input);
      return { serviceKey: secret, key: keyMessage(key) };
    },

    async rotateServiceKey(request, { tenantId, caller }) {
      const { keyId, overlapSeconds, lifetimeSeconds } = checked(rotateFields, request);
      const { secret, key } = await rotateServiceKey(useCases.keys, {
        tenantId,
        actor: caller.service,
        keyId,
        overlap: overlapSeconds * SECOND,
        lifetime: lifetimeOf(lifetimeSeconds),
      });
      return { serviceKey: secret, key: keyMessage(key) };
    },

    async revokeServiceKey(request, { tenantId, caller }) {
      const { keyId } = checked(z.object({ keyId: serviceKeyIdText }), request);
      return {
        key: keyMessage(await revokeServiceKey(useCases.keys, { tenantId, actor: caller.service, keyId })),
      };
    },

    async listServiceKeys(request, { tenantId }) {
      const { service } = checked(z.object({ service: serviceName }), request);
      if ((await useCases.services.read(tenantId, service)) === undefined) throw new TrustError('SERVICE_NOT_FOUND');
      const keys = await useCases.listKeys(tenantId, service, useCases.clock() - LISTED_FOR, MAX_LISTED);
      return { keys: keys.map(keyMessage) };
    },
  };
}

function serviceMessage({ createdAt, ...service }: Service): message.Service {
  return { ...service, createdAt: timestamp(createdAt) };
}

function keyMessage({ id, service, createdAt, expiresAt, revokedAt }: ServiceKey): message.ServiceKey {
  return {
    id,
    service,
    createdAt: timestamp(createdAt),
    expiresAt: optionalTimestamp(expiresAt),
    revokedAt: optionalTimestamp(revokedAt),
  };
}
