import type { Acting } from '../features/acting/acting.ts';
import { factsOf, type OrganisationFacts } from '../features/organisation/organisation.ts';
import type { Session, SessionWithIdentity } from '../features/session/session.ts';
import type { Dialect, Row, Statement } from './dialects/dialect.ts';
import type { SessionRow } from './entities/session.ts';
import { listFrom, mapFrom, toJson } from './json.ts';
import { numbersFrom, rolesFrom } from './organisation_row.ts';

/** The columns of a session. */
export function columnsOf(session: Session) {
  const { device, amr, revokedAt, organisationId, acting, binding, ...same } = session;
  const found = { parentHandle: acting?.parent || null, actingKey: acting?.key || null };
  const by = { acting: acting === undefined ? null : toJson(acting), ...found };
  const bound = { boundNetwork: binding?.network ?? null, boundDevice: binding?.device ?? null };
  const absent = { revokedAt: revokedAt ?? null, organisationId: organisationId ?? null, ...bound };
  return { ...same, ...device, ...by, amr: toJson(amr), ...absent };
}

export function sessionFrom(row: SessionRow): Session {
  return {
    tenantId: row.tenantId,
    handle: row.handle,
    digest: row.digest,
    identityId: row.identityId,
    version: row.version,
    epoch: row.epoch,
    authenticatedAt: row.authenticatedAt,
    acr: row.acr,
    amr: listFrom(row.amr),
    createdAt: row.createdAt,
    lastUsedAt: row.lastUsedAt,
    expiresAt: row.expiresAt,
    idleTimeout: row.idleTimeout,
    revokedAt: row.revokedAt ?? undefined,
    device: { userAgent: row.userAgent, ipAddress: row.ipAddress, label: row.label },
    ...bindingFrom(row.boundNetwork, row.boundDevice),
    ...actingFrom(row.acting),
    organisationId: row.organisationId ?? undefined,
  };
}

const actingFrom = (text: string | null | undefined) =>
  text === null || text === undefined ? {} : { acting: JSON.parse(text) as Acting };

function bindingFrom(network: string | null | undefined, device: string | null | undefined) {
  if (!network && !device) return {};
  return { binding: { ...(network && { network }), ...(device && { device }) } };
}

// `foundFrom` reads the columns in this order.
const COLUMNS = `s.tenant_id, s.handle, s.digest, s.identity_id, s.version, s.epoch, s.authenticated_at, s.acr, s.amr,
  s.created_at, s.last_used_at, s.expires_at, s.idle_timeout, s.revoked_at, s.user_agent, s.ip_address, s.label,
  i.display_name, i.roles, i.metadata, i.epoch, i.version, i.active, s.acting,
  s.organisation_id, o.display_name, o.roles, o.version, m.roles, t.suspended_at, s.bound_network, s.bound_device,
  i.locked_until`;
const OWNER = 'i.tenant_id = s.tenant_id and i.id = s.identity_id';
const MEMBERSHIP =
  'm.tenant_id = s.tenant_id and m.organisation_id = s.organisation_id and m.identity_id = s.identity_id';
const ORGANISATION = 'o.tenant_id = m.tenant_id and o.id = m.organisation_id';
const TENANT = 't.id = s.tenant_id';

/** Sessions with their identities: those of the digests `$1` in the tenant `$2`. */
export const sessionsByDigest = ({ each, joinOne }: Dialect): Statement => ({
  name: 'sessions_by_digest',
  sql: `select ${COLUMNS} from ${each(1)} ${joinOne('inner', '{session}', 's', 's.tenant_id = $2 and s.digest = asked.value')}
    ${joinOne('left', '{identity}', 'i', OWNER)} ${joinOne('left', '{membership}', 'm', MEMBERSHIP)}
    ${joinOne('left', '{organisation}', 'o', ORGANISATION)} ${joinOne('left', '{tenant}', 't', TENANT)}`,
});

/** The session of the tenant `$1` with the handle `$2`, with its identity. */
export const SESSION_BY_HANDLE: Statement = {
  name: 'session_by_handle',
  sql: `select ${COLUMNS} from {session} s left join {identity} i on ${OWNER} left join {membership} m on ${MEMBERSHIP}
    left join {organisation} o on ${ORGANISATION} left join {tenant} t on ${TENANT} where s.tenant_id = $1 and s.handle = $2`,
};

type OrganisationCells = [string | null, string | null, string, number, string | null];

type FoundRow = readonly [
  ...session: [string, string, string, string, number, number, number, string, string],
  ...times: [number, number, number, number, number | null],
  ...device: [string, string, string],
  ...identity: [string | null, string, string, number, number, number | boolean],
  acting: string | null,
  ...organisation: OrganisationCells,
  suspendedAt: number | null,
  ...bound: [string | null, string | null],
  lockedUntil: number | null,
];

/** Nothing where no organisation is active, it is gone, or the identity is no member. */
function organisationFrom(row: FoundRow): OrganisationFacts | undefined {
  const [id, displayName, roles, version, held] = row.slice(24) as unknown as OrganisationCells;
  if (id === null || displayName === null || held === null) return undefined;
  return factsOf({ id, displayName, roles: rolesFrom(roles), version: Number(version) }, numbersFrom(held));
}

export function foundFrom(cells: Row): SessionWithIdentity {
  const row = cells as FoundRow;
  const displayName = row[17];
  return {
    session: {
      tenantId: row[0],
      handle: row[1],
      digest: row[2],
      identityId: row[3],
      version: row[4],
      epoch: row[5],
      authenticatedAt: row[6],
      acr: row[7],
      amr: listFrom(row[8]),
      createdAt: row[9],
      lastUsedAt: row[10],
      expiresAt: row[11],
      idleTimeout: row[12],
      revokedAt: row[13] ?? undefined,
      device: { userAgent: row[14], ipAddress: row[15], label: row[16] },
      ...bindingFrom(row[30], row[31]),
      ...actingFrom(row[23]),
      organisationId: row[24] ?? undefined,
    },
    identity:
      displayName === null
        ? undefined
        : {
            id: row[3],
            displayName,
            roles: listFrom(row[18]),
            metadata: mapFrom(row[19]),
            epoch: row[20],
            version: row[21],
            // A lock ends every session: one of the present epoch began after the lock was over.
            active: Boolean(row[22]) || row[32] !== null,
          },
    organisation: organisationFrom(row),
    ...(row[29] !== null && { suspended: true }),
  };
}
