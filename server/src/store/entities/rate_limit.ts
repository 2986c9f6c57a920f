import { defineEntity, p } from '@mikro-orm/core';

/** When the bucket of a subject will be full again. */
export const RateLimitEntity = defineEntity({
  name: 'RateLimitEntity',
  tableName: 'rate_limit',
  indexes: [{ name: 'rate_limit_by_arrival', properties: ['arrival'] }],
  properties: {
    tenantId: p.string().primary(),
    subject: p.string().primary(),
    arrival: p.bigint('number'),
  },
});
