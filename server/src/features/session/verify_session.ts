import type { Clock, Instant } from '../../kernel/clock.ts';
import { digestOf, isSecret } from '../../kernel/secret.ts';
import { writeBehind } from '../../kernel/write_behind.ts';
import type { ClientFacts } from '../session_binding/binding.ts';
import type { Mismatches } from '../session_binding/mismatches.ts';
import { judge, type Session, type SessionWithIdentity, useGrain, type Verdict } from './session.ts';
import type { SessionStore, SessionUse } from './store.ts';

/**
 * Turns a session_id into a verdict. Fails only when no decision could be made. Whoever answers that somebody is there gives the client, which a bound
 * session must fit; what a backend does for whom it has verified needs none.
 */
export type VerifySession = (tenantId: string, sessionId: string, client?: ClientFacts) => Promise<Verdict>;

/** Turns a session's handle into a verdict, for callers that hold proof of the session other than its session_id. */
export type VerifySessionHandle = (tenantId: string, handle: string) => Promise<Verdict>;

/** Uses noted but not yet written. The owner flushes every 5 s and when the server drains (spec SES-9). */
export type SessionUses = {
  note(session: Pick<Session, 'tenantId' | 'handle' | 'lastUsedAt' | 'idleTimeout'>, usedAt: Instant): void;
  /** Notes a use that an SDK tells of. It counts for a session of that tenant only, and wakes none that was idle for too long. */
  report(tenantId: string, handle: string, usedAt: Instant): void;
  /** The session with the latest use that this node knows of. */
  withNoted(session: Session): Session;
  /** Writes what is noted. A failure is the schedule's to log: the uses stay noted for the next flush. */
  flush(): Promise<void>;
  readonly size: number;
};

type Deps = {
  readonly clock: Clock;
  readonly uses: Pick<SessionUses, 'note' | 'withNoted'>;
  readonly mismatches: Pick<Mismatches, 'note'>;
};

/** A malformed session_id is answered without the store (spec SEC-4, SES-2). */
export function verifySession(deps: Deps & { readonly sessions: Pick<SessionStore, 'readByDigest'> }): VerifySession {
  return async (tenantId, sessionId, client) => {
    if (!isSecret('session_id', sessionId)) return { active: false, reason: 'MALFORMED' };
    return decide(deps, await deps.sessions.readByDigest(tenantId, digestOf('session_id', sessionId)), client);
  };
}

export function verifySessionHandle(
  deps: Deps & { readonly sessions: Pick<SessionStore, 'readByHandle'> },
): VerifySessionHandle {
  return async (tenantId, handle) => decide(deps, await deps.sessions.readByHandle(tenantId, handle));
}

/** The clock is taken after the look-up; an active verdict counts as a use (spec SES-9). */
function decide(
  { clock, uses, mismatches }: Deps,
  found: SessionWithIdentity | undefined,
  client?: ClientFacts,
): Verdict {
  const now = clock();
  const verdict = judge(found && { ...found, session: uses.withNoted(found.session) }, now, client);
  if (verdict.active) uses.note(verdict.session, now);
  else if (verdict.reason === 'CLIENT_MISMATCH' && found && client) mismatches.note(found.session, client);
  return verdict;
}

/** At most `limit` sessions are noted; uses of further ones are let go until there is room, so that an ailing database costs no memory. */
export function sessionUses(deps: {
  readonly sessions: Pick<SessionStore, 'recordUse'>;
  readonly limit?: number;
  readonly batch?: number;
}): SessionUses {
  const buffer = writeBehind<SessionUse>({
    write: (uses) => deps.sessions.recordUse(uses),
    limit: deps.limit ?? 200_000,
    batch: deps.batch ?? 500,
  });
  return {
    note({ tenantId, handle, lastUsedAt, idleTimeout }, usedAt) {
      if (usedAt - lastUsedAt < useGrain(idleTimeout)) return;
      buffer.note(`${tenantId} ${handle}`, { tenantId, handle, usedAt });
    },
    report(tenantId, handle, usedAt) {
      const key = `${tenantId} ${handle} reported`;
      if ((buffer.get(key)?.usedAt ?? 0) < usedAt) buffer.note(key, { tenantId, handle, usedAt, reported: true });
    },
    withNoted(session) {
      const key = `${session.tenantId} ${session.handle}`;
      const seen = Math.max(session.lastUsedAt, buffer.get(key)?.usedAt ?? 0);
      const reported = buffer.get(`${key} reported`)?.usedAt ?? 0;
      const lastUsedAt = reported < seen + session.idleTimeout ? Math.max(seen, reported) : seen;
      return lastUsedAt > session.lastUsedAt ? { ...session, lastUsedAt } : session;
    },
    flush: () => buffer.flush(),
    get size() {
      return buffer.size;
    },
  };
}
