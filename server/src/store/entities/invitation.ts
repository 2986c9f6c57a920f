import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

/** Addresses that may become members of organisations. */
export const InvitationEntity = defineEntity({
  name: 'InvitationEntity',
  tableName: 'invitation',
  indexes: [
    { name: 'invitation_by_creation', properties: ['tenantId', 'organisationId', 'createdAt', 'id'] },
    { name: 'invitation_by_expiry', properties: ['expiresAt'] },
  ],
  uniques: [{ name: 'invitation_by_digest', properties: ['tenantId', 'digest'] }],
  properties: {
    tenantId: p.string().primary(),
    id: p.string().primary(),
    organisationId: p.string(),
    email: p.text(),
    roles: p.text(),
    digest: p.string(),
    returnTo: p.text(),
    createdAt: p.bigint('number'),
    expiresAt: p.bigint('number'),
    acceptedAt: p.bigint('number').nullable(),
    revokedAt: p.bigint('number').nullable(),
  },
});

export type InvitationRow = InferEntity<typeof InvitationEntity>;
