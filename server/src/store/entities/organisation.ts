import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

export const OrganisationEntity = defineEntity({
  name: 'OrganisationEntity',
  tableName: 'organisation',
  indexes: [{ name: 'organisation_by_creation', properties: ['tenantId', 'createdAt', 'id'] }],
  properties: {
    tenantId: p.string().primary(),
    id: p.string().primary(),
    displayName: p.text(),
    roles: p.text(),
    metadata: p.text(),
    version: p.bigint('number'),
    createdAt: p.bigint('number'),
    updatedAt: p.bigint('number'),
  },
});

export const MembershipEntity = defineEntity({
  name: 'MembershipEntity',
  tableName: 'membership',
  indexes: [
    { name: 'membership_by_creation', properties: ['tenantId', 'organisationId', 'createdAt', 'identityId'] },
    { name: 'membership_by_identity', properties: ['tenantId', 'identityId', 'createdAt', 'organisationId'] },
  ],
  properties: {
    tenantId: p.string().primary(),
    organisationId: p.string().primary(),
    identityId: p.string().primary(),
    roles: p.text(),
    createdAt: p.bigint('number'),
  },
});

export type OrganisationRow = InferEntity<typeof OrganisationEntity>;
export type MembershipRow = InferEntity<typeof MembershipEntity>;
