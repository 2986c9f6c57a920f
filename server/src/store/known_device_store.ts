import type { KnownDeviceStore } from '../features/known_device/store.ts';
import { type Database, lock } from './database.ts';
import type { Statement } from './dialects/dialect.ts';
import { KnownDeviceEntity } from './entities/known_device.ts';

const PLAIN = { disableIdentityMap: true } as const;

const FIND: Statement = {
  name: 'known_device',
  sql: `select max(case when digest = $1 then last_seen_at end), count(*) from {known_device}
    where tenant_id = $2 and identity_id = $3`,
};

export function knownDeviceStore(database: Database): KnownDeviceStore {
  return {
    find: async (tenantId, identityId, digest) => {
      const [[lastSeenAt, count] = []] = await database.reader.rows(FIND, [digest, tenantId, identityId]);
      return { lastSeenAt: lastSeenAt === null ? undefined : Number(lastSeenAt), count: Number(count) };
    },

    keep: (device, most) =>
      database.write(async (tx) => {
        const { tenantId, identityId, digest, lastSeenAt } = device;
        const owned = { tenantId, identityId };
        await lock(database, tx, `devices ${tenantId} ${identityId}`);
        const known = await tx.findOne(KnownDeviceEntity, { ...owned, digest }, PLAIN);
        if (known !== null) {
          await tx.nativeUpdate(
            KnownDeviceEntity,
            { ...owned, digest, lastSeenAt: { $lt: lastSeenAt } },
            { lastSeenAt },
          );
          return;
        }
        await tx.insert(KnownDeviceEntity, device);
        const orderBy = { lastSeenAt: 'desc', digest: 'asc' } as const;
        const surplus = await tx.find(KnownDeviceEntity, owned, { ...PLAIN, orderBy, offset: most, limit: most });
        for (const row of surplus) await tx.nativeDelete(KnownDeviceEntity, { ...owned, digest: row.digest });
      }),

    list: (tenantId, identityId) =>
      database.read(async (em) => {
        const orderBy = { lastSeenAt: 'desc', digest: 'asc' } as const;
        const rows = await em.find(KnownDeviceEntity, { tenantId, identityId }, { ...PLAIN, orderBy });
        return rows.map((row) => ({ ...row }));
      }),
  };
}
