import type { AuditEvent } from '../../server/src/features/audit/audit.ts';
import type { AuditStore } from '../../server/src/features/audit/store.ts';
import type { Change, Trail } from '../../server/src/features/change/change.ts';
import type { ChangeStore } from '../../server/src/features/change/store.ts';
import type { Identifier, Identity } from '../../server/src/features/identity/identity.ts';
import type { IdentityStore } from '../../server/src/features/identity/store.ts';
import type { PasswordStore } from '../../server/src/features/password/store.ts';
import { isLive, type Service, type ServiceKey } from '../../server/src/features/service_key/service_key.ts';
import type { ServiceKeyStore, ServiceStore } from '../../server/src/features/service_key/store.ts';
import { type Session, type SessionWithIdentity, useGrain } from '../../server/src/features/session/session.ts';
import type { SessionStore } from '../../server/src/features/session/store.ts';
import type { SignInCode } from '../../server/src/features/sign_in/sign_in_code.ts';
import type { SignInCodeStore } from '../../server/src/features/sign_in/store.ts';
import { retired, type SigningKey } from '../../server/src/features/signing_key/signing_key.ts';
import type { SigningKeyStore } from '../../server/src/features/signing_key/store.ts';
import { carryOut, dueOf, lifted, makeRoom } from './memory_cascade.ts';
import { memoryEndings } from './memory_endings.ts';
import { memoryKnownDevices } from './memory_known_devices.ts';
import { memoryMailProofs } from './memory_mail_proofs.ts';
import { memoryMfa } from './memory_mfa.ts';
import { memoryOauth } from './memory_oauth.ts';
import { memoryOrganisations } from './memory_organisations.ts';
import { memoryOutbox } from './memory_outbox.ts';
import { paged } from './memory_page.ts';
import { memoryRateLimits } from './memory_rate_limits.ts';
import { memoryTenants } from './memory_tenants.ts';

export type MemoryStores = ReturnType<typeof memoryStores>;

/**
 * Every port of the features over plain maps, for unit tests: compare-and-set as the ports' comments say, trails kept in `feed` and
 * `events`. `calls` names each call (`sessions.readByDigest`); `control.failure` makes every call fail; `control.before` runs ahead of a
 * call and may change things or throw, as a concurrent caller or a broken database would.
 */
export function memoryStores(clock: () => number = () => 0) {
  const sessions = new Map<string, Session>();
  const identities = new Map<string, Identity>();
  const passwords = new Map<string, string>();
  const codes = new Map<string, { code: SignInCode; sessionHandle: string | undefined; replayed: boolean }>();
  const services = new Map<string, Service>();
  const serviceKeys = new Map<string, ServiceKey>();
  const signingKeys = new Map<string, SigningKey>();
  const feed: Change[] = [];
  const events: AuditEvent[] = [];
  const wakes = new Set<(own: readonly Change[]) => void>();
  const calls: string[] = [];
  const control: { failure: Error | undefined; before: ((call: string) => void | Promise<void>) | undefined } = {
    failure: undefined,
    before: undefined,
  };

  const append = (trail: Trail) => {
    const changes = [
      ...trail.changes,
      ...(trail.ending === undefined ? [] : carryOut({ identities, sessions, codes, mfa }, trail.ending)),
    ];
    feed.push(...changes);
    events.push(...trail.events);
    mails.queue(trail.mails ?? []);
    if (changes.length > 0) for (const wake of wakes) wake(changes);
  };
  const mails = memoryOutbox(append);

  /** Names each call in `calls` and lets `control` act ahead of it. */
  const watched = <T extends object>(name: string, port: T): T =>
    Object.fromEntries(
      Object.entries(port).map(([method, run]) => [
        method,
        async (...args: unknown[]) => {
          calls.push(`${name}.${method}`);
          await control.before?.(`${name}.${method}`);
          if (control.failure !== undefined) throw control.failure;
          return run(...args);
        },
      ]),
    ) as T;

  const organisations = memoryOrganisations({ sessions, identities, append });
  const withIdentity = (session: Session | undefined): SessionWithIdentity | undefined => {
    if (session === undefined) return undefined;
    const found = identities.get(key(session.tenantId, session.identityId));
    const organisation = organisations.facts(session.tenantId, session.organisationId, session.identityId);
    if (found === undefined) return { session, identity: undefined, organisation };
    const { id, displayName, roles, metadata, epoch, version } = found;
    const active = found.active || found.lockedUntil !== undefined;
    return { session, identity: { id, displayName, roles, metadata, epoch, version, active }, organisation };
  };

  const sessionStore: SessionStore = {
    async insert(session, trail, limit) {
      if (limit !== undefined) {
        const room = makeRoom(sessions, session, limit);
        if (room === undefined) return 'too_many';
        for (const trail of room) append(trail);
      }
      const clash = [...sessions.values()].some((other) => same(other, session) && other.digest === session.digest);
      if (clash || sessions.has(key(session.tenantId, session.handle))) throw new Error('unique violation');
      sessions.set(key(session.tenantId, session.handle), session);
      append(trail);
      return 'ok';
    },
    async readByDigest(tenantId, digest) {
      return withIdentity([...sessions.values()].find((row) => row.tenantId === tenantId && row.digest === digest));
    },
    async readByHandle(tenantId, handle) {
      return withIdentity(sessions.get(key(tenantId, handle)));
    },
    async replace(before, after, trail) {
      const stored = sessions.get(key(before.tenantId, before.handle));
      if (stored?.version !== before.version) return false;
      sessions.set(key(before.tenantId, before.handle), {
        ...after,
        lastUsedAt: stored.lastUsedAt,
        organisationId: stored.organisationId,
      });
      append(trail);
      return true;
    },
    async listActive({ tenantId, identityId, epoch, now }, query) {
      const rows = [...sessions.values()].filter(
        (row) =>
          row.tenantId === tenantId &&
          row.identityId === identityId &&
          row.epoch === epoch &&
          row.revokedAt === undefined &&
          now < row.expiresAt &&
          now < row.lastUsedAt + row.idleTimeout,
      );
      return paged(rows, query, (row) => ({ at: row.createdAt, id: row.handle }));
    },
    async recordUse(uses) {
      for (const use of uses) {
        const stored = sessions.get(key(use.tenantId, use.handle));
        if (stored === undefined) continue;
        const idle = use.usedAt - stored.lastUsedAt;
        if (use.reported && (idle >= stored.idleTimeout || idle < useGrain(stored.idleTimeout))) continue;
        const lastUsedAt = Math.max(stored.lastUsedAt, use.usedAt);
        sessions.set(key(use.tenantId, use.handle), { ...stored, lastUsedAt });
      }
    },
  };

  const holds = (identity: Identity, one: Pick<Identifier, 'type' | 'value'>) =>
    identity.identifiers.some((other) => other.type === one.type && other.value === one.value);
  const taken = (identity: Identity) =>
    [...identities.values()].some(
      (other) => same(other, identity) && other.id !== identity.id && identity.identifiers.some((i) => holds(other, i)),
    );

  const identityStore: IdentityStore = {
    async insert(identity, trail, passwordHash) {
      if (taken(identity)) return 'identifier_taken';
      identities.set(key(identity.tenantId, identity.id), identity);
      if (passwordHash !== undefined) passwords.set(key(identity.tenantId, identity.id), passwordHash);
      append(trail);
      return 'ok';
    },
    async read(tenantId, id) {
      return lifted(identities.get(key(tenantId, id)), clock());
    },
    async readByIdentifier(tenantId, type, value) {
      const found = [...identities.values()].find((row) => row.tenantId === tenantId && holds(row, { type, value }));
      return lifted(found, clock());
    },
    async replace(before, after, trail, hash) {
      if (identities.get(key(before.tenantId, before.id))?.version !== before.version) return 'changed';
      if (taken(after)) return 'identifier_taken';
      identities.set(key(before.tenantId, before.id), after);
      if (hash !== undefined) passwords.set(key(before.tenantId, before.id), hash);
      append(trail);
      return 'ok';
    },
    async remove(before, trail) {
      if (identities.get(key(before.tenantId, before.id))?.version !== before.version) return false;
      identities.delete(key(before.tenantId, before.id));
      passwords.delete(key(before.tenantId, before.id));
      organisations.forget(before);
      for (const [id, row] of sessions) if (same(row, before) && row.identityId === before.id) sessions.delete(id);
      append(trail);
      return true;
    },
    due: async (now, limit) => dueOf(identities, now, limit),
    async list(tenantId, query) {
      const rows = [...identities.values()].filter((row) => row.tenantId === tenantId);
      return paged(rows, query, (row) => ({ at: row.createdAt, id: row.id }));
    },
  };

  const passwordStore: PasswordStore = {
    async read(tenantId, identityId) {
      return passwords.get(key(tenantId, identityId));
    },
    async set(before, after, hash, trail) {
      if (identities.get(key(before.tenantId, before.id))?.version !== before.version) return false;
      identities.set(key(before.tenantId, before.id), after);
      passwords.set(key(before.tenantId, before.id), hash);
      append(trail);
      return true;
    },
    async rehash(tenantId, identityId, from, to) {
      if (passwords.get(key(tenantId, identityId)) === from) passwords.set(key(tenantId, identityId), to);
    },
  };

  const signInCodeStore: SignInCodeStore = {
    async insert(code, trail) {
      codes.set(key(code.tenantId, code.digest), { code, sessionHandle: undefined, replayed: false });
      append(trail);
    },
    async spend(tenantId, digest, sessionHandle) {
      const row = codes.get(key(tenantId, digest));
      if (row === undefined) return undefined;
      const first = row.sessionHandle === undefined;
      if (!first) row.replayed = true;
      row.sessionHandle ??= sessionHandle;
      return { code: row.code, first, sessionHandle: row.sessionHandle };
    },
    async wasReplayed(tenantId, digest) {
      return codes.get(key(tenantId, digest))?.replayed ?? false;
    },
  };

  const serviceStore: ServiceStore = {
    async put(service, trail) {
      const createdAt = services.get(key(service.tenantId, service.name))?.createdAt ?? service.createdAt;
      const stored = { ...service, createdAt };
      services.set(key(service.tenantId, service.name), stored);
      append(trail);
      return stored;
    },
    async read(tenantId, name) {
      return services.get(key(tenantId, name));
    },
    async list(tenantId, limit, after) {
      const rows = [...services.values()].filter((row) => row.tenantId === tenantId && row.name > after);
      return rows.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, limit);
    },
    async remove(tenantId, name, trail) {
      if (!services.delete(key(tenantId, name))) return false;
      for (const row of keysOf(tenantId, name)) serviceKeys.delete(row.id);
      append(trail);
      return true;
    },
    async readByCertificateNames(names) {
      return [...services.values()].filter((row) => row.certificateNames.some((name) => names.includes(name)));
    },
  };

  const keysOf = (tenantId: string, service: string) =>
    [...serviceKeys.values()].filter((row) => row.tenantId === tenantId && row.service === service);

  const serviceKeyStore: ServiceKeyStore = {
    async insert(added, now, maxLive, trail) {
      if (!services.has(key(added.tenantId, added.service))) return 'no_service';
      if (keysOf(added.tenantId, added.service).filter((row) => isLive(row, now)).length >= maxLive) return 'limit';
      serviceKeys.set(added.id, added);
      append(trail);
      return 'ok';
    },
    async readWithService(id) {
      const found = serviceKeys.get(id);
      const service = found && services.get(key(found.tenantId, found.service));
      return found && service && { key: found, service };
    },
    async read(tenantId, id) {
      const found = serviceKeys.get(id);
      return found?.tenantId === tenantId ? found : undefined;
    },
    async rotate(previous, next, previousEndsAt, now, maxLive, trail) {
      const stored = serviceKeys.get(previous.id);
      if (stored === undefined || stored.revokedAt !== undefined || stored.expiresAt !== previous.expiresAt) {
        return 'changed';
      }
      const live = keysOf(next.tenantId, next.service).filter((row) => row.id !== previous.id && isLive(row, now));
      if (live.length + (now < previousEndsAt ? 1 : 0) >= maxLive) return 'limit';
      serviceKeys.set(previous.id, { ...stored, expiresAt: previousEndsAt });
      serviceKeys.set(next.id, next);
      append(trail);
      return 'ok';
    },
    async revoke(tenantId, id, at, trail) {
      const stored = serviceKeys.get(id);
      if (stored?.tenantId !== tenantId || stored.revokedAt !== undefined) return false;
      serviceKeys.set(id, { ...stored, revokedAt: at });
      append(trail);
      return true;
    },
    async list(tenantId, service, endedAfter, limit) {
      const rows = keysOf(tenantId, service).filter(
        (row) => (row.revokedAt ?? endedAfter) >= endedAfter && (row.expiresAt ?? endedAfter) >= endedAfter,
      );
      return paged(rows, { limit }, (row) => ({ at: row.createdAt, id: row.id })).rows;
    },
  };
  const signingKeysOf = (tenantId: string) => [...signingKeys.values()].filter((row) => row.tenantId === tenantId);

  const retireKeys = (tenantId: string, at: number) =>
    signingKeysOf(tenantId)
      .filter(({ state }) => state !== 'retired')
      .map((row) => {
        signingKeys.set(key(tenantId, row.kid), retired(row, at));
        return row.kid;
      });

  const signingKeyStore: SigningKeyStore = {
    async list(tenantId) {
      const rows = signingKeysOf(tenantId);
      return paged(rows, { limit: rows.length }, (row) => ({ at: row.createdAt, id: row.kid })).rows;
    },
    async apply(tenantId, known, inserts, updates, trail) {
      const rows = signingKeysOf(tenantId);
      if (rows.some((row) => !known.includes(row.kid))) return false;
      if (updates.some(({ before }) => signingKeys.get(key(tenantId, before.kid))?.state !== before.state))
        return false;
      for (const row of [...inserts, ...updates.map(({ after }) => after)])
        signingKeys.set(key(tenantId, row.kid), row);
      append(trail);
      return true;
    },
  };

  const auditStore: AuditStore = {
    async append(added) {
      events.push(...added);
    },
    ...memoryEndings(events),
    async list({ tenantId, identityId, action }, query) {
      const rows = events.filter(
        (row) =>
          row.tenantId === tenantId &&
          (identityId === undefined || row.identityId === identityId) &&
          (action === undefined || row.action === action),
      );
      return paged(rows, query, ({ at, id }) => ({ at, id }));
    },
  };

  const changeStore: ChangeStore = {
    async readAfter(position, limit) {
      const rows = feed.map((change, index) => ({ position: index + 1, change }));
      return { databaseTime: Date.now(), rows: rows.filter((row) => row.position > position).slice(0, limit) };
    },
    async readGaps() {
      return { databaseTime: Date.now(), rows: [], oldest: 0, next: 0 };
    },
    async positionBefore() {
      return 0;
    },
    async readRecent(tenantId, _age, position, limit) {
      const rows = feed.map((change, index) => ({ position: index + 1, change }));
      return rows.filter((row) => row.position > position && row.change.tenantId === tenantId).slice(0, limit);
    },
    prune: async () => 0,
    listen: (wake) => {
      wakes.add(wake);
      return { hears: () => true, end: () => void wakes.delete(wake) };
    },
  };

  const mfa = memoryMfa(append);
  const oauth = memoryOauth(append, identityStore, (tenantId, id) => passwords.has(key(tenantId, id)));
  return {
    pendingSignIns: watched('pendingSignIns', mfa.pendingSignIns),
    mfa: watched('mfa', mfa.mfa),
    passkeys: watched('passkeys', mfa.passkeys),
    organisations: watched('organisations', organisations.store),
    oauth: watched('oauth', oauth),
    sessions: watched('sessions', sessionStore),
    identities: watched('identities', identityStore),
    passwords: watched('passwords', passwordStore),
    rateLimits: watched('rateLimits', memoryRateLimits(clock)),
    signInCodes: watched('signInCodes', signInCodeStore),
    services: watched('services', serviceStore),
    serviceKeys: watched('serviceKeys', serviceKeyStore),
    signingKeys: watched('signingKeys', signingKeyStore),
    tenants: watched('tenants', memoryTenants(append, retireKeys)),
    outbox: watched('outbox', mails.outbox),
    knownDevices: watched('knownDevices', memoryKnownDevices()),
    mailProofs: watched('mailProofs', memoryMailProofs(append)),
    /** Lets mails that were claimed or put off be due again. */
    dueMails: mails.due,
    audit: watched('audit', auditStore),
    changes: { ...watched('changes', changeStore), listen: changeStore.listen },
    /** Every change row, in the order of commits. */
    feed,
    /** Every audit event, in the order of commits. */
    events,
    calls,
    control,
  };
}

const key = (tenantId: string, id: string) => `${tenantId}\n${id}`;
const same = (a: { tenantId: string }, b: { tenantId: string }) => a.tenantId === b.tenantId;
