import { z } from 'zod';
import {
  identityId,
  metadata,
  organisationId,
  pageSize,
  roleName,
  secretText,
  textCharacters,
  versionNumber,
} from '../../contract/fields.ts';
import { countPermissions, MAX_MEMBER_ROLES, MAX_PERMISSIONS, MAX_ROLES } from './organisation.ts';

const displayName = textCharacters(128).refine((name) => name.trim() !== '', 'is required');

const noneTwice = (names: readonly string[]): boolean => new Set(names).size === names.length;

const permissions = z
  .array(z.string().regex(/^[A-Za-z0-9._:-]{1,48}$/, 'must be 1 to 48 of A-Z a-z 0-9 . _ : -'))
  .max(MAX_PERMISSIONS, `must have at most ${MAX_PERMISSIONS} entries`)
  .refine(noneTwice, 'must not hold one twice')
  .transform((given) => [...given].sort());

const role = z.object({ name: roleName, permissions }, 'is required');

const roles = z
  .array(role)
  .max(MAX_ROLES, `must have at most ${MAX_ROLES} entries`)
  .refine((given) => noneTwice(given.map(({ name }) => name)), 'must not hold a name twice')
  .refine(
    (given) => countPermissions(given) <= MAX_PERMISSIONS,
    `must name at most ${MAX_PERMISSIONS} permissions together`,
  );

const memberRoles = z
  .array(roleName)
  .max(MAX_MEMBER_ROLES, `must have at most ${MAX_MEMBER_ROLES} entries`)
  .refine(noneTwice, 'must not hold one twice');

export const createFields = z.object({ displayName, roles, metadata });
export const byId = z.object({ organisationId });
export const updateFields = z.object({
  organisationId,
  displayName: displayName.optional(),
  metadata: z.object({ entries: metadata }).optional(),
  expectedVersion: versionNumber,
});
export const putRoleFields = z.object({ organisationId, role });
export const deleteRoleFields = z.object({ organisationId, role: roleName });
export const memberFields = z.object({ organisationId, identityId });
export const putMemberFields = z.object({ organisationId, identityId, roles: memberRoles });
export const listFields = z.object({ pageSize });
export const listMembersFields = z.object({ organisationId, pageSize });
export const listMembershipsFields = z.object({ identityId, pageSize });
export const activeFields = z.object({
  sessionId: secretText,
  organisationId: z.union([z.literal(''), organisationId]),
});
