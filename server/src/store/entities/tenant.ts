import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

export const TenantEntity = defineEntity({
  name: 'TenantEntity',
  tableName: 'tenant',
  uniques: [{ name: 'tenant_by_host', properties: ['host'] }],
  properties: {
    id: p.string().primary(),
    publicUrl: p.text().nullable(),
    /** The host of `publicUrl`, to be found by. */
    host: p.string().nullable(),
    settings: p.text(),
    suspendedAt: p.bigint('number').nullable(),
    version: p.integer(),
    createdAt: p.bigint('number'),
    updatedAt: p.bigint('number'),
  },
});

export type TenantRow = InferEntity<typeof TenantEntity>;
