import { defineEntity, p } from '@mikro-orm/core';

/** Codes and links that were sent by mail. */
export const MailProofEntity = defineEntity({
  name: 'MailProofEntity',
  tableName: 'mail_proof',
  indexes: [
    { name: 'mail_proof_by_identity', properties: ['tenantId', 'identityId'] },
    { name: 'mail_proof_by_expiry', properties: ['expiresAt'] },
  ],
  uniques: [{ name: 'mail_proof_by_link', properties: ['tenantId', 'linkDigest'] }],
  properties: {
    tenantId: p.string().primary(),
    digest: p.string().primary(),
    linkDigest: p.string(),
    codeDigest: p.string(),
    purpose: p.string(),
    identityId: p.string(),
    epoch: p.integer(),
    email: p.text(),
    replaces: p.text(),
    binding: p.string(),
    request: p.text(),
    sessionHandle: p.string().nullable(),
    pendingDigest: p.string().nullable(),
    expiresAt: p.bigint('number'),
    attempts: p.integer(),
    spentAt: p.bigint('number').nullable(),
  },
});
