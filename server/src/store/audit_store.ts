import type { AuditAction, AuditEvent } from '../features/audit/audit.ts';
import type { AuditStore } from '../features/audit/store.ts';
import { pageOf } from '../kernel/page.ts';
import type { Database } from './database.ts';
import { AuditEventEntity, type AuditEventRow } from './entities/audit_event.ts';
import { mapFrom } from './json.ts';
import { afterPosition } from './page.ts';
import { eventAppender } from './trail.ts';

function eventFrom(row: AuditEventRow): AuditEvent {
  return {
    id: row.id,
    tenantId: row.tenantId,
    at: row.at,
    action: row.action as AuditAction,
    actor: row.actor,
    identityId: row.identityId,
    subject: row.subject,
    facts: mapFrom(row.facts),
  };
}

// What a fact `epoch` looks like in the text of the facts.
const RAISED = '%"epoch":"%';

export function auditStore(database: Database): AuditStore {
  const appendEvents = eventAppender(database);
  return {
    endings: ({ tenantId, handle, identityId, createdAt }, limit) =>
      database.read(async (em) => {
        const own = { action: 'session.revoked', subject: handle };
        const raised = { facts: { $like: RAISED } };
        const where = { tenantId, identityId, at: { $gte: createdAt }, $or: [own, raised] };
        const order = { orderBy: { at: 'asc', id: 'asc' }, limit, disableIdentityMap: true } as const;
        return (await em.find(AuditEventEntity, where, order)).map(eventFrom);
      }),

    beginning: ({ tenantId, handle }, from, to) =>
      database.read(async (em) => {
        const where = { tenantId, action: 'session.created', at: { $gte: from, $lte: to }, subject: handle };
        const row = await em.findOne(AuditEventEntity, where, { disableIdentityMap: true });
        return row === null ? undefined : eventFrom(row);
      }),

    append: async (events) => {
      if (events.length > 0) await database.write((tx) => appendEvents(tx, events));
    },

    list: ({ tenantId, identityId, action }, { limit, after }) =>
      database.read(async (em) => {
        const rows = await em.find(
          AuditEventEntity,
          {
            tenantId,
            ...(identityId === undefined ? {} : { identityId }),
            ...(action === undefined ? {} : { action }),
            ...afterPosition('at', 'id', after),
          },
          { orderBy: { at: 'desc', id: 'desc' }, limit: limit + 1, disableIdentityMap: true },
        );
        return pageOf(rows.map(eventFrom), limit, ({ at, id }) => ({ at, id }));
      }),
  };
}
