import { TrustError } from '../../errors/trust_error.ts';
import type { Span } from '../../kernel/clock.ts';
import type { CreatedSession, CreateSession } from '../session/create_session.ts';
import type { Device } from '../session/session.ts';
import type { VerifySession } from '../session/verify_session.ts';
import type { Acting } from './acting.ts';

type By = {
  readonly tenantId: string;
  /** The calling service, and what it proved itself by. */
  readonly service: string;
  readonly key: string;
  readonly actor: string;
  readonly lifetime: Span;
  readonly device: Device;
};

/** Errors: IDENTITY_NOT_FOUND, IDENTITY_DISABLED. */
export type StartImpersonation = (
  input: By & { readonly identityId: string; readonly reason: string },
) => Promise<CreatedSession>;

/** Errors: SESSION_REJECTED, ACTING_SESSION. */
export type StartDelegation = (
  input: By & { readonly sessionId: string; readonly scope: readonly string[] },
) => Promise<CreatedSession>;

type Deps = {
  readonly createSession: CreateSession;
  readonly verify: VerifySession;
  readonly revoke: (tenantId: string, actor: string, handle: string) => Promise<unknown>;
};

const begin = (deps: Deps, by: By, acting: Acting, who: { identityId: string; epoch?: number; endsBy?: number }) =>
  deps.createSession({
    tenantId: by.tenantId,
    actor: by.service,
    ...who,
    acr: 'aal1',
    amr: [acting.kind],
    device: { ...by.device, label: by.device.label || `${LABELS[acting.kind]}: ${acting.actor}`.slice(0, 64) },
    acting,
    lifetime: by.lifetime,
  });

/** What the person reads in the list of their sessions. */
const LABELS = { support: 'Support', agent: 'Agent' } as const;

/** Lets support see what a person sees, for a while (spec ACC-6). */
export function startImpersonation(deps: Deps): StartImpersonation {
  return ({ identityId, reason, ...by }) => {
    const { actor, service, key } = by;
    return begin(deps, by, { kind: 'support', actor, reason, service, key, parent: '', scope: [] }, { identityId });
  };
}

/** Lets an agent act for the person of a session: within a scope, and no longer than the session lasts (spec ACC-7). */
export function startDelegation(deps: Deps): StartDelegation {
  return async ({ sessionId, scope, ...by }) => {
    const verdict = await deps.verify(by.tenantId, sessionId);
    if (!verdict.active) throw new TrustError('SESSION_REJECTED');
    refuseActing(verdict.session);
    const { handle: parent, identityId, epoch, expiresAt } = verdict.session;
    const { actor, service, key } = by;
    const acting = { kind: 'agent' as const, actor, reason: '', service, key, parent, scope };
    const created = await begin(deps, by, acting, { identityId, epoch, endsBy: expiresAt });
    // It may have ended while the agent's was made.
    if ((await deps.verify(by.tenantId, sessionId)).active) return created;
    await deps.revoke(by.tenantId, by.service, created.session.handle);
    throw new TrustError('SESSION_REJECTED');
  };
}

/** Who acts for somebody else changes nothing by which that person proves who they are, nor sends others (spec ACC-5). */
export function refuseActing({ acting }: { readonly acting?: Acting | undefined }): void {
  if (acting !== undefined) throw new TrustError('ACTING_SESSION');
}
