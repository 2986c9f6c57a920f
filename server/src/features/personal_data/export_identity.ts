import { TrustError } from '../../errors/trust_error.ts';
import type { Clock, Instant } from '../../kernel/clock.ts';
import type { Page, PageQuery, Position } from '../../kernel/page.ts';
import type { AuditEvent } from '../audit/audit.ts';
import type { AuditStore } from '../audit/store.ts';
import type { Identity } from '../identity/identity.ts';
import type { KnownDeviceStore } from '../known_device/store.ts';
import type { ManageFactors } from '../mfa/factors.ts';
import type { OauthStore } from '../oauth/store.ts';
import type { OrganisationStore } from '../organisation/store.ts';
import type { ListSessions } from '../session/list_sessions.ts';

/** Everything that is held on a person, as JSON. Errors: IDENTITY_NOT_FOUND. */
export type ExportIdentity = (tenantId: string, identityId: string) => Promise<string>;

const PER_PAGE = 100;
/** More than these are left out, and that is said. */
const MAX_SESSIONS = 1_000;
const MAX_EVENTS = 5_000;
const MAX_MEMBERSHIPS = 1_000;

const iso = (at: Instant | undefined) => (at === undefined ? undefined : new Date(at).toISOString());

/** Pages until there are no more, or enough. */
async function all<T>(page: (query: PageQuery) => Promise<Page<T>>, most: number) {
  const rows: T[] = [];
  for (let after: Position | undefined; ; ) {
    const { rows: more, next } = await page({ limit: PER_PAGE, ...(after && { after }) });
    rows.push(...more);
    after = next;
    if (next === undefined || rows.length >= most) return { rows, leftOut: next !== undefined };
  }
}

/** Gathers what a person may have a copy of (spec ACC-9). Secrets are not among it: of what proves somebody, only that it is there. */
export function exportIdentity(deps: {
  readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  readonly listSessions: ListSessions;
  readonly listFactors: ManageFactors['list'];
  readonly listEvents: AuditStore['list'];
  readonly listMemberships: OrganisationStore['listMemberships'];
  readonly listAccounts: OauthStore['list'];
  readonly listDevices: KnownDeviceStore['list'];
  readonly hasPassword: (tenantId: string, identityId: string) => Promise<boolean>;
  readonly clock: Clock;
}): ExportIdentity {
  return async (tenantId, identityId) => {
    const identity = await deps.readIdentity(tenantId, identityId);
    if (identity === undefined) throw new TrustError('IDENTITY_NOT_FOUND');
    const [sessions, { factors, recoveryCodesLeft }, events, memberships, accounts, devices, password] =
      await Promise.all([
        all((query) => deps.listSessions({ tenantId, identityId }, query), MAX_SESSIONS),
        deps.listFactors(tenantId, identityId),
        all((query) => deps.listEvents({ tenantId, identityId }, query), MAX_EVENTS),
        all((query) => deps.listMemberships(tenantId, identityId, query), MAX_MEMBERSHIPS),
        deps.listAccounts(tenantId, identityId),
        deps.listDevices(tenantId, identityId),
        deps.hasPassword(tenantId, identityId),
      ]);
    const { id, displayName, identifiers, roles, metadata, active, createdAt, updatedAt, deletionAt } = identity;
    const { stateReason, lockedUntil } = identity;
    const data = {
      exported_at: iso(deps.clock()),
      identity: {
        id,
        tenant_id: tenantId,
        display_name: displayName,
        identifiers,
        roles,
        metadata,
        active,
        state_reason: stateReason,
        locked_until: iso(lockedUntil),
        created_at: iso(createdAt),
        updated_at: iso(updatedAt),
        deletion_at: iso(deletionAt),
      },
      credentials: {
        password,
        factors: factors.map(({ lastUsedAt, createdAt: since, ...same }) => ({
          ...same,
          created_at: iso(since),
          last_used_at: iso(lastUsedAt),
        })),
        recovery_codes_left: recoveryCodesLeft,
      },
      linked_accounts: accounts.map(({ id: account, provider, issuer, subject, email, ...times }) => ({
        ...{ id: account, provider, issuer, subject, email },
        created_at: iso(times.createdAt),
        last_used_at: iso(times.lastUsedAt),
      })),
      known_devices: devices.map(({ browser, platform, place, firstSeenAt, lastSeenAt }) => ({
        ...{ browser, platform, place },
        first_seen_at: iso(firstSeenAt),
        last_seen_at: iso(lastSeenAt),
      })),
      sessions: sessions.rows.map((session) => ({
        handle: session.handle,
        created_at: iso(session.createdAt),
        authenticated_at: iso(session.authenticatedAt),
        last_used_at: iso(session.lastUsedAt),
        expires_at: iso(session.expiresAt),
        acr: session.acr,
        amr: session.amr,
        device: session.device,
        acting: session.acting && {
          kind: session.acting.kind,
          by: session.acting.actor,
          reason: session.acting.reason,
        },
      })),
      events: events.rows.map(eventOf),
      memberships: memberships.rows.map(({ organisationId, organisationName, roleNames, createdAt: since }) => ({
        organisation_id: organisationId,
        organisation_name: organisationName,
        roles: roleNames,
        created_at: iso(since),
      })),
      left_out: { sessions: sessions.leftOut, events: events.leftOut, memberships: memberships.leftOut },
    };
    return JSON.stringify(data);
  };
}

const eventOf = ({ at, action, actor, subject, facts }: AuditEvent) => ({ at: iso(at), action, actor, subject, facts });
