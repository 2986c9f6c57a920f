import { TrustError } from '../../errors/trust_error.ts';
import { type Clock, MINUTE } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { digestOf, isSecret } from '../../kernel/secret.ts';
import { type AuditEvent, auditEvent } from '../audit/audit.ts';
import type { Trail } from '../change/change.ts';
import type { Identity } from '../identity/identity.ts';
import { type Asked, amrOf, type Factors, levelOf, type Method, stillAsked } from '../mfa/assurance.ts';
import type { MfaStore } from '../mfa/store.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { Proof } from './begin_sign_in.ts';
import { MAX_ATTEMPTS, MAX_ATTEMPTS_OF_IDENTITY, type PendingSignIn } from './pending_sign_in.ts';
import type { PendingSignInStore } from './store.ts';

/** Which pending sign-in: its token, and the browser's transaction where it was begun on a page. */
export type PendingName = { readonly tenantId: string; readonly token: string; readonly binding?: string | undefined };

/** A proof, and the session that it steps up, if it does. */
export type AnsweredSignIn = Proof & { readonly sessionHandle: string | undefined };

export type PendingSignIns = {
  /** Errors: PENDING_SIGN_IN_REJECTED. */
  read(name: PendingName): Promise<PendingSignIn>;
  /** Counts a guess before it is checked. Errors: PENDING_SIGN_IN_REJECTED, RATE_LIMITED. */
  attempt(pending: PendingSignIn): Promise<void>;
  /** Notes a factor that was proved, where the sign-in goes on. */
  prove(pending: PendingSignIn, method: Method): Promise<PendingSignIn>;
  /** What it still asks, by policy and factors as they are now. */
  asked(pending: PendingSignIn, identity: Identity): Promise<{ readonly asked: Asked; readonly factors: Factors }>;
  /** Ends it with a factor that was proved: for exactly one caller. Errors: PENDING_SIGN_IN_REJECTED. */
  finish(pending: PendingSignIn, method: Method): Promise<AnsweredSignIn>;
  /** Ends one that was held and asks nothing more. Errors: PENDING_SIGN_IN_REJECTED. */
  finishHeld(pending: PendingSignIn, identity: Identity): Promise<AnsweredSignIn>;
  /** Ends it without a proof. One that has ended meanwhile stays so. */
  abandon(pending: PendingSignIn): Promise<void>;
};

export function pendingSignIns(deps: {
  readonly pendingSignIns: Pick<PendingSignInStore, 'read' | 'attempt' | 'prove' | 'spend'>;
  readonly mfa: Pick<MfaStore, 'factors'>;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly clock: Clock;
}): PendingSignIns {
  const store = deps.pendingSignIns;
  const rejected = () => new TrustError('PENDING_SIGN_IN_REJECTED');
  const asked: PendingSignIns['asked'] = async ({ tenantId, identityId, sessionHandle, proved }, { roles }) => {
    const [settings, factors] = await Promise.all([deps.settings(tenantId), deps.mfa.factors(tenantId, identityId)]);
    const { mfaPolicy: policy, mfaRoles: policyRoles } = settings;
    // A pending sign-in was asked for more, so no remembered device answers it.
    const wanted = sessionHandle === undefined ? undefined : 'aal2';
    return { asked: stillAsked({ policy, policyRoles, roles, factors, proved, remembered: false, wanted }), factors };
  };
  const end = async (pending: PendingSignIn, proved: readonly Method[]): Promise<AnsweredSignIn> => {
    const now = deps.clock();
    // An act in it may have moved it on into a new epoch.
    const epoch = await store.spend(pending, now, NO_TRAIL);
    if (epoch === undefined) throw rejected();
    const { tenantId, sessionHandle } = pending;
    return {
      tenantId,
      identity: { id: pending.identityId, epoch },
      acr: levelOf(proved),
      amr: amrOf(proved),
      // A step-up is as fresh as its factor; a sign-in as its first proof, which is at most 10 minutes old.
      authenticatedAt: sessionHandle === undefined ? pending.authenticatedAt : now,
      sessionHandle,
    };
  };
  return {
    async read({ tenantId, token, binding = '' }) {
      if (!isSecret('pending_sign_in', token)) throw rejected();
      const pending = await store.read(tenantId, digestOf('pending_sign_in', token), deps.clock());
      if (pending === undefined || pending.binding !== binding) throw rejected();
      return pending;
    },

    async attempt(pending) {
      const limits = { each: MAX_ATTEMPTS, identity: MAX_ATTEMPTS_OF_IDENTITY };
      const answer = await store.attempt(pending, limits, deps.clock());
      if (answer === 'identity_used_up') throw new TrustError('RATE_LIMITED', { retryAfterMs: 10 * MINUTE });
      if (answer === 'used_up') throw rejected();
    },

    async prove(pending, method) {
      const proved = [...new Set([...pending.proved, method])];
      await store.prove(pending, proved);
      return { ...pending, proved };
    },

    asked,
    finish: (pending, method) => end(pending, [...pending.proved, method]),

    async finishHeld(pending, identity) {
      if ((await asked(pending, identity)).asked !== 'nothing') throw rejected();
      return end(pending, pending.proved);
    },

    async abandon(pending) {
      await store.spend(pending, deps.clock(), NO_TRAIL);
    },
  };
}

const NO_TRAIL: Trail = { changes: [], events: [] };

/** Records of factors that were proved or refused. */
export function factorEvents(deps: { readonly clock: Clock; readonly newId: NewId }) {
  return (
    actor: string,
    { tenantId, identityId }: Pick<PendingSignIn, 'tenantId' | 'identityId'>,
    action: 'factor.proved' | 'factor.rejected',
    type: string,
  ): AuditEvent => {
    const about = { identityId, subject: identityId, facts: { type } };
    return auditEvent({ tenantId, name: actor }, deps.clock(), deps.newId, action, about);
  };
}
