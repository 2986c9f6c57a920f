import type { Change } from '../features/change/change.ts';
import type { Scope, Service } from '../features/service_key/service_key.ts';
import { certificateKey } from '../features/service_key/service_key.ts';
import type { ServiceStore } from '../features/service_key/store.ts';
import { endActing } from './acting.ts';
import { type Database, lock } from './database.ts';
import type { Transaction } from './dialects/dialect.ts';
import { ServiceCertificateEntity, ServiceEntity, ServiceKeyEntity, type ServiceRow } from './entities/service.ts';
import { listFrom, toJson } from './json.ts';
import type { AppendTrail } from './trail.ts';

const PLAIN = { disableIdentityMap: true } as const;

export function serviceFrom(row: ServiceRow): Service {
  return {
    tenantId: row.tenantId,
    name: row.name,
    scopes: listFrom(row.scopes) as readonly Scope[],
    audiences: listFrom(row.audiences),
    certificateNames: listFrom(row.certificateNames),
    createdAt: row.createdAt,
  };
}

/** Waits until no other transaction writes this service or its keys. */
export const lockService = (database: Database, tx: Transaction, tenantId: string, name: string): Promise<void> =>
  lock(database, tx, `service ${tenantId} ${name}`);

export function serviceStore(database: Database, appendTrail: AppendTrail): ServiceStore {
  return {
    put: (service, trail) =>
      database.write(async (tx) => {
        const { tenantId, name, scopes, audiences, certificateNames } = service;
        await lockService(database, tx, tenantId, name);
        const key = { tenantId, name };
        const facts = {
          scopes: toJson(scopes),
          audiences: toJson(audiences),
          certificateNames: toJson(certificateNames),
        };
        const stored = await tx.findOne(ServiceEntity, key, PLAIN);
        const createdAt = stored?.createdAt ?? service.createdAt;
        if (stored === null) await tx.insert(ServiceEntity, { ...key, ...facts, createdAt });
        else await tx.nativeUpdate(ServiceEntity, key, facts);
        await tx.nativeDelete(ServiceCertificateEntity, { tenantId, service: name });
        const names = [...new Set(certificateNames)];
        if (names.length > 0) {
          await tx.insertMany(
            ServiceCertificateEntity,
            names.map((certificateName) => ({ tenantId, service: name, certificateName })),
          );
        }
        await appendTrail(tx, trail);
        return { ...service, createdAt };
      }),

    read: (tenantId, name) =>
      database.read(async (em) => {
        const row = await em.findOne(ServiceEntity, { tenantId, name }, PLAIN);
        return row === null ? undefined : serviceFrom(row);
      }),

    list: (tenantId, limit, after) =>
      database.read(async (em) => {
        const where = { tenantId, name: { $gt: after } };
        const rows = await em.find(ServiceEntity, where, { ...PLAIN, orderBy: { name: 'asc' }, limit });
        return rows.map(serviceFrom);
      }),

    remove: (tenantId, name, trail, at) =>
      database.write(async (tx) => {
        await lockService(database, tx, tenantId, name);
        if ((await tx.nativeDelete(ServiceEntity, { tenantId, name })) === 0) return false;
        await tx.nativeDelete(ServiceCertificateEntity, { tenantId, service: name });
        const keys = await tx.find(ServiceKeyEntity, { tenantId, service: name }, PLAIN);
        const ended: Change[] = [];
        for (const actingKey of [...keys.map(({ id }) => id), certificateKey(name)])
          ended.push(...(await endActing(database, tx, { tenantId, actingKey }, at)));
        await tx.nativeDelete(ServiceKeyEntity, { tenantId, service: name });
        await appendTrail(tx, { ...trail, changes: [...trail.changes, ...ended] });
        return true;
      }, 'ends'),

    readByCertificateNames: async (names) => {
      if (names.length === 0) return [];
      const rows = await database.reader.rows(
        {
          name: 'services_by_certificate',
          sql: `select s.tenant_id, s.name, s.scopes, s.audiences, s.certificate_names, s.created_at from {service} s
            join (select distinct tenant_id, service from {service_certificate}
              where certificate_name ${database.dialect.anyOf(1)}) c on c.tenant_id = s.tenant_id and c.service = s.name
            order by s.tenant_id, s.name`,
        },
        [database.dialect.list(names)],
      );
      return rows.map(([tenantId, name, scopes, audiences, certificateNames, createdAt]) =>
        serviceFrom({ tenantId, name, scopes, audiences, certificateNames, createdAt } as ServiceRow),
      );
    },
  };
}
