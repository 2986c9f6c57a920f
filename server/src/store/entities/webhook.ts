import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

/** Targets of audit events. `dueAt` is when the next attempt may begin, by the database's clock; `claims` tells one attempt from all others. */
export const WebhookEntity = defineEntity({
  name: 'WebhookEntity',
  tableName: 'webhook',
  indexes: [{ name: 'webhook_by_due', properties: ['enabled', 'dueAt'] }],
  properties: {
    tenantId: p.string().primary(),
    id: p.string().primary(),
    url: p.text(),
    actions: p.text(),
    secret: p.text(),
    oldSecret: p.text(),
    oldSecretUntil: p.bigint('number'),
    seq: p.bigint('number'),
    enabled: p.boolean(),
    attempts: p.integer(),
    claims: p.bigint('number'),
    dueAt: p.bigint('number'),
    failingSince: p.bigint('number').nullable(),
    createdAt: p.bigint('number'),
  },
});

export type WebhookRow = InferEntity<typeof WebhookEntity>;
