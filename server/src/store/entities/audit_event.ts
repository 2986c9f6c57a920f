import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

export const AuditEventEntity = defineEntity({
  name: 'AuditEventEntity',
  tableName: 'audit_event',
  indexes: [
    { name: 'audit_event_by_age', properties: ['at'] },
    { name: 'audit_event_by_chain', properties: ['seq', 'tenantId', 'at', 'id'] },
    { name: 'audit_event_by_time', properties: ['tenantId', 'at', 'id'] },
    { name: 'audit_event_by_identity', properties: ['tenantId', 'identityId', 'at', 'id'] },
    { name: 'audit_event_by_action', properties: ['tenantId', 'action', 'at', 'id'] },
  ],
  properties: {
    tenantId: p.string().primary(),
    id: p.string().primary(),
    at: p.bigint('number'),
    action: p.string(),
    actor: p.text(),
    identityId: p.string(),
    subject: p.text(),
    facts: p.text(),
    // The place in the chain of the tenant and the hash of the link; null until it is sealed.
    seq: p.bigint('number').nullable(),
    hash: p.string().nullable(),
  },
});

/** Signed statements about the chain: `seal` says where it had come to, `cut` up to where it was deleted. */
export const AuditCheckpointEntity = defineEntity({
  name: 'AuditCheckpointEntity',
  tableName: 'audit_checkpoint',
  properties: {
    tenantId: p.string().primary(),
    seq: p.bigint('number').primary(),
    kind: p.string().primary(),
    token: p.text(),
  },
});

export type AuditEventRow = InferEntity<typeof AuditEventEntity>;
