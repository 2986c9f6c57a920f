import { checked } from '../../contract/fields.ts';
import type * as message from '../../contract/gen/trust/v1/organisation.ts';
import { organisationFactsMessage, sessionMessage, timestamp } from '../../contract/messages.ts';
import type { PageTokens } from '../../contract/page_tokens.ts';
import type { Call, Handler } from '../../contract/rpc.ts';
import { invalidField, TrustError } from '../../errors/trust_error.ts';
import type { Page } from '../../kernel/page.ts';
import type { AuditAction } from '../audit/audit.ts';
import type { Identity } from '../identity/identity.ts';
import {
  changeOrganisation,
  createOrganisation,
  deleteOrganisation,
  type OrganisationDeps,
  type OrganisationRule,
} from './change_organisation.ts';
import * as fields from './fields.ts';
import { addMember, type ChangedMember, removeMember, updateMember } from './members.ts';
import {
  countPermissions,
  MAX_PERMISSIONS,
  MAX_ROLES,
  type NamedMembership,
  type Organisation,
  withRole,
} from './organisation.ts';
import type { SetActiveOrganisation } from './set_active_organisation.ts';

export type OrganisationRpc = {
  readonly createOrganisation: Handler<message.CreateOrganisationRequest, message.CreateOrganisationResponse>;
  readonly getOrganisation: Handler<message.GetOrganisationRequest, message.GetOrganisationResponse>;
  readonly updateOrganisation: Handler<message.UpdateOrganisationRequest, message.UpdateOrganisationResponse>;
  readonly deleteOrganisation: Handler<message.DeleteOrganisationRequest, message.DeleteOrganisationResponse>;
  readonly listOrganisations: Handler<message.ListOrganisationsRequest, message.ListOrganisationsResponse>;
  readonly putRole: Handler<message.PutRoleRequest, message.PutRoleResponse>;
  readonly deleteRole: Handler<message.DeleteRoleRequest, message.DeleteRoleResponse>;
  readonly addMember: Handler<message.AddMemberRequest, message.AddMemberResponse>;
  readonly updateMember: Handler<message.UpdateMemberRequest, message.UpdateMemberResponse>;
  readonly removeMember: Handler<message.RemoveMemberRequest, message.RemoveMemberResponse>;
  readonly listMembers: Handler<message.ListMembersRequest, message.ListMembersResponse>;
  readonly listMemberships: Handler<message.ListMembershipsRequest, message.ListMembershipsResponse>;
  readonly setActiveOrganisation: Handler<message.SetActiveOrganisationRequest, message.SetActiveOrganisationResponse>;
};

/** The handlers of OrganisationService. */
export function organisationRpc(
  deps: OrganisationDeps & {
    readonly setActiveOrganisation: SetActiveOrganisation;
    readonly pageTokens: PageTokens;
    readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  },
): OrganisationRpc {
  const { organisations } = deps;

  const known = async (tenantId: string, id: string) => {
    const organisation = await organisations.read(tenantId, id);
    if (organisation === undefined) throw new TrustError('ORGANISATION_NOT_FOUND');
    return organisation;
  };

  const change = async (
    target: { readonly organisationId: string; readonly expectedVersion?: number | undefined },
    { tenantId, caller }: Call,
    action: AuditAction,
    rule: OrganisationRule,
  ) => {
    const whole = { ...target, tenantId, actor: caller.service };
    return { organisation: organisationMessage(await changeOrganisation(deps, whole, action, rule)) };
  };

  return {
    async createOrganisation(request, { tenantId, caller }) {
      const facts = checked(fields.createFields, request);
      const organisation = await createOrganisation(deps, { ...facts, tenantId, actor: caller.service });
      return { organisation: organisationMessage(organisation) };
    },

    async getOrganisation(request, { tenantId }) {
      const { organisationId } = checked(fields.byId, request);
      return { organisation: organisationMessage(await known(tenantId, organisationId)) };
    },

    updateOrganisation(request, call) {
      const { displayName, metadata, ...target } = checked(fields.updateFields, request);
      return change(target, call, 'organisation.updated', ({ organisation: before }) => ({
        organisation: {
          displayName: displayName ?? before.displayName,
          metadata: metadata?.entries ?? before.metadata,
        },
        concerns: displayName === undefined || displayName === before.displayName ? 'nobody' : 'everyone',
      }));
    },

    async deleteOrganisation(request, { tenantId, caller }) {
      await deleteOrganisation(deps, { ...checked(fields.byId, request), tenantId, actor: caller.service });
      return {};
    },

    async listOrganisations(request, { tenantId }) {
      const { pageSize: limit } = checked(fields.listFields, request);
      const list = ['organisations', tenantId] as const;
      const after = deps.pageTokens.read(list, request.pageToken);
      const page = await organisations.list(tenantId, { limit, ...(after && { after }) });
      return {
        organisations: page.rows.map(organisationMessage),
        nextPageToken: deps.pageTokens.write(list, page.next),
      };
    },

    putRole(request, call) {
      const { role, ...target } = checked(fields.putRoleFields, request);
      return change(target, call, 'organisation.role_put', ({ organisation }, version) => {
        const roles = withRole(organisation.roles, role, version);
        if (roles.length > MAX_ROLES) throw invalidField('role', `would be more than ${MAX_ROLES}`);
        if (countPermissions(roles) > MAX_PERMISSIONS) {
          throw invalidField('role.permissions', `would be more than ${MAX_PERMISSIONS} in the organisation`);
        }
        const isNew = roles.length > organisation.roles.length;
        return { organisation: { roles }, concerns: isNew ? 'nobody' : 'everyone' };
      });
    },

    deleteRole(request, call) {
      const { role: name, ...target } = checked(fields.deleteRoleFields, request);
      return change(target, call, 'organisation.role_deleted', ({ organisation }) => {
        const roles = organisation.roles.filter((role) => role.name !== name);
        if (roles.length === organisation.roles.length) throw new TrustError('ROLE_NOT_FOUND');
        return { organisation: { roles }, concerns: 'everyone' };
      });
    },

    async addMember(request, { tenantId, caller }) {
      const { roles, ...target } = checked(fields.putMemberFields, request);
      return changedMember(await addMember(deps, { ...target, tenantId, actor: caller.service }, roles));
    },

    async updateMember(request, { tenantId, caller }) {
      const { roles, ...target } = checked(fields.putMemberFields, request);
      return changedMember(await updateMember(deps, { ...target, tenantId, actor: caller.service }, roles));
    },

    async removeMember(request, { tenantId, caller }) {
      const target = checked(fields.memberFields, request);
      const version = await removeMember(deps, { ...target, tenantId, actor: caller.service });
      return { organisationVersion: BigInt(version) };
    },

    async listMembers(request, { tenantId }) {
      const { organisationId, pageSize: limit } = checked(fields.listMembersFields, request);
      const list = ['members', tenantId, organisationId] as const;
      const after = deps.pageTokens.read(list, request.pageToken);
      await known(tenantId, organisationId);
      const page = await organisations.listMembers(tenantId, organisationId, { limit, ...(after && { after }) });
      return membershipsPage(deps.pageTokens.write(list, page.next), page);
    },

    async listMemberships(request, { tenantId }) {
      const { identityId, pageSize: limit } = checked(fields.listMembershipsFields, request);
      const list = ['memberships', tenantId, identityId] as const;
      const after = deps.pageTokens.read(list, request.pageToken);
      if ((await deps.readIdentity(tenantId, identityId)) === undefined) throw new TrustError('IDENTITY_NOT_FOUND');
      const page = await organisations.listMemberships(tenantId, identityId, { limit, ...(after && { after }) });
      return membershipsPage(deps.pageTokens.write(list, page.next), page);
    },

    async setActiveOrganisation(request, { tenantId, caller }) {
      const { sessionId, organisationId } = checked(fields.activeFields, request);
      const input = { tenantId, actor: caller.service, sessionId, organisationId: organisationId || undefined };
      const { session, organisation } = await deps.setActiveOrganisation(input);
      return {
        session: sessionMessage(session),
        organisation: organisation && organisationFactsMessage(organisation),
      };
    },
  };
}

function organisationMessage(organisation: Organisation): message.Organisation {
  return {
    id: organisation.id,
    tenantId: organisation.tenantId,
    displayName: organisation.displayName,
    roles: organisation.roles.map(({ name, permissions }) => ({ name, permissions })),
    metadata: { ...organisation.metadata },
    version: BigInt(organisation.version),
    createdAt: timestamp(organisation.createdAt),
    updatedAt: timestamp(organisation.updatedAt),
  };
}

function membershipMessage(membership: NamedMembership): message.Membership {
  return {
    organisationId: membership.organisationId,
    organisationDisplayName: membership.organisationName,
    identityId: membership.identityId,
    identityDisplayName: membership.identityName,
    roles: membership.roleNames,
    createdAt: timestamp(membership.createdAt),
  };
}

const changedMember = ({ membership, version }: ChangedMember) => ({
  membership: membershipMessage(membership),
  organisationVersion: BigInt(version),
});

const membershipsPage = (nextPageToken: string, page: Page<NamedMembership>) => ({
  memberships: page.rows.map(membershipMessage),
  nextPageToken,
});
