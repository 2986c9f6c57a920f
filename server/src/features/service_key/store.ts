import type { Instant } from '../../kernel/clock.ts';
import type { Trail } from '../change/change.ts';
import type { Service, ServiceKey } from './service_key.ts';

/** Every write appends its trail in the same transaction. */
export type ServiceStore = {
  /** Inserts or replaces by tenant and name; keeps `createdAt` of the first. */
  put(service: Service, trail: Trail): Promise<Service>;
  read(tenantId: string, name: string): Promise<Service | undefined>;
  /** By name rising; at most `limit` after the name `after`. */
  list(tenantId: string, limit: number, after: string): Promise<readonly Service[]>;
  /** Removes the service and its keys, and ends the sessions in which others act that were begun by it; false if there is none. */
  remove(tenantId: string, name: string, trail: Trail, at: Instant): Promise<boolean>;
  /** The services, of any tenant, that list one of these certificate names. */
  readByCertificateNames(names: readonly string[]): Promise<readonly Service[]>;
};

export type ServiceKeyStore = {
  /** `limit` if the service has `maxLive` live keys at `now` already, counted under a lock; `no_service` if there is none. */
  insert(key: ServiceKey, now: Instant, maxLive: number, trail: Trail): Promise<'ok' | 'limit' | 'no_service'>;
  /** Of any tenant: the id comes from the key that a caller presents. */
  readWithService(id: string): Promise<{ key: ServiceKey; service: Service } | undefined>;
  read(tenantId: string, id: string): Promise<ServiceKey | undefined>;
  /** Inserts `next` and sets the end of `previous` in one step; `changed` if `previous` was revoked or rotated meanwhile; `limit` as in insert. */
  rotate(
    previous: ServiceKey,
    next: ServiceKey,
    previousEndsAt: Instant,
    now: Instant,
    maxLive: number,
    trail: Trail,
  ): Promise<'ok' | 'limit' | 'changed'>;
  /** Sets `revokedAt` if it is not set, and ends the sessions in which others act that were begun by it; false if it was. */
  revoke(tenantId: string, id: string, at: Instant, trail: Trail): Promise<boolean>;
  /** Newest first by creation then id, at most `limit`; leaves out keys that ended before `endedAfter`. */
  list(tenantId: string, service: string, endedAfter: Instant, limit: number): Promise<readonly ServiceKey[]>;
};
