import { type ChangeDeps, type ChangeTarget, changeIdentity } from './change_identity.ts';

/** The epoch that carries the end. Errors: IDENTITY_NOT_FOUND, CONCURRENT_CHANGE. */
export type RevokeIdentitySessions = (target: ChangeTarget) => Promise<{ readonly epoch: number }>;

/** Ends every session of an identity by raising its epoch. Durable when the promise is kept (spec SES-5). */
export function revokeIdentitySessions(deps: ChangeDeps): RevokeIdentitySessions {
  return async (target) => {
    const whole = { ...target, act: 'sessions_revoked' as const };
    const { epoch } = await changeIdentity(deps, whole, 'identity.sessions_revoked', (before) => before);
    return { epoch };
  };
}
