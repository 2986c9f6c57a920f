import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Random } from '../../kernel/random.ts';
import { digestOf, newSessionId } from '../../kernel/secret.ts';
import { type AuditEvent, auditEvent } from '../audit/audit.ts';
import type { CreatedSession, CreateSession } from '../session/create_session.ts';
import { type Device, judge, type Session } from '../session/session.ts';
import type { SessionStore } from '../session/store.ts';
import type { AnsweredSignIn } from './answer_sign_in.ts';
import type { Proof } from './begin_sign_in.ts';

/** The session of a proof, kept together with `events`. Errors: CREDENTIAL_REJECTED (what was proved holds no more), CONCURRENT_CHANGE. */
export type EndSignIn = (
  proof: Proof | AnsweredSignIn,
  actor: string,
  device: Device,
  events?: readonly AuditEvent[],
) => Promise<CreatedSession>;

/** Makes a session in the epoch of the proof; or gives the session that is stepped up a new session_id (spec MFA-8). */
export function endSignIn(deps: {
  readonly createSession: CreateSession;
  readonly sessions: Pick<SessionStore, 'readByHandle' | 'replace'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
}): EndSignIn {
  const create: EndSignIn = async ({ tenantId, identity, acr, amr, authenticatedAt }, actor, device, events) => {
    try {
      const who = { identityId: identity.id, epoch: identity.epoch };
      return await deps.createSession({ tenantId, actor, ...who, acr, amr, authenticatedAt, device, events });
    } catch (error) {
      if (error instanceof TrustError && error.reason === 'SESSION_REJECTED')
        throw new TrustError('CREDENTIAL_REJECTED');
      throw error;
    }
  };

  const stepUp = async ({ tenantId, acr, amr, authenticatedAt }: Proof, handle: string, actor: string) => {
    const verdict = judge(await deps.sessions.readByHandle(tenantId, handle), deps.clock());
    if (!verdict.active) throw new TrustError('CREDENTIAL_REJECTED');
    const before = verdict.session;
    const sessionId = newSessionId(deps.random);
    const session: Session = {
      ...before,
      digest: digestOf('session_id', sessionId),
      version: before.version + 1,
      acr,
      amr: [...new Set([...before.amr, ...amr])].slice(0, 8),
      authenticatedAt,
    };
    const { version, identityId } = session;
    const event = auditEvent({ tenantId, name: actor }, deps.clock(), deps.newId, 'sign_in.stepped_up', {
      identityId,
      subject: handle,
      facts: { acr },
    });
    const changes = [{ tenantId, kind: 'session' as const, handle, version, revoked: false }];
    if (!(await deps.sessions.replace(before, session, { changes, events: [event] }))) {
      throw new TrustError('CONCURRENT_CHANGE');
    }
    return { sessionId, session, identity: verdict.identity };
  };

  return async (proof, actor, device, events) => {
    const handle = 'sessionHandle' in proof ? proof.sessionHandle : undefined;
    return handle === undefined ? create(proof, actor, device, events) : stepUp(proof, handle, actor);
  };
}
