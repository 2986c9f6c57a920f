import { raw } from '@mikro-orm/sql';
import { MAX_USE_GRAIN, type Session, type SessionWithIdentity, USE_SHARE } from '../features/session/session.ts';
import type { ActiveFilter, SessionLimit, SessionStore, SessionUse } from '../features/session/store.ts';
import { pageOf } from '../kernel/page.ts';
import { endActing } from './acting.ts';
import { batched } from './batches.ts';
import { type Database, lock, undo } from './database.ts';
import type { Transaction } from './dialects/dialect.ts';
import { SessionEntity } from './entities/session.ts';
import { holdMembership } from './organisation_store.ts';
import { afterPosition } from './page.ts';
import { inserting, replacing } from './say.ts';
import { columnsOf, foundFrom, SESSION_BY_HANDLE, sessionFrom, sessionsByDigest } from './session_row.ts';
import type { AppendTrail } from './trail.ts';

const PLAIN = { disableIdentityMap: true } as const;

const whereActive = ({ tenantId, identityId, epoch, now }: ActiveFilter) => ({
  tenantId,
  identityId,
  epoch,
  revokedAt: null,
  expiresAt: { $gt: now },
  [raw((alias) => `${alias}.last_used_at + ${alias}.idle_timeout`)]: { $gt: now },
});

/** `useGrain` of a row. */
const USE_GRAIN = `case when session.idle_timeout < ${USE_SHARE * MAX_USE_GRAIN} then session.idle_timeout / ${USE_SHARE} else ${MAX_USE_GRAIN} end`;

const MAX_BATCH = 256;
const USES_PER_STATEMENT = 500;

export function sessionStore(database: Database, appendTrail: AppendTrail): SessionStore {
  const { dialect, reader } = database;
  const byDigest = sessionsByDigest(dialect);
  const insert = inserting(database, SessionEntity);
  const replace = replacing(database, SessionEntity, {
    key: ['tenantId', 'handle', 'version'],
    kept: ['lastUsedAt', 'organisationId'],
  });

  type Question = { readonly tenantId: string; readonly digest: string };

  async function readTenant(tenantId: string, digests: readonly string[]): Promise<Map<string, SessionWithIdentity>> {
    const found = new Map<string, SessionWithIdentity>();
    for (const row of await reader.rows(byDigest, [dialect.list(digests), tenantId])) {
      const session = foundFrom(row);
      found.set(session.session.digest, session);
    }
    return found;
  }

  async function readBatch(questions: readonly Question[]): Promise<readonly (SessionWithIdentity | undefined)[]> {
    const digests = new Map<string, string[]>();
    for (const { tenantId, digest } of questions) {
      const ofTenant = digests.get(tenantId);
      if (ofTenant === undefined) digests.set(tenantId, [digest]);
      else ofTenant.push(digest);
    }
    const found = new Map<string, Map<string, SessionWithIdentity>>();
    for (const [tenantId, ofTenant] of digests) found.set(tenantId, await readTenant(tenantId, ofTenant));
    return questions.map(({ tenantId, digest }) => found.get(tenantId)?.get(digest));
  }

  async function raiseUses(uses: readonly SessionUse[], onlyIf = ''): Promise<void> {
    const latest = latestUses(uses);
    for (let start = 0; start < latest.length; start += USES_PER_STATEMENT) {
      const some = latest.slice(start, start + USES_PER_STATEMENT);
      await database.write((tx) =>
        tx.execute(
          database.sql(
            dialect.updateBy({
              table: '{session} as session',
              columns: ['given_tenant_id', 'given_handle', 'given_used_at'],
              rows: some.length,
              set: 'last_used_at = given_used_at',
              where: `session.tenant_id = given_tenant_id and session.handle = given_handle and session.last_used_at < given_used_at ${onlyIf}`,
            }),
          ),
          some.flatMap(({ tenantId, handle, usedAt }) => [tenantId, handle, usedAt]),
          'run',
        ),
      );
    }
  }

  /** Ends the oldest of the active sessions beyond the limit; answers what to write for them. */
  async function makeRoom(tx: Transaction, { tenantId, identityId, epoch }: Session, limit: SessionLimit) {
    const { most, now, ending } = limit;
    await lock(database, tx, `sessions ${tenantId} ${identityId}`);
    const orderBy = { createdAt: 'asc', handle: 'asc' } as const;
    // Others who act for the person take no place of theirs.
    const where = { ...whereActive({ tenantId, identityId, epoch, now }), acting: null };
    const rows = await tx.find(SessionEntity, where, { ...PLAIN, orderBy });
    const surplus = rows.slice(0, Math.max(0, rows.length + 1 - most)).map(sessionFrom);
    if (surplus.length > 0 && ending === undefined) return 'too_many';
    for (const { handle, version } of surplus) {
      const key = { tenantId, handle, version, revokedAt: null };
      const done = await tx.nativeUpdate(SessionEntity, key, { version: version + 1, revokedAt: now });
      if (done === 0) undo('changed');
    }
    const sent = await Promise.all(
      surplus.map(({ handle }) => endActing(database, tx, { tenantId, parentHandle: handle }, now)),
    );
    return [...surplus.flatMap((oldest) => ending?.(oldest) ?? []), { changes: sent.flat(), events: [] }];
  }

  const ask = batched(readBatch, { lanes: dialect.lanes, maxBatch: MAX_BATCH });

  return {
    insert: (session, trail, limit) =>
      database.write<'ok' | 'too_many' | 'changed'>(async (tx) => {
        const ended = limit === undefined ? [] : await makeRoom(tx, session, limit);
        if (ended === 'too_many') return ended;
        const { tenantId, identityId, organisationId } = session;
        const member =
          organisationId !== undefined &&
          (await holdMembership(database, tx, { tenantId, organisationId, identityId }));
        await insert(tx, [{ ...columnsOf(session), ...(!member && { organisationId: null }) }]);
        await appendTrail(tx, {
          ...trail,
          changes: [...trail.changes, ...ended.flatMap(({ changes }) => changes)],
          events: [...ended.flatMap(({ events }) => events), ...trail.events],
        });
        return 'ok';
      }),

    readByDigest: (tenantId, digest) => ask({ tenantId, digest }),

    readByHandle: async (tenantId, handle) => {
      const [row] = await reader.rows(SESSION_BY_HANDLE, [tenantId, handle]);
      return row === undefined ? undefined : foundFrom(row);
    },

    replace: (before, after, trail) =>
      database.write(
        async (tx) => {
          if (!(await replace(tx, before, columnsOf(after)))) return false;
          const { tenantId, handle } = after;
          const ended = after.revokedAt !== undefined && before.revokedAt === undefined;
          const changes = ended
            ? await endActing(database, tx, { tenantId, parentHandle: handle }, after.revokedAt)
            : [];
          await appendTrail(tx, { ...trail, changes: [...trail.changes, ...changes] });
          return true;
        },
        after.revokedAt === undefined ? undefined : 'ends',
      ),

    listActive: ({ tenantId, identityId, epoch, now }, { limit, after }) =>
      database.read(async (em) => {
        const rows = await em.find(
          SessionEntity,
          { ...whereActive({ tenantId, identityId, epoch, now }), ...afterPosition('createdAt', 'handle', after) },
          { ...PLAIN, orderBy: { createdAt: 'desc', handle: 'desc' }, limit: limit + 1 },
        );
        return pageOf(rows.map(sessionFrom), limit, (session) => ({ at: session.createdAt, id: session.handle }));
      }),

    recordUse: async (uses) => {
      await raiseUses(uses.filter(({ reported }) => !reported));
      await raiseUses(
        uses.filter(({ reported }) => reported),
        `and given_used_at < session.last_used_at + session.idle_timeout and given_used_at >= session.last_used_at + ${USE_GRAIN}`,
      );
    },
  };
}

/** One use a session, the latest; in an order that all nodes share, so that they do not lock each other out. */
function latestUses(uses: readonly SessionUse[]): readonly SessionUse[] {
  const latest = new Map<string, SessionUse>();
  for (const use of uses) {
    const key = `${use.tenantId} ${use.handle}`;
    if ((latest.get(key)?.usedAt ?? 0) < use.usedAt) latest.set(key, use);
  }
  return [...latest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, use]) => use);
}
