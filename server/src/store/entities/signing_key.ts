import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

export const SigningKeyEntity = defineEntity({
  name: 'SigningKeyEntity',
  tableName: 'signing_key',
  properties: {
    tenantId: p.string().primary(),
    kid: p.string().primary(),
    alg: p.string(),
    state: p.string(),
    publicJwk: p.text(),
    sealed: p.text(),
    createdAt: p.bigint('number'),
    activatedAt: p.bigint('number').nullable(),
    retiringAt: p.bigint('number').nullable(),
    retiredAt: p.bigint('number').nullable(),
  },
});

export type SigningKeyRow = InferEntity<typeof SigningKeyEntity>;
