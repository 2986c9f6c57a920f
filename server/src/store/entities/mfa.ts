import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

export const PendingSignInEntity = defineEntity({
  name: 'PendingSignInEntity',
  tableName: 'pending_sign_in',
  indexes: [
    { name: 'pending_sign_in_by_identity', properties: ['tenantId', 'identityId'] },
    { name: 'pending_sign_in_by_expiry', properties: ['expiresAt'] },
  ],
  properties: {
    tenantId: p.string().primary(),
    digest: p.string().primary(),
    identityId: p.string(),
    epoch: p.integer(),
    sessionHandle: p.string().nullable(),
    held: p.boolean(),
    proved: p.text(),
    authenticatedAt: p.bigint('number'),
    binding: p.string(),
    expiresAt: p.bigint('number'),
    attempts: p.integer(),
    spentAt: p.bigint('number').nullable(),
  },
});

export const TotpEntity = defineEntity({
  name: 'TotpEntity',
  tableName: 'totp',
  properties: {
    tenantId: p.string().primary(),
    identityId: p.string().primary(),
    id: p.string(),
    label: p.text(),
    sealed: p.text(),
    lastStep: p.bigint('number'),
    createdAt: p.bigint('number'),
    lastUsedAt: p.bigint('number').nullable(),
  },
});

export const RecoveryCodeEntity = defineEntity({
  name: 'RecoveryCodeEntity',
  tableName: 'recovery_code',
  properties: {
    tenantId: p.string().primary(),
    identityId: p.string().primary(),
    digest: p.string().primary(),
  },
});

export const RememberedDeviceEntity = defineEntity({
  name: 'RememberedDeviceEntity',
  tableName: 'remembered_device',
  indexes: [
    { name: 'remembered_device_by_identity', properties: ['tenantId', 'identityId'] },
    { name: 'remembered_device_by_expiry', properties: ['expiresAt'] },
  ],
  properties: {
    tenantId: p.string().primary(),
    digest: p.string().primary(),
    identityId: p.string(),
    epoch: p.integer(),
    expiresAt: p.bigint('number'),
  },
});

export const PasskeyEntity = defineEntity({
  name: 'PasskeyEntity',
  tableName: 'passkey',
  indexes: [{ name: 'passkey_by_identity', properties: ['tenantId', 'identityId'] }],
  properties: {
    tenantId: p.string().primary(),
    /** SHA-256 of the credential id, which may be longer than a key can be. */
    credentialDigest: p.string().primary(),
    credentialId: p.text(),
    identityId: p.string(),
    id: p.string(),
    label: p.text(),
    publicKey: p.text(),
    counter: p.bigint('number'),
    transports: p.text(),
    createdAt: p.bigint('number'),
    lastUsedAt: p.bigint('number').nullable(),
  },
});

export const PasskeyChallengeEntity = defineEntity({
  name: 'PasskeyChallengeEntity',
  tableName: 'passkey_challenge',
  indexes: [{ name: 'passkey_challenge_by_expiry', properties: ['expiresAt'] }],
  properties: {
    tenantId: p.string().primary(),
    digest: p.string().primary(),
    expiresAt: p.bigint('number'),
  },
});

export type PendingSignInRow = InferEntity<typeof PendingSignInEntity>;
export type TotpRow = InferEntity<typeof TotpEntity>;
export type PasskeyRow = InferEntity<typeof PasskeyEntity>;
