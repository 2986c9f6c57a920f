import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

export const TenantEntity = defineEntity({
  name: 'TenantEntity',
  tableName: 'tenant',
  properties: {
    id: p.string().primary(),
    settings: p.text(),
    version: p.integer(),
    createdAt: p.bigint('number'),
    updatedAt: p.bigint('number'),
  },
});

export type TenantRow = InferEntity<typeof TenantEntity>;
