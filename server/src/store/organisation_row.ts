import type { Membership, NamedMembership, Organisation, Role } from '../features/organisation/organisation.ts';
import { namesOf } from '../features/organisation/organisation.ts';
import type { Row } from './dialects/dialect.ts';
import type { OrganisationRow } from './entities/organisation.ts';
import { mapFrom, toJson } from './json.ts';

export const rolesFrom = (text: string): readonly Role[] => JSON.parse(text) as readonly Role[];
export const numbersFrom = (text: string): readonly number[] => JSON.parse(text) as readonly number[];

export function organisationColumns({ roles, metadata, ...same }: Organisation) {
  return { ...same, roles: toJson(roles), metadata: toJson(metadata) };
}

export function organisationFrom({ roles, metadata, ...same }: OrganisationRow): Organisation {
  return {
    tenantId: same.tenantId,
    id: same.id,
    displayName: same.displayName,
    roles: rolesFrom(roles),
    metadata: mapFrom(metadata),
    version: same.version,
    createdAt: same.createdAt,
    updatedAt: same.updatedAt,
  };
}

export const membershipColumns = ({ roles, ...same }: Membership) => ({ ...same, roles: toJson(roles) });

/** `namedFrom` reads these columns. */
export const NAMED_COLUMNS =
  'p.tenant_id, p.organisation_id, p.identity_id, p.roles, p.created_at, o.display_name, o.roles, i.display_name';

type NamedCells = readonly [string, string, string, string, number, string, string, string];

export function namedFrom(row: Row): NamedMembership {
  const cells = row as NamedCells;
  const roles = numbersFrom(cells[3]);
  return {
    tenantId: cells[0],
    organisationId: cells[1],
    identityId: cells[2],
    roles,
    createdAt: Number(cells[4]),
    organisationName: cells[5],
    identityName: cells[7],
    roleNames: namesOf(rolesFrom(cells[6]), roles),
  };
}
