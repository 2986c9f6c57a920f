import { type Clock, DAY, type Instant, MINUTE, type Span } from '../../kernel/clock.ts';
import { idInstant } from '../../kernel/ids.ts';
import { digestOf, isSecret } from '../../kernel/secret.ts';
import type { AuditEvent } from '../audit/audit.ts';
import type { AuditStore } from '../audit/store.ts';
import { judge, type Rejection, type SessionWithIdentity } from '../session/session.ts';
import type { SessionStore } from '../session/store.ts';
import type { SessionUses } from '../session/verify_session.ts';

export type SessionState = 'ACTIVE' | 'ENDED' | 'IDLE_TOO_LONG' | 'EXPIRED' | 'NOT_KNOWN' | 'MALFORMED';

/** What is known of a session (spec AUD-10). */
export type Explanation = {
  readonly state: SessionState;
  /** What Verify answers; undefined where it accepts. */
  readonly reason: Rejection | undefined;
  /** One sentence for people. */
  readonly summary: string;
  readonly handle?: string;
  readonly identityId?: string;
  readonly createdAt?: Instant;
  readonly endedAt?: Instant;
  readonly endedBy?: AuditEvent;
  /** Whether the session itself was deleted, and all of this is from the audit trail. */
  readonly deleted: boolean;
};

export type ExplainTarget = { readonly handle: string } | { readonly sessionId: string };
export type ExplainSession = (tenantId: string, target: ExplainTarget) => Promise<Explanation>;

type Deps = {
  readonly sessions: Pick<SessionStore, 'readByDigest' | 'readByHandle'>;
  readonly uses: Pick<SessionUses, 'withNoted'>;
  readonly audit: Pick<AuditStore, 'endings' | 'beginning'>;
  readonly clock: Clock;
  /** How long sessions are kept after their time-out; undefined means for ever. */
  readonly sessionRetention: Span | undefined;
};

/** Acts of one identity in the life of one session that are looked at. */
const MOST_ENDINGS = 1_000;
/** The instant in a handle and that of the event of its beginning are of one clock, moments apart. */
const NEAR: Span = MINUTE;

/** Explains a verdict without counting as a use. A session_id is looked up by its digest, and goes nowhere else. */
export function explainSession(deps: Deps): ExplainSession {
  const { sessions, uses, audit, clock } = deps;

  async function explainFound({ session: stored, identity }: SessionWithIdentity): Promise<Explanation> {
    const session = uses.withNoted(stored);
    const { handle, identityId, createdAt, expiresAt } = session;
    const verdict = judge({ session, identity }, clock());
    const known = { handle, identityId, createdAt, deleted: false };
    if (verdict.active) {
      const idle = session.lastUsedAt + session.idleTimeout;
      const summary = `The session is active, until ${at(Math.min(expiresAt, idle))} if it is not used.`;
      return { ...known, state: 'ACTIVE', reason: undefined, summary };
    }
    if (verdict.reason === 'EXPIRED') {
      const idle = session.lastUsedAt + session.idleTimeout;
      const endedAt = Math.min(expiresAt, idle);
      const summary =
        idle < expiresAt
          ? `The session ended at ${at(endedAt)}: it was not used for ${session.idleTimeout / 1_000} s.`
          : `The session ended at ${at(endedAt)}, its absolute time-out.`;
      return { ...known, state: idle < expiresAt ? 'IDLE_TOO_LONG' : 'EXPIRED', reason: 'EXPIRED', endedAt, summary };
    }
    const events = await audit.endings(session, MOST_ENDINGS);
    const own = session.revokedAt !== undefined;
    const endedBy = own ? events.find(isOwnEnd(handle)) : events.find((event) => epochOf(event) > session.epoch);
    const endedAt = session.revokedAt ?? endedBy?.at;
    const summary =
      endedBy === undefined
        ? `The session was ended${own ? ` at ${at(session.revokedAt)}` : ''} by an act that is not on record any more.`
        : endWords(endedBy);
    const more = { ...(endedAt !== undefined && { endedAt }), ...(endedBy !== undefined && { endedBy }) };
    return { ...known, ...more, state: 'ENDED', reason: 'REVOKED', summary };
  }

  /** A handle says when it was made, and the audit trail mostly outlives the session. */
  async function explainDeleted(tenantId: string, handle: string): Promise<Explanation> {
    const made = idInstant(handle);
    const begun = await audit.beginning({ tenantId, handle }, made - NEAR, made + NEAR);
    if (begun === undefined) return notKnown('no session of this tenant has, or had, this handle');
    const { identityId, at: createdAt } = begun;
    const events = await audit.endings({ tenantId, handle, identityId, createdAt }, MOST_ENDINGS);
    // The sessions of an identity that is deleted go with it.
    const endedBy = events.find(isOwnEnd(handle)) ?? events.find(({ action }) => action === 'identity.deleted');
    const end = endedBy === undefined ? 'It ended by a time-out or with all of its identity.' : endWords(endedBy);
    return {
      ...notKnown(`the session began at ${at(createdAt)} and was deleted since. ${end}`),
      handle,
      identityId,
      createdAt,
      ...(endedBy && { endedAt: endedBy.at, endedBy }),
      deleted: true,
    };
  }

  function notKnown(what: string): Explanation {
    const { sessionRetention: kept } = deps;
    const words = kept === undefined ? 'for ever' : `for ${kept / DAY} days after their time-out`;
    const summary = `Not known (any more): ${what.replace(/\.$/, '')}. Sessions are kept ${words}.`;
    return { state: 'NOT_KNOWN', reason: 'UNKNOWN', summary, deleted: false };
  }

  return async (tenantId, target) => {
    if ('handle' in target) {
      const found = await sessions.readByHandle(tenantId, target.handle);
      return await (found === undefined ? explainDeleted(tenantId, target.handle) : explainFound(found));
    }
    const { sessionId } = target;
    if (!isSecret('session_id', sessionId)) {
      const summary = 'What was given is no session_id: its length, its alphabet or its checksum is wrong.';
      return { state: 'MALFORMED', reason: 'MALFORMED', summary, deleted: false };
    }
    const found = await sessions.readByDigest(tenantId, digestOf('session_id', sessionId));
    if (found !== undefined) return await explainFound(found);
    return notKnown('no session of this tenant has this session_id; it may have been rotated away, or deleted');
  };
}

const at = (instant: Instant | undefined) => (instant === undefined ? '' : new Date(instant).toISOString());

const isOwnEnd = (handle: string) => (event: AuditEvent) =>
  event.action === 'session.revoked' && event.subject === handle;

/** The epoch that an act has raised its identity to; 0 if it has not. */
const epochOf = ({ facts }: AuditEvent) => Number(facts.epoch ?? 0);

function endWords({ actor, action, at: when, facts: { reason, until } }: AuditEvent): string {
  const what = action === 'session.revoked' ? 'the session' : 'sessions of its identity';
  // What an operator wrote, who reads this too.
  const why = reason === undefined ? '' : ` Reason: ${reason}`;
  const end = action === 'identity.locked' && until !== undefined ? ` The lock ends at ${until}.` : '';
  return `${actor} ended ${what} at ${at(when)} (${action}).${end}${why}`;
}
