import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

export const ServiceEntity = defineEntity({
  name: 'ServiceEntity',
  tableName: 'service',
  properties: {
    tenantId: p.string().primary(),
    name: p.string().primary(),
    scopes: p.text(),
    audiences: p.text(),
    certificateNames: p.text(),
    createdAt: p.bigint('number'),
  },
});

/** The certificate names of services once more, to be searched by. */
export const ServiceCertificateEntity = defineEntity({
  name: 'ServiceCertificateEntity',
  tableName: 'service_certificate',
  indexes: [{ name: 'service_certificate_by_name', properties: ['certificateName'] }],
  properties: {
    tenantId: p.string().primary(),
    service: p.string().primary(),
    certificateName: p.string().primary(),
  },
});

export const ServiceKeyEntity = defineEntity({
  name: 'ServiceKeyEntity',
  tableName: 'service_key',
  indexes: [{ name: 'service_key_by_service', properties: ['tenantId', 'service', 'createdAt', 'id'] }],
  properties: {
    id: p.string().primary(),
    tenantId: p.string(),
    service: p.string(),
    digest: p.string(),
    createdAt: p.bigint('number'),
    expiresAt: p.bigint('number').nullable(),
    revokedAt: p.bigint('number').nullable(),
  },
});

export type ServiceRow = InferEntity<typeof ServiceEntity>;
export type ServiceKeyRow = InferEntity<typeof ServiceKeyEntity>;
