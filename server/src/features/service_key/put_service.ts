import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { auditEvent } from '../audit/audit.ts';
import type { Service } from './service_key.ts';
import type { ServiceStore } from './store.ts';

type Deps = {
  readonly services: Pick<ServiceStore, 'put' | 'remove'>;
  readonly clock: Clock;
  readonly newId: NewId;
  /** Drops the callers that this node keeps. */
  readonly forgetCallers: () => void;
};

export type PutService = (actor: string, service: Omit<Service, 'createdAt'>) => Promise<Service>;
export type DeleteService = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly name: string;
}) => Promise<void>;

/** Makes a service or replaces its rights. */
export function putService(deps: Deps): PutService {
  return async (actor, service) => {
    const now = deps.clock();
    const { tenantId, name } = service;
    const event = auditEvent({ tenantId, name: actor }, now, deps.newId, 'service.put', {
      subject: name,
      facts: { scopes: service.scopes.join(' '), audiences: service.audiences.join(' ') },
    });
    const change = { tenantId, kind: 'service' as const, service: name };
    const stored = await deps.services.put({ ...service, createdAt: now }, { changes: [change], events: [event] });
    deps.forgetCallers();
    return stored;
  };
}

/** Removes a service and its keys. Errors: SERVICE_NOT_FOUND. */
export function deleteService(deps: Deps): DeleteService {
  return async ({ tenantId, actor, name }) => {
    const at = deps.clock();
    const event = auditEvent({ tenantId, name: actor }, at, deps.newId, 'service.deleted', { subject: name });
    const change = { tenantId, kind: 'service' as const, service: name };
    const found = await deps.services.remove(tenantId, name, { changes: [change], events: [event] }, at);
    if (!found) throw new TrustError('SERVICE_NOT_FOUND');
    deps.forgetCallers();
  };
}
