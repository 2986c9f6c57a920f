import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

export const OauthAttemptEntity = defineEntity({
  name: 'OauthAttemptEntity',
  tableName: 'oauth_attempt',
  indexes: [
    { name: 'oauth_attempt_by_identity', properties: ['tenantId', 'identityId'] },
    { name: 'oauth_attempt_by_expiry', properties: ['expiresAt'] },
  ],
  properties: {
    tenantId: p.string().primary(),
    digest: p.string().primary(),
    provider: p.string(),
    purpose: p.string(),
    binding: p.string(),
    identityId: p.string(),
    epoch: p.integer(),
    sealed: p.text(),
    expiresAt: p.bigint('number'),
    spentAt: p.bigint('number').nullable(),
  },
});

export const LinkedAccountEntity = defineEntity({
  name: 'LinkedAccountEntity',
  tableName: 'linked_account',
  indexes: [{ name: 'linked_account_by_identity', properties: ['tenantId', 'identityId'] }],
  properties: {
    tenantId: p.string().primary(),
    /** SHA-256 of issuer and subject, which are longer than a key can be. */
    accountDigest: p.string().primary(),
    id: p.string(),
    identityId: p.string(),
    provider: p.string(),
    issuer: p.text(),
    subject: p.text(),
    email: p.text(),
    sealedTokens: p.text().nullable(),
    createdAt: p.bigint('number'),
    lastUsedAt: p.bigint('number'),
  },
});

export type OauthAttemptRow = InferEntity<typeof OauthAttemptEntity>;
export type LinkedAccountRow = InferEntity<typeof LinkedAccountEntity>;
