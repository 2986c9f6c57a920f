import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

export const SignInCodeEntity = defineEntity({
  name: 'SignInCodeEntity',
  tableName: 'sign_in_code',
  indexes: [
    { name: 'sign_in_code_by_identity', properties: ['tenantId', 'identityId'] },
    { name: 'sign_in_code_by_expiry', properties: ['expiresAt'] },
  ],
  properties: {
    tenantId: p.string().primary(),
    digest: p.string().primary(),
    identityId: p.string(),
    epoch: p.integer(),
    codeChallenge: p.text(),
    returnTo: p.text(),
    acr: p.text(),
    amr: p.text(),
    authenticatedAt: p.bigint('number'),
    expiresAt: p.bigint('number'),
    spentAt: p.bigint('number').nullable(),
    sessionHandle: p.string().nullable(),
    replayed: p.boolean(),
  },
});

export type SignInCodeRow = InferEntity<typeof SignInCodeEntity>;
