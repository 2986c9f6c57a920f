import { TrustError } from '../../errors/trust_error.ts';
import { type Clock, type Instant, SECOND } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { refuseActing } from '../acting/start_acting.ts';
import { type ChangeDeps, changeIdentity } from '../identity/change_identity.ts';
import type { Identity } from '../identity/identity.ts';
import type { RemoveIdentity } from '../identity/remove_identity.ts';
import { type Factors, hasFactor } from '../mfa/assurance.ts';
import type { VerifySession } from '../session/verify_session.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { DueDeletions } from './store.ts';

/** When the identity goes. Errors: SESSION_REJECTED, ACTING_SESSION, STEP_UP_REQUIRED, CONCURRENT_CHANGE. */
export type RequestDeletion = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly sessionId: string;
}) => Promise<Instant>;

/** The same of a person who has proved all that is asked, at this instant. Errors: STEP_UP_REQUIRED, IDENTITY_NOT_FOUND, CONCURRENT_CHANGE. */
export type DeletePerson = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly identityId: string;
  readonly acr: string;
  readonly authenticatedAt: Instant;
}) => Promise<Instant>;

/** A person asks to be deleted: every session ends now, the rest goes after the tenant's waiting period, unless they sign in before (spec ACC-8). */
export function deletePerson(deps: {
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly identities: ChangeDeps['identities'];
  readonly mails: ChangeDeps['mails'];
  readonly removeIdentity: RemoveIdentity;
  readonly clock: Clock;
  readonly newId: NewId;
}): DeletePerson {
  return async ({ tenantId, actor, identityId, acr, authenticatedAt }) => {
    const settings = await deps.settings(tenantId);
    const now = deps.clock();
    if (now - authenticatedAt > settings.reauthentication) throw stepUp(settings, acr);
    const target = { tenantId, actor, identityId };
    if (settings.deletionWait === 0) {
      await deps.removeIdentity(target);
      return now;
    }
    const deletionAt = now + settings.deletionWait;
    const asked = { ...target, act: 'deletion_requested' as const };
    await changeIdentity(deps, asked, 'identity.deletion_requested', (before) => ({ ...before, deletionAt }));
    return deletionAt;
  };
}

/** By session. */
export function requestDeletion(deps: {
  readonly verify: VerifySession;
  readonly factors: (tenantId: string, identityId: string) => Promise<Factors>;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly deletePerson: DeletePerson;
}): RequestDeletion {
  return async ({ tenantId, actor, sessionId }) => {
    const verdict = await deps.verify(tenantId, sessionId);
    if (!verdict.active) throw new TrustError('SESSION_REJECTED');
    const { identityId, acr, authenticatedAt } = verdict.session;
    refuseActing(verdict.session);
    const [settings, factors] = await Promise.all([deps.settings(tenantId), deps.factors(tenantId, identityId)]);
    if (acr !== 'aal2' && settings.mfaPolicy !== 'off' && hasFactor(factors)) throw stepUp(settings, 'aal2');
    return deps.deletePerson({ tenantId, actor, identityId, acr, authenticatedAt });
  };
}

const stepUp = ({ reauthentication }: TenantSettings, acr: string) =>
  new TrustError('STEP_UP_REQUIRED', { metadata: { acr, max_age_seconds: String(reauthentication / SECOND) } });

/** The identity with its deletion taken back, where it has one: whoever signs in stays. Errors: IDENTITY_NOT_FOUND, CONCURRENT_CHANGE. */
export type CancelDeletion = (identity: Identity, actor: string) => Promise<Identity>;

export function cancelDeletion(deps: ChangeDeps): CancelDeletion {
  return async (identity, actor) => {
    if (identity.deletionAt === undefined) return identity;
    const target = { tenantId: identity.tenantId, actor, identityId: identity.id };
    return changeIdentity(deps, target, 'identity.deletion_cancelled', (before) =>
      before.deletionAt === undefined ? undefined : { ...before, deletionAt: undefined },
    );
  };
}

const AT_A_TIME = 50;

/** Deletes whose waiting period is over; answers how many. Any number of nodes may do so at once. */
export function deleteDue(deps: {
  readonly due: DueDeletions;
  readonly removeIdentity: RemoveIdentity;
  readonly clock: Clock;
}): () => Promise<number> {
  return async () => {
    const due = await deps.due(deps.clock(), AT_A_TIME);
    for (const { tenantId, id: identityId, version } of due) {
      try {
        // Of that version: who signs in at this moment stays.
        await deps.removeIdentity({ tenantId, actor: 'trust-layer', identityId, expectedVersion: version });
      } catch (error) {
        const gone = error instanceof TrustError && ['IDENTITY_NOT_FOUND', 'CONCURRENT_CHANGE'].includes(error.reason);
        if (!gone) throw error;
      }
    }
    return due.length;
  };
}
