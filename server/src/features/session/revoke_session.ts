import { TrustError } from '../../errors/trust_error.ts';
import type { Clock, Instant } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { digestOf, isSecret } from '../../kernel/secret.ts';
import { auditEvent } from '../audit/audit.ts';
import type { Session } from './session.ts';
import type { SessionStore } from './store.ts';

/** Which session: by its secret, or by its handle and, where given, only if that identity owns it (spec SES-12). */
export type RevokeTarget =
  | { readonly sessionId: string }
  | { readonly handle: string; readonly identityId?: string | undefined };

export type RevokeSessionInput = {
  readonly tenantId: string;
  /** Name of the actor in the audit trail. */
  readonly actor: string;
  readonly target: RevokeTarget;
};

/** Handle and version of the end; `''` and 0 where the session_id is no session's. Errors: SESSION_NOT_FOUND (by handle), CONCURRENT_CHANGE. */
export type RevokeSession = (
  input: RevokeSessionInput,
) => Promise<{ readonly handle: string; readonly version: number }>;

/** How often a change is tried against concurrent ones before the caller is told. */
const ATTEMPTS = 5;

/** Ends one session; ending an ended one succeeds. The end is durable when the promise is kept (spec SES-5). */
export function revokeSession(deps: {
  readonly sessions: Pick<SessionStore, 'readByDigest' | 'readByHandle' | 'replace'>;
  readonly clock: Clock;
  readonly newId: NewId;
}): RevokeSession {
  const find = async (tenantId: string, target: RevokeTarget): Promise<Session | undefined> => {
    if ('sessionId' in target) {
      if (!isSecret('session_id', target.sessionId)) return undefined;
      return (await deps.sessions.readByDigest(tenantId, digestOf('session_id', target.sessionId)))?.session;
    }
    const session = (await deps.sessions.readByHandle(tenantId, target.handle))?.session;
    const owned = target.identityId === undefined || session?.identityId === target.identityId;
    if (session === undefined || !owned) throw new TrustError('SESSION_NOT_FOUND');
    return session;
  };

  return async ({ tenantId, actor, target }) => {
    let session = await find(tenantId, target);
    for (let attempt = 0; attempt < ATTEMPTS && session !== undefined; attempt++) {
      if (session.revokedAt !== undefined) return { handle: session.handle, version: session.version };
      const now = deps.clock();
      const ended = withEnd(session, now);
      const trail = {
        changes: [{ tenantId, kind: 'session' as const, handle: ended.handle, version: ended.version, revoked: true }],
        events: [
          auditEvent({ tenantId, name: actor }, now, deps.newId, 'session.revoked', {
            identityId: ended.identityId,
            subject: ended.handle,
          }),
        ],
      };
      if (await deps.sessions.replace(session, ended, trail)) return { handle: ended.handle, version: ended.version };
      // Again by handle: a session_id that was rotated away meanwhile still named this session when the call came.
      session = (await deps.sessions.readByHandle(tenantId, session.handle))?.session;
    }
    if (session !== undefined) throw new TrustError('CONCURRENT_CHANGE');
    return { handle: '', version: 0 };
  };
}

/** The session once ended (spec SES-3). */
function withEnd(session: Session, now: Instant): Session {
  return { ...session, version: session.version + 1, revokedAt: now };
}
