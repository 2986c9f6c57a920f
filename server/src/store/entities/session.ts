import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

export const SessionEntity = defineEntity({
  name: 'SessionEntity',
  tableName: 'session',
  uniques: [{ name: 'session_by_digest', properties: ['tenantId', 'digest'] }],
  indexes: [
    { name: 'session_by_identity', properties: ['tenantId', 'identityId', 'createdAt', 'handle'] },
    { name: 'session_by_expiry', properties: ['expiresAt'] },
    { name: 'session_by_parent', properties: ['tenantId', 'parentHandle'] },
    { name: 'session_by_acting_key', properties: ['tenantId', 'actingKey'] },
  ],
  properties: {
    tenantId: p.string().primary(),
    handle: p.string().primary(),
    digest: p.string(),
    identityId: p.string(),
    version: p.integer(),
    epoch: p.integer(),
    authenticatedAt: p.bigint('number'),
    acr: p.text(),
    amr: p.text(),
    createdAt: p.bigint('number'),
    lastUsedAt: p.bigint('number'),
    expiresAt: p.bigint('number'),
    idleTimeout: p.bigint('number'),
    revokedAt: p.bigint('number').nullable(),
    userAgent: p.text(),
    ipAddress: p.text(),
    label: p.text(),
    /** Who acts in it for the person, as JSON; and by what its end is found. */
    acting: p.text().nullable(),
    parentHandle: p.string().nullable(),
    actingKey: p.string().nullable(),
    organisationId: p.string().nullable(),
    boundNetwork: p.string().nullable(),
    boundDevice: p.text().nullable(),
  },
});

export type SessionRow = InferEntity<typeof SessionEntity>;
