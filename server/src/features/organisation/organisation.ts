import { TrustError } from '../../errors/trust_error.ts';
import type { Instant } from '../../kernel/clock.ts';

/** A role as the store keeps it. Its number is given to no other role of the organisation, so that a role made anew has no holders. */
export type Role = { readonly number: number; readonly name: string; readonly permissions: readonly string[] };

export type Organisation = {
  readonly tenantId: string;
  readonly id: string;
  readonly displayName: string;
  /** At most 32, by name. */
  readonly roles: readonly Role[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
};

/** One identity in one organisation. `roles` are numbers; those of roles that are gone count for nothing. */
export type Membership = {
  readonly tenantId: string;
  readonly organisationId: string;
  readonly identityId: string;
  readonly roles: readonly number[];
  readonly createdAt: Instant;
};

/** A membership with the names that people read. */
export type NamedMembership = Membership & {
  readonly organisationName: string;
  readonly identityName: string;
  readonly roleNames: readonly string[];
};

/** What a verdict says of the organisation that is active in a session (spec ORG-5). */
export type OrganisationFacts = {
  readonly id: string;
  readonly displayName: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly version: number;
};

/** Bounds (spec ORG-2): with them a Trust Token has room for all that one membership can hold. */
export const MAX_ROLES = 32;
export const MAX_PERMISSIONS = 50;
export const MAX_MEMBER_ROLES = 8;

const sorted = (names: Iterable<string>): readonly string[] => [...new Set(names)].sort();

/** A new organisation, in version 1. Its roles have the numbers from 1 on. */
export function newOrganisation(
  facts: Pick<Organisation, 'tenantId' | 'id' | 'displayName' | 'metadata'>,
  roles: readonly Omit<Role, 'number'>[],
  now: Instant,
): Organisation {
  const numbered = roles.map((role, index) => ({ ...role, number: index + 1 }));
  return { ...facts, roles: byName(numbered), version: 1, createdAt: now, updatedAt: now };
}

const byName = (roles: readonly Role[]): readonly Role[] => [...roles].sort((a, b) => (a.name < b.name ? -1 : 1));

/** The roles with one put in the place of that of its name. `version` is the one that the change will have. */
export function withRole(
  roles: readonly Role[],
  { name, permissions }: Omit<Role, 'number'>,
  version: number,
): readonly Role[] {
  // The first roles have the numbers up to MAX_ROLES, and the first change has the version 2.
  const number = roles.find((role) => role.name === name)?.number ?? MAX_ROLES + version;
  return byName([...roles.filter((role) => role.name !== name), { number, name, permissions: sorted(permissions) }]);
}

/** How many permissions some roles name together. */
export const countPermissions = (roles: readonly Pick<Role, 'permissions'>[]): number =>
  new Set(roles.flatMap(({ permissions }) => permissions)).size;

/** The numbers of roles that are given by name. Errors: ROLE_NOT_FOUND, with the field. */
export function numbersOf(roles: readonly Role[], names: readonly string[]): readonly number[] {
  return names.map((name, index) => {
    const role = roles.find((one) => one.name === name);
    if (role !== undefined) return role.number;
    const fields = [{ field: `roles[${index}]`, description: 'is no role of the organisation' }];
    throw new TrustError('ROLE_NOT_FOUND', { fields });
  });
}

const held = (roles: readonly Role[], numbers: readonly number[]) =>
  roles.filter(({ number }) => numbers.includes(number));

/** The names of the roles that are held by number, sorted. */
export const namesOf = (roles: readonly Role[], numbers: readonly number[]): readonly string[] =>
  sorted(held(roles, numbers).map(({ name }) => name));

/** What holds for a member with these roles. */
export function factsOf(
  { id, displayName, roles, version }: Pick<Organisation, 'id' | 'displayName' | 'roles' | 'version'>,
  numbers: readonly number[],
): OrganisationFacts {
  const permissions = sorted(held(roles, numbers).flatMap((role) => role.permissions));
  return { id, displayName, roles: namesOf(roles, numbers), permissions, version };
}
