import { TrustError } from '../../errors/trust_error.ts';
import { refuseActing } from '../acting/start_acting.ts';
import type { VerifySession } from '../session/verify_session.ts';

/** How the session of a guest names what was proved: nothing (`amr`). */
export const GUEST = 'guest';

/** The guest of a session. Errors: SESSION_REJECTED (for every other session, too), ACTING_SESSION. */
export type GuestOf = (tenantId: string, sessionId: string) => Promise<string>;

export function guestOf({ verify }: { readonly verify: VerifySession }): GuestOf {
  return async (tenantId, sessionId) => {
    const verdict = await verify(tenantId, sessionId);
    if (!verdict.active || !verdict.session.amr.includes(GUEST)) throw new TrustError('SESSION_REJECTED');
    refuseActing(verdict.session);
    return verdict.session.identityId;
  };
}
