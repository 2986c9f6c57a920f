import { invalidField, TrustError } from '../../errors/trust_error.ts';
import { type Clock, DAY, type Instant, SECOND, type Span } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Random } from '../../kernel/random.ts';
import { digestOf, newSessionId } from '../../kernel/secret.ts';
import type { Acting } from '../acting/acting.ts';
import { type AuditEvent, auditEvent } from '../audit/audit.ts';
import type { Trail } from '../change/change.ts';
import type { Identity, IdentityFacts } from '../identity/identity.ts';
import { NOTHING_NOTICED, type NoticeDevice } from '../known_device/notice_device.ts';
import type { OrganisationFacts } from '../organisation/organisation.ts';
import type { CancelDeletion } from '../personal_data/deletion.ts';
import { bindingOf } from '../session_binding/binding.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { Device, Session } from './session.ts';
import type { SessionStore } from './store.ts';

/** How often room is made for a session against concurrent changes. */
const ATTEMPTS = 5;

/** The shortest time-out (spec SES-9). */
export const MIN_TIMEOUT: Span = 60 * SECOND;

export type CreateSessionInput = {
  readonly tenantId: string;
  /** Name of the actor in the audit trail. */
  readonly actor: string;
  readonly identityId: string;
  /** Epoch in which the person was authenticated, where that happened earlier: SESSION_REJECTED once the identity is in another. */
  readonly epoch?: number | undefined;
  readonly acr: string;
  readonly amr: readonly string[];
  /** Undefined means now; not in the future, at most 24 h ago. */
  readonly authenticatedAt?: Instant | undefined;
  readonly device: Device;
  /** Undefined means the tenant's, which is also the longest. */
  readonly idleTimeout?: Span | undefined;
  readonly absoluteTimeout?: Span | undefined;
  /** Who acts in it in the place of the person, for so long at most; it is not counted among the person's sessions. */
  readonly acting?: Acting | undefined;
  readonly lifetime?: Span | undefined;
  /** It ends then at the latest. */
  readonly endsBy?: Instant | undefined;
  /** The organisation that is active from the beginning. */
  readonly organisationId?: string | undefined;
  /** What led to it, kept in the same transaction. */
  readonly events?: readonly AuditEvent[] | undefined;
  /** A handle set aside for this session; undefined makes one. */
  readonly handle?: string | undefined;
};

/** The session_id is returned here once and kept nowhere. */
export type CreatedSession = {
  readonly sessionId: string;
  readonly session: Session;
  readonly identity: IdentityFacts;
  readonly organisation?: OrganisationFacts | undefined;
};

/** Errors: INVALID_FIELD, SESSION_LIMIT, CONCURRENT_CHANGE, MEMBER_NOT_FOUND, IDENTITY_NOT_FOUND, IDENTITY_DISABLED; with `epoch` SESSION_REJECTED instead of the last two. */
export type CreateSession = (input: CreateSessionInput) => Promise<CreatedSession>;

/** What holds for a member; undefined for others. */
export type ReadOrganisationFacts = (
  tenantId: string,
  organisationId: string,
  identityId: string,
) => Promise<OrganisationFacts | undefined>;

/** Makes a session for an identity that someone vouches for. The session_id is always new (spec SES-8). */
export function createSession(deps: {
  readonly sessions: Pick<SessionStore, 'insert'>;
  readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  readonly readOrganisation: ReadOrganisationFacts;
  readonly cancelDeletion: CancelDeletion;
  readonly noticeDevice: NoticeDevice;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
}): CreateSession {
  /** The tenant's number of sessions, and what a session that ends to make room leaves behind (spec SES-14). */
  const limitOf = ({ tenantId, actor, acting }: CreateSessionInput, settings: TenantSettings, now: Instant) => {
    const { maxSessions: most, sessionOverflow } = settings;
    const ending = (oldest: Session): Trail => {
      const { handle, identityId } = oldest;
      const about = { identityId, subject: handle, facts: { cause: 'session_limit' } };
      return {
        changes: [{ tenantId, kind: 'session', handle, version: oldest.version + 1, revoked: true }],
        events: [auditEvent({ tenantId, name: actor }, now, deps.newId, 'session.revoked', about)],
      };
    };
    if (most === 0 || acting !== undefined) return undefined;
    return { most, now, ending: sessionOverflow === 'end_oldest' ? ending : undefined };
  };

  return async (input) => {
    const { tenantId } = input;
    const [found, settings] = await Promise.all([
      deps.readIdentity(tenantId, input.identityId),
      deps.settings(tenantId),
    ]);
    const able = mayBegin(found, input.epoch);
    const now = deps.clock();
    const authenticatedAt = input.authenticatedAt ?? now;
    if (!(authenticatedAt <= now && authenticatedAt >= now - DAY)) {
      throw invalidField('authenticated_at', 'must not be in the future nor more than 24 h ago');
    }
    const organisation = await active(deps.readOrganisation, tenantId, input);
    const idleTimeout = timeout('idle_timeout_seconds', input.idleTimeout, settings.sessionIdleTimeout);
    const absolute = timeout('absolute_timeout_seconds', input.absoluteTimeout, settings.sessionAbsoluteTimeout);
    // Who acts for a person is elsewhere.
    const binding = input.acting === undefined ? bindingOf(settings.sessionBinding, input.device) : undefined;
    // Whoever signs in stays; support and agents do not sign in.
    const identity = input.acting === undefined ? await deps.cancelDeletion(able, input.actor) : able;
    const sessionId = newSessionId(deps.random);
    const session: Session = {
      tenantId,
      handle: input.handle ?? deps.newId('ses'),
      digest: digestOf('session_id', sessionId),
      identityId: identity.id,
      version: 1,
      epoch: identity.epoch,
      authenticatedAt,
      acr: input.acr,
      amr: input.amr,
      createdAt: now,
      lastUsedAt: now,
      expiresAt: Math.min(now + absolute, now + (input.lifetime ?? absolute), input.endsBy ?? Number.POSITIVE_INFINITY),
      idleTimeout,
      revokedAt: undefined,
      device: input.device,
      binding,
      ...(input.acting && { acting: input.acting }),
      organisationId: organisation?.id,
    };
    const event = auditEvent({ tenantId, name: input.actor }, now, deps.newId, 'session.created', {
      identityId: identity.id,
      subject: session.handle,
      facts: { acr: session.acr, amr: session.amr.join(' '), ...actingFacts(session) },
    });
    const told = input.acting === undefined && settings.newDeviceMail;
    const noticed = told ? await deps.noticeDevice(identity, input.actor, input.device) : NOTHING_NOTICED;
    const trail = { changes: [], events: [...(input.events ?? []), event, ...noticed.events], mails: noticed.mails };
    for (let attempt = 1; ; attempt++) {
      const answer = await deps.sessions.insert(session, trail, limitOf(input, settings, now));
      if (answer === 'ok') break;
      if (answer === 'too_many') throw new TrustError('SESSION_LIMIT');
      if (attempt === ATTEMPTS) throw new TrustError('CONCURRENT_CHANGE');
    }
    await noticed.keep();
    return { sessionId, session, identity: factsOf(identity), organisation };
  };
}

/** The identity, if a session of it may begin. With an epoch there is one answer for every no: what was proved then holds no more. */
function mayBegin(identity: Identity | undefined, epoch: number | undefined): Identity {
  if (epoch !== undefined && !(identity?.active && identity.epoch === epoch)) throw new TrustError('SESSION_REJECTED');
  if (identity === undefined) throw new TrustError('IDENTITY_NOT_FOUND');
  if (!identity.active) throw new TrustError('IDENTITY_DISABLED', { metadata: lockOf(identity) });
  return identity;
}

/** For administration: when a lock ends. */
const lockOf = ({ lockedUntil }: Identity): Record<string, string> =>
  lockedUntil === undefined ? {} : { locked_until: new Date(lockedUntil).toISOString() };

/** What holds in the organisation that is to be active. */
async function active(
  read: ReadOrganisationFacts,
  tenantId: string,
  { organisationId, identityId }: CreateSessionInput,
): Promise<OrganisationFacts | undefined> {
  if (organisationId === undefined) return undefined;
  const facts = await read(tenantId, organisationId, identityId);
  if (facts === undefined) throw new TrustError('MEMBER_NOT_FOUND');
  return facts;
}

/** The time-out asked for, within what the tenant allows (spec SES-11). */
function timeout(field: string, asked: Span | undefined, most: Span): Span {
  if (asked === undefined) return most;
  if (asked >= MIN_TIMEOUT && asked <= most) return asked;
  throw invalidField(field, `must be 0 or ${MIN_TIMEOUT / SECOND} to ${most / SECOND}`);
}

/** Who acts for the person, and why. */
const actingFacts = ({ acting }: Session): Record<string, string> =>
  acting === undefined
    ? {}
    : { acting: acting.kind, by: acting.actor, ...(acting.reason && { reason: acting.reason }) };

function factsOf({ id, displayName, roles, metadata, epoch, version }: Identity): IdentityFacts {
  return { id, displayName, roles, metadata, epoch, version };
}
