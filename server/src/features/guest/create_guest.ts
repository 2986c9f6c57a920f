import { TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { auditEvent } from '../audit/audit.ts';
import { newIdentity } from '../identity/identity.ts';
import type { IdentityStore } from '../identity/store.ts';
import type { LimitAttempts } from '../rate_limit/limit_attempts.ts';
import type { CreatedSession, CreateSession } from '../session/create_session.ts';
import type { Device } from '../session/session.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import { GUEST } from './guest.ts';

/** Errors: SIGN_UP_CLOSED, RATE_LIMITED, PROOF_OF_WORK_REQUIRED. */
export type CreateGuest = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly displayName: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly device: Device;
  /** The solution of a challenge; empty where there is none. */
  readonly proofOfWork: string;
}) => Promise<CreatedSession>;

/** Lets a stranger in without asking who they are: an identity without identifier or credential, and the one session that knows it (spec ACC-10). */
export function createGuest(deps: {
  readonly identities: Pick<IdentityStore, 'insert'>;
  readonly createSession: CreateSession;
  readonly limitAttempts: LimitAttempts;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly clock: Clock;
  readonly newId: NewId;
}): CreateGuest {
  return async ({ tenantId, actor, displayName, metadata, device, proofOfWork }) => {
    if (!(await deps.settings(tenantId)).signUpOpen) throw new TrustError('SIGN_UP_CLOSED');
    await deps.limitAttempts({ tenantId, address: device.ipAddress, proofOfWork });
    const now = deps.clock();
    const facts = { tenantId, identifiers: [], displayName, roles: [], metadata };
    const guest = newIdentity(deps.newId('idn'), facts, now);
    const about = { identityId: guest.id, subject: guest.id, facts: { kind: GUEST } };
    const event = auditEvent({ tenantId, name: actor }, now, deps.newId, 'identity.created', about);
    await deps.identities.insert(guest, { changes: [], events: [event] });
    return deps.createSession({ tenantId, actor, identityId: guest.id, acr: 'aal1', amr: [GUEST], device });
  };
}
