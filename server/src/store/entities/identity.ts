import { defineEntity, p } from '@mikro-orm/core';

export const IdentityEntity = defineEntity({
  name: 'IdentityEntity',
  tableName: 'identity',
  indexes: [
    { name: 'identity_by_creation', properties: ['tenantId', 'createdAt', 'id'] },
    { name: 'identity_by_deletion', properties: ['deletionAt'] },
  ],
  properties: {
    tenantId: p.string().primary(),
    id: p.string().primary(),
    displayName: p.text(),
    roles: p.text(),
    metadata: p.text(),
    active: p.boolean(),
    epoch: p.integer(),
    version: p.integer(),
    createdAt: p.bigint('number'),
    updatedAt: p.bigint('number'),
    deletionAt: p.bigint('number').nullable(),
    stateReason: p.text().nullable(),
    // A lock is over by the database's clock: what is read then is an active identity.
    lockedUntil: p.bigint('number').nullable(),
  },
});

/** An identifier; `place` keeps the order in which they were added. */
export const IdentifierEntity = defineEntity({
  name: 'IdentifierEntity',
  tableName: 'identifier',
  indexes: [{ name: 'identifier_by_identity', properties: ['tenantId', 'identityId', 'place'] }],
  properties: {
    tenantId: p.string().primary(),
    type: p.string().primary(),
    value: p.string().primary(),
    identityId: p.string(),
    place: p.integer(),
    verified: p.boolean(),
  },
});

export const PasswordEntity = defineEntity({
  name: 'PasswordEntity',
  tableName: 'password',
  properties: {
    tenantId: p.string().primary(),
    identityId: p.string().primary(),
    hash: p.text(),
  },
});
