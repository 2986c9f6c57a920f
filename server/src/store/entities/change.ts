import { defineEntity, p } from '@mikro-orm/core';

/** The change feed. `subject` is the handle, identity, kid, service or organisation (with a blank and the member whom it concerns) that `kind` speaks of; `ended` is `revoked` or `retired`. */
export const ChangeEntity = defineEntity({
  name: 'ChangeEntity',
  tableName: 'change',
  indexes: [{ name: 'change_by_time', properties: ['writtenAt'] }],
  properties: {
    // On libSQL the type reads `integer` afterwards, which has 64 bits there.
    position: p.bigint('number').primary().autoincrement().ignoreSchemaChanges('type'),
    tenantId: p.string(),
    kind: p.string(),
    subject: p.string(),
    // 2^53 - 1 once an identity is deleted.
    version: p.bigint('number'),
    epoch: p.bigint('number'),
    ended: p.boolean(),
    writtenAt: p.bigint('number'),
  },
});
