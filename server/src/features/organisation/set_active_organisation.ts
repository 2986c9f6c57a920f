import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { auditEvent } from '../audit/audit.ts';
import type { Session } from '../session/session.ts';
import type { VerifySession } from '../session/verify_session.ts';
import type { OrganisationFacts } from './organisation.ts';
import type { OrganisationStore } from './store.ts';

/** Errors: SESSION_REJECTED, MEMBER_NOT_FOUND, CONCURRENT_CHANGE. */
export type SetActiveOrganisation = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly sessionId: string;
  /** Undefined: none is active from now on. */
  readonly organisationId: string | undefined;
}) => Promise<{ readonly session: Session; readonly organisation: OrganisationFacts | undefined }>;

/** Makes an organisation the active one of a session whose identity is a member of it (spec ORG-6). */
export function setActiveOrganisation(deps: {
  readonly organisations: Pick<OrganisationStore, 'setActive' | 'readFacts'>;
  readonly verify: VerifySession;
  readonly clock: Clock;
  readonly newId: NewId;
}): SetActiveOrganisation {
  return async ({ tenantId, actor, sessionId, organisationId }) => {
    const verdict = await deps.verify(tenantId, sessionId);
    if (!verdict.active) throw new TrustError('SESSION_REJECTED');
    const before = verdict.session;
    const { handle, identityId } = before;
    const organisation =
      organisationId === undefined
        ? undefined
        : await deps.organisations.readFacts(tenantId, organisationId, identityId);
    if (organisationId !== undefined && organisation === undefined) throw new TrustError('MEMBER_NOT_FOUND');
    const session = { ...before, organisationId, version: before.version + 1 };
    const event = auditEvent({ tenantId, name: actor }, deps.clock(), deps.newId, 'session.organisation_set', {
      identityId,
      subject: handle,
      ...(organisationId !== undefined && { facts: { organisation: organisationId } }),
    });
    const changes = [{ tenantId, kind: 'session' as const, handle, version: session.version, revoked: false }];
    const answer = await deps.organisations.setActive(before, organisationId, { changes, events: [event] });
    if (answer === 'no_member') throw new TrustError('MEMBER_NOT_FOUND');
    if (answer === 'changed') throw new TrustError('CONCURRENT_CHANGE');
    return { session, organisation };
  };
}
