import type { Identifier, IdentifierType, Identity } from '../features/identity/identity.ts';
import type { Dialect, Row } from './dialects/dialect.ts';
import { listFrom, mapFrom, toJson } from './json.ts';

/** The columns of an identity, without its identifiers. */
export function columnsOf(identity: Identity) {
  const {
    identifiers: _,
    roles,
    metadata,
    deletionAt = null,
    stateReason = null,
    lockedUntil = null,
    ...same
  } = identity;
  return { ...same, deletionAt, stateReason, lockedUntil, roles: toJson(roles), metadata: toJson(metadata) };
}

/** One row an identifier, in their order; one read gives identity and identifiers as of one instant. `identitiesFrom` reads these columns. `found`: where `i` comes from. */
export const selectIdentities = (
  { nowSql }: Pick<Dialect, 'nowSql'>,
  found: string,
) => `select i.tenant_id, i.id, i.display_name, i.roles, i.metadata, i.active, i.epoch,
  i.version, i.created_at, i.updated_at, f.type, f.value, f.verified, i.deletion_at,
  i.state_reason, i.locked_until, case when i.locked_until <= ${nowSql} then 1 else 0 end
  from ${found} left join {identifier} f on f.tenant_id = i.tenant_id and f.identity_id = i.id`;

type IdentityCells = readonly [
  ...identity: [string, string, string, string, string, number | boolean, number, number, number, number],
  ...identifier: [string | null, string, number | boolean],
  ...standing: [deletionAt: number | null, stateReason: string | null, lockedUntil: number | null, lockOver: number],
];

/** A lock that is over is none. */
function standingFrom(row: IdentityCells): Pick<Identity, 'active' | 'stateReason' | 'lockedUntil'> {
  if (Number(row[16]) === 1) return { active: true };
  return {
    active: Boolean(row[5]),
    ...(row[14] !== null && { stateReason: row[14] }),
    ...(row[15] !== null && { lockedUntil: Number(row[15]) }),
  };
}

/** Gathers rows that follow each other and have one id. */
export function identitiesFrom(rows: readonly Row[]): readonly Identity[] {
  const identities: (Identity & { readonly identifiers: Identifier[] })[] = [];
  for (const row of rows as readonly unknown[] as readonly IdentityCells[]) {
    let identity = identities.at(-1);
    if (identity?.id !== row[1]) {
      identity = {
        tenantId: row[0],
        id: row[1],
        displayName: row[2],
        roles: listFrom(row[3]),
        metadata: mapFrom(row[4]),
        ...standingFrom(row),
        epoch: row[6],
        version: row[7],
        createdAt: row[8],
        updatedAt: row[9],
        ...(row[13] !== null && { deletionAt: row[13] }),
        identifiers: [],
      };
      identities.push(identity);
    }
    if (row[10] !== null) {
      identity.identifiers.push({ type: row[10] as IdentifierType, value: row[11], verified: Boolean(row[12]) });
    }
  }
  return identities;
}
