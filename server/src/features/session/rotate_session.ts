import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Random } from '../../kernel/random.ts';
import { digestOf, newSessionId } from '../../kernel/secret.ts';
import { auditEvent } from '../audit/audit.ts';
import type { Session } from './session.ts';
import type { SessionStore } from './store.ts';
import type { VerifySession } from './verify_session.ts';

/** Errors: SESSION_REJECTED, CONCURRENT_CHANGE. */
export type RotateSession = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly sessionId: string;
}) => Promise<{ readonly sessionId: string; readonly session: Session }>;

/** Gives an active session a new session_id and refuses the old one at once; the handle stays (spec SES-6). */
export function rotateSession(deps: {
  readonly sessions: Pick<SessionStore, 'replace'>;
  readonly verify: VerifySession;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
}): RotateSession {
  return async ({ tenantId, actor, sessionId: presented }) => {
    const verdict = await deps.verify(tenantId, presented);
    if (!verdict.active) throw new TrustError('SESSION_REJECTED');
    const before = verdict.session;
    const sessionId = newSessionId(deps.random);
    const session = { ...before, digest: digestOf('session_id', sessionId), version: before.version + 1 };
    const { handle, version, identityId } = session;
    const event = auditEvent({ tenantId, name: actor }, deps.clock(), deps.newId, 'session.rotated', {
      identityId,
      subject: handle,
    });
    const changes = [{ tenantId, kind: 'session' as const, handle, version, revoked: false }];
    // Not tried again: after a concurrent rotation the presented session_id is no longer this session's.
    if (!(await deps.sessions.replace(before, session, { changes, events: [event] }))) {
      throw new TrustError('CONCURRENT_CHANGE');
    }
    return { sessionId, session };
  };
}
