import type { AuditEvent } from '../../server/src/features/audit/audit.ts';
import type { AuditStore } from '../../server/src/features/audit/store.ts';

/** What the audit store finds of sessions, in memory. */
export function memoryEndings(events: readonly AuditEvent[]): Pick<AuditStore, 'endings' | 'beginning'> {
  return {
    async endings({ tenantId, handle, identityId, createdAt }, limit) {
      const found = events.filter(
        ({ action, subject, facts, ...row }) =>
          row.tenantId === tenantId &&
          row.identityId === identityId &&
          row.at >= createdAt &&
          ((action === 'session.revoked' && subject === handle) || facts.epoch !== undefined),
      );
      return found.slice(0, limit);
    },
    async beginning({ tenantId, handle }, from, to) {
      return events.find(
        ({ action, subject, at, ...row }) =>
          row.tenantId === tenantId && action === 'session.created' && subject === handle && at >= from && at <= to,
      );
    },
  };
}
