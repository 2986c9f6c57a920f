import { defineEntity, p } from '@mikro-orm/core';

export const KnownDeviceEntity = defineEntity({
  name: 'KnownDeviceEntity',
  tableName: 'known_device',
  indexes: [
    { name: 'known_device_by_identity', properties: ['tenantId', 'identityId'] },
    { name: 'known_device_by_age', properties: ['lastSeenAt'] },
  ],
  properties: {
    tenantId: p.string().primary(),
    digest: p.string().primary(),
    identityId: p.string(),
    browser: p.text(),
    platform: p.text(),
    place: p.string(),
    firstSeenAt: p.bigint('number'),
    lastSeenAt: p.bigint('number'),
  },
});
