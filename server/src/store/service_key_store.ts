import type { ServiceKey } from '../features/service_key/service_key.ts';
import type { ServiceKeyStore } from '../features/service_key/store.ts';
import type { Instant } from '../kernel/clock.ts';
import { endActing } from './acting.ts';
import type { Database } from './database.ts';
import type { Row, Statement, Transaction } from './dialects/dialect.ts';
import { ServiceEntity, ServiceKeyEntity, type ServiceKeyRow, type ServiceRow } from './entities/service.ts';
import { lockService, serviceFrom } from './service_store.ts';
import type { AppendTrail } from './trail.ts';

const PLAIN = { disableIdentityMap: true } as const;

const WITH_SERVICE: Statement = {
  name: 'service_key_with_service',
  sql: `select k.id, k.tenant_id, k.service, k.digest, k.created_at, k.expires_at, k.revoked_at,
    s.scopes, s.audiences, s.certificate_names, s.created_at
    from {service_key} k join {service} s on s.tenant_id = k.tenant_id and s.name = k.service where k.id = $1`,
};

const columnsOf = (key: ServiceKey) => ({
  ...key,
  expiresAt: key.expiresAt ?? null,
  revokedAt: key.revokedAt ?? null,
});

function keyFrom(row: ServiceKeyRow): ServiceKey {
  const { id, tenantId, service, digest, createdAt, expiresAt, revokedAt } = row;
  return {
    tenantId,
    id,
    service,
    digest,
    createdAt,
    expiresAt: expiresAt ?? undefined,
    revokedAt: revokedAt ?? undefined,
  };
}

function withServiceFrom(cells: Row) {
  const [id, tenantId, service, digest, keyCreatedAt, expiresAt, revokedAt, ...ofService] = cells;
  const [scopes, audiences, certificateNames, createdAt] = ofService;
  return {
    key: keyFrom({ id, tenantId, service, digest, createdAt: keyCreatedAt, expiresAt, revokedAt } as ServiceKeyRow),
    service: serviceFrom({ tenantId, name: service, scopes, audiences, certificateNames, createdAt } as ServiceRow),
  };
}

/** How many keys of the service are live at an instant, `but` left out. */
const countLive = (tx: Transaction, { tenantId, service }: ServiceKey, now: Instant, but: string): Promise<number> =>
  tx.count(ServiceKeyEntity, {
    tenantId,
    service,
    id: { $ne: but },
    revokedAt: null,
    $or: [{ expiresAt: null }, { expiresAt: { $gt: now } }],
  });

export function serviceKeyStore(database: Database, appendTrail: AppendTrail): ServiceKeyStore {
  return {
    insert: (key, now, maxLive, trail) =>
      database.write(async (tx) => {
        await lockService(database, tx, key.tenantId, key.service);
        const service = { tenantId: key.tenantId, name: key.service };
        if ((await tx.count(ServiceEntity, service)) === 0) return 'no_service';
        if ((await countLive(tx, key, now, key.id)) >= maxLive) return 'limit';
        await tx.insert(ServiceKeyEntity, columnsOf(key));
        await appendTrail(tx, trail);
        return 'ok';
      }),

    readWithService: async (id) => {
      const [row] = await database.reader.rows(WITH_SERVICE, [id]);
      return row === undefined ? undefined : withServiceFrom(row);
    },

    read: (tenantId, id) =>
      database.read(async (em) => {
        const row = await em.findOne(ServiceKeyEntity, { tenantId, id }, PLAIN);
        return row === null ? undefined : keyFrom(row);
      }),

    rotate: (previous, next, previousEndsAt, now, maxLive, trail) =>
      database.write(async (tx) => {
        await lockService(database, tx, previous.tenantId, previous.service);
        const { tenantId, id, expiresAt, revokedAt } = columnsOf(previous);
        const stored = await tx.findOne(ServiceKeyEntity, { tenantId, id }, PLAIN);
        if (stored === null || stored.revokedAt !== revokedAt || stored.expiresAt !== expiresAt) return 'changed';
        // A previous key that ends at once makes room for the next.
        const others = await countLive(tx, previous, now, id);
        if (others + (previousEndsAt > now ? 1 : 0) >= maxLive) return 'limit';
        await tx.nativeUpdate(ServiceKeyEntity, { tenantId, id }, { expiresAt: previousEndsAt });
        await tx.insert(ServiceKeyEntity, columnsOf(next));
        await appendTrail(tx, trail);
        return 'ok';
      }),

    revoke: (tenantId, id, at, trail) =>
      database.write(async (tx) => {
        const revoked = await tx.nativeUpdate(ServiceKeyEntity, { tenantId, id, revokedAt: null }, { revokedAt: at });
        if (revoked === 0) return false;
        const changes = await endActing(database, tx, { tenantId, actingKey: id }, at);
        await appendTrail(tx, { ...trail, changes: [...trail.changes, ...changes] });
        return true;
      }, 'ends'),

    list: (tenantId, service, endedAfter, limit) =>
      database.read(async (em) => {
        const rows = await em.find(
          ServiceKeyEntity,
          {
            tenantId,
            service,
            $and: [
              { $or: [{ revokedAt: null }, { revokedAt: { $gte: endedAfter } }] },
              { $or: [{ expiresAt: null }, { expiresAt: { $gte: endedAfter } }] },
            ],
          },
          { ...PLAIN, orderBy: { createdAt: 'desc', id: 'desc' }, limit },
        );
        return rows.map(keyFrom);
      }),
  };
}
