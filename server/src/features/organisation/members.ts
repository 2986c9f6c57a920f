import { TrustError } from '../../errors/trust_error.ts';
import { changeOrganisation, type OrganisationDeps, type OrganisationTarget } from './change_organisation.ts';
import { type NamedMembership, namesOf, numbersOf } from './organisation.ts';

export type MemberTarget = OrganisationTarget & { readonly identityId: string };

/** A membership, and the version of the organisation that it came with. */
export type ChangedMember = { readonly membership: NamedMembership; readonly version: number };

/** Makes an identity a member. Errors: ORGANISATION_NOT_FOUND, IDENTITY_NOT_FOUND, ROLE_NOT_FOUND, ALREADY_MEMBER. */
export const addMember = (deps: OrganisationDeps, target: MemberTarget, roles: readonly string[]) =>
  putMember(deps, target, roles, 'organisation.member_added');

/** Replaces the roles of a member. Errors: ORGANISATION_NOT_FOUND, MEMBER_NOT_FOUND, ROLE_NOT_FOUND. */
export const updateMember = (deps: OrganisationDeps, target: MemberTarget, roles: readonly string[]) =>
  putMember(deps, target, roles, 'organisation.member_updated');

async function putMember(
  deps: OrganisationDeps,
  target: MemberTarget,
  roles: readonly string[],
  action: 'organisation.member_added' | 'organisation.member_updated',
): Promise<ChangedMember> {
  const { tenantId, organisationId, identityId } = target;
  const adds = action === 'organisation.member_added';
  let named: NamedMembership | undefined;
  const { version } = await changeOrganisation(deps, target, action, (before, _, now) => {
    if (adds && before.identityName === undefined) throw new TrustError('IDENTITY_NOT_FOUND');
    if (adds && before.membership !== undefined) throw new TrustError('ALREADY_MEMBER');
    if (!adds && before.membership === undefined) throw new TrustError('MEMBER_NOT_FOUND');
    const numbers = numbersOf(before.organisation.roles, roles);
    const createdAt = before.membership?.createdAt ?? now;
    const membership = { tenantId, organisationId, identityId, roles: numbers, createdAt };
    named = {
      ...membership,
      organisationName: before.organisation.displayName,
      identityName: before.identityName ?? '',
      roleNames: namesOf(before.organisation.roles, numbers),
    };
    // A new membership is active in no session yet.
    return { membership, concerns: adds ? 'nobody' : 'member' };
  });
  if (named === undefined) throw new TrustError('ORGANISATION_NOT_FOUND');
  return { membership: named, version };
}

/** Ends a membership. Errors: ORGANISATION_NOT_FOUND, MEMBER_NOT_FOUND. */
export async function removeMember(deps: OrganisationDeps, target: MemberTarget): Promise<number> {
  const { version } = await changeOrganisation(deps, target, 'organisation.member_removed', (before) => {
    if (before.membership === undefined) throw new TrustError('MEMBER_NOT_FOUND');
    return { membership: 'removed', concerns: 'member' };
  });
  return version;
}
