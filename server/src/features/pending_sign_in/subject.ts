import { TrustError } from '../../errors/trust_error.ts';
import { type Clock, SECOND, type Span } from '../../kernel/clock.ts';
import { refuseActing } from '../acting/start_acting.ts';
import { doneFrom, type Within } from '../cascade/cascade.ts';
import type { Identity } from '../identity/identity.ts';
import { hasFactor, levelOf } from '../mfa/assurance.ts';
import type { MfaStore } from '../mfa/store.ts';
import type { VerifySession } from '../session/verify_session.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { PendingSignIns } from './answer_sign_in.ts';
import type { PendingSignIn } from './pending_sign_in.ts';

export type SubjectName =
  | { readonly sessionId: string }
  | { readonly pendingToken: string; readonly binding?: string | undefined };

/** Who may change their factors now, and the pending sign-in that this is a part of. */
export type Subject = {
  readonly identity: Identity;
  readonly pending: PendingSignIn | undefined;
  /** The session or sign-in that goes on, whatever is changed in it. */
  readonly within: Within;
  /** How long ago they may have proved who they are. */
  readonly reauthentication: Span;
  /** Whether the identity has a factor already. */
  readonly enrolled: boolean;
};

/** Who somebody is, and how well and how lately that was proved. */
export type Person = Subject & {
  /** Whether a second factor was proved. */
  readonly strong: boolean;
  readonly fresh: boolean;
};

/** Errors: SESSION_REJECTED, ACTING_SESSION, PENDING_SIGN_IN_REJECTED. */
export type ReadPerson = (tenantId: string, name: SubjectName) => Promise<Person>;

/**
 * Decides who may change factors, and accounts elsewhere, which need no policy: a fresh session or a pending sign-in, and with a factor of the identity if it has one.
 * Errors: SESSION_REJECTED, ACTING_SESSION, PENDING_SIGN_IN_REJECTED, STEP_UP_REQUIRED, FEATURE_NOT_CONFIGURED.
 */
export type ReadSubject = (tenantId: string, name: SubjectName, what?: 'factors' | 'accounts') => Promise<Subject>;

export const stepUpRequired = (window: Span) =>
  new TrustError('STEP_UP_REQUIRED', { metadata: { acr: 'aal2', max_age_seconds: String(window / SECOND) } });

/** Refuses who has not proved it lately, or without the factor that they have. Errors: STEP_UP_REQUIRED. */
export function refuseUnproved({
  fresh,
  enrolled,
  strong,
  reauthentication,
}: Pick<Person, 'fresh' | 'enrolled' | 'strong' | 'reauthentication'>): void {
  if (!fresh || (enrolled && !strong)) throw stepUpRequired(reauthentication);
}

export function readPerson(deps: {
  readonly verify: VerifySession;
  readonly pending: Pick<PendingSignIns, 'read'>;
  readonly mfa: Pick<MfaStore, 'factors'>;
  readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  readonly clock: Clock;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
}): ReadPerson {
  const bySession = async (tenantId: string, sessionId: string, window: Span) => {
    const verdict = await deps.verify(tenantId, sessionId);
    if (!verdict.active) throw new TrustError('SESSION_REJECTED');
    refuseActing(verdict.session);
    const { handle, identityId, epoch, acr, authenticatedAt, device } = verdict.session;
    const fresh = deps.clock() - authenticatedAt <= window;
    return { sessionHandle: handle, identityId, epoch, strong: acr === 'aal2', fresh, device };
  };

  return async (tenantId, name) => {
    const { mfaPolicy, reauthentication } = await deps.settings(tenantId);
    const pending =
      'sessionId' in name
        ? undefined
        : await deps.pending.read({ tenantId, token: name.pendingToken, binding: name.binding });
    const proof =
      'sessionId' in name
        ? await bySession(tenantId, name.sessionId, reauthentication)
        : {
            ...(pending as PendingSignIn),
            device: undefined,
            strong: levelOf(pending?.proved ?? []) === 'aal2',
            fresh: true,
          };
    const [identity, factors] = await Promise.all([
      deps.readIdentity(tenantId, proof.identityId),
      deps.mfa.factors(tenantId, proof.identityId),
    ]);
    if (identity === undefined || !identity.active || identity.epoch !== proof.epoch) {
      throw new TrustError(pending === undefined ? 'SESSION_REJECTED' : 'PENDING_SIGN_IN_REJECTED');
    }
    const begun = { sessionHandle: proof.sessionHandle, pendingDigest: pending?.digest };
    const within = proof.device === undefined ? begun : doneFrom(begun, proof.device);
    // Where no factor is asked of anybody, none is asked here.
    const strong = proof.strong || mfaPolicy === 'off';
    const { fresh } = proof;
    return { identity, pending, within, reauthentication, enrolled: hasFactor(factors), strong, fresh };
  };
}

export function readSubject(deps: {
  readonly readPerson: ReadPerson;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
}): ReadSubject {
  return async (tenantId, name, what = 'factors') => {
    if (what === 'factors' && (await deps.settings(tenantId)).mfaPolicy === 'off') {
      throw new TrustError('FEATURE_NOT_CONFIGURED', { metadata: { feature: 'mfa' } });
    }
    const { strong, fresh, ...subject } = await deps.readPerson(tenantId, name);
    refuseUnproved({ ...subject, strong, fresh });
    return subject;
  };
}
