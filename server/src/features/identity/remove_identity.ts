import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { auditEvent } from '../audit/audit.ts';
import { ATTEMPTS, type ChangeTarget } from './change_identity.ts';
import type { IdentityStore } from './store.ts';

export type RemoveIdentity = (target: ChangeTarget) => Promise<void>;

/** Removes an identity with all that belongs to it; the feed says that no epoch of it is acceptable. Errors: IDENTITY_NOT_FOUND, CONCURRENT_CHANGE. */
export function removeIdentity(deps: {
  readonly identities: Pick<IdentityStore, 'read' | 'remove'>;
  readonly clock: Clock;
  readonly newId: NewId;
}): RemoveIdentity {
  return async ({ tenantId, actor, identityId, expectedVersion }) => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = await deps.identities.read(tenantId, identityId);
      if (before === undefined) throw new TrustError('IDENTITY_NOT_FOUND');
      if (expectedVersion !== undefined && before.version !== expectedVersion)
        throw new TrustError('CONCURRENT_CHANGE');
      const now = deps.clock();
      const event = auditEvent({ tenantId, name: actor }, now, deps.newId, 'identity.deleted', {
        identityId,
        subject: identityId,
      });
      const end = Number.MAX_SAFE_INTEGER;
      const raised = { epoch: end, version: end };
      const change = { tenantId, kind: 'identity' as const, identityId, ...raised };
      const ending = { tenantId, identityId, acts: ['identity_deleted'] as const, at: now, raised };
      if (await deps.identities.remove(before, { changes: [change], events: [event], ending })) return;
    }
    throw new TrustError('CONCURRENT_CHANGE');
  };
}
