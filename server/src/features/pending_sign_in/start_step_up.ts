import { TrustError } from '../../errors/trust_error.ts';
import { refuseActing } from '../acting/start_acting.ts';
import type { VerifySession } from '../session/verify_session.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { BeginSignIn, Pending } from './begin_sign_in.ts';

/** Errors: SESSION_REJECTED, FEATURE_NOT_CONFIGURED. */
export type StartStepUp = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly sessionId: string;
}) => Promise<Pending>;

/** Begins to raise the assurance of an active session (spec MFA-8). A remembered device does not count here. */
export function startStepUp(deps: {
  readonly verify: VerifySession;
  readonly beginSignIn: BeginSignIn;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
}): StartStepUp {
  return async ({ tenantId, actor, sessionId }) => {
    if ((await deps.settings(tenantId)).mfaPolicy === 'off') {
      throw new TrustError('FEATURE_NOT_CONFIGURED', { metadata: { feature: 'mfa' } });
    }
    const verdict = await deps.verify(tenantId, sessionId);
    if (!verdict.active) throw new TrustError('SESSION_REJECTED');
    refuseActing(verdict.session);
    const { handle, authenticatedAt } = verdict.session;
    const { pending } = await deps.beginSignIn({
      tenantId,
      actor,
      identity: verdict.identity,
      method: 'session',
      authenticatedAt,
      wanted: 'aal2',
      sessionHandle: handle,
    });
    if (pending === undefined) throw new TrustError('SESSION_REJECTED');
    return pending;
  };
}
