import { z } from 'zod';
import {
  checked,
  device,
  optionalNumber,
  organisationId,
  pageSize,
  roleName,
  secretText,
  textBytes,
  textCharacters,
} from '../../contract/fields.ts';
import type * as message from '../../contract/gen/trust/v1/invitation.ts';
import { InvitationAsk } from '../../contract/gen/trust/v1/invitation.ts';
import { timestamp } from '../../contract/messages.ts';
import type { PageTokens } from '../../contract/page_tokens.ts';
import type { Handler } from '../../contract/rpc.ts';
import { TrustError } from '../../errors/trust_error.ts';
import { type Clock, SECOND } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { pickLanguage } from '../../kernel/language.ts';
import { auditEvent } from '../audit/audit.ts';
import { MAX_MEMBER_ROLES, namesOf } from '../organisation/organisation.ts';
import type { AcceptInvitation, LookAtInvitation } from './accept_invitation.ts';
import { LIFETIME, MAX_LIFETIME, MIN_LIFETIME } from './invitation.ts';
import type { Invited, InviteMember, ReadOrganisation } from './invite_member.ts';
import type { InvitationStore } from './store.ts';

export type InvitationRpc = {
  readonly inviteMember: Handler<message.InviteMemberRequest, message.InviteMemberResponse>;
  readonly listInvitations: Handler<message.ListInvitationsRequest, message.ListInvitationsResponse>;
  readonly revokeInvitation: Handler<message.RevokeInvitationRequest, message.RevokeInvitationResponse>;
  readonly getInvitation: Handler<message.GetInvitationRequest, message.GetInvitationResponse>;
  readonly acceptInvitation: Handler<message.AcceptInvitationRequest, message.AcceptInvitationResponse>;
};

const ASKS = {
  nothing: InvitationAsk.NOTHING,
  password: InvitationAsk.PASSWORD,
  new_password: InvitationAsk.NEW_PASSWORD,
} as const;

const inviteFields = z.object({
  organisationId,
  email: textBytes(254).min(1, 'is required'),
  roles: z
    .array(roleName)
    .max(MAX_MEMBER_ROLES, `must have at most ${MAX_MEMBER_ROLES} entries`)
    .refine((names) => new Set(names).size === names.length, 'must not hold one twice'),
  returnTo: textBytes(2_048),
  lifetimeSeconds: optionalNumber(MIN_LIFETIME / SECOND, MAX_LIFETIME / SECOND),
  inviter: textCharacters(64),
  language: textBytes(35).transform((tag) => pickLanguage([tag]) ?? 'en'),
});
const listFields = z.object({ organisationId, pageSize });
const revokeFields = z.object({
  organisationId,
  invitationId: z.string().regex(/^inv_[0-9a-f]{32}$/, 'must be inv_ and 32 lower-case hex digits'),
});
const getFields = z.object({ invitationToken: secretText });
const acceptFields = getFields.extend({
  sessionId: textBytes(256),
  // The password's own bounds are the rules' business (spec PWD-1).
  password: z.string(),
  displayName: textCharacters(128),
  device,
});

/** The handlers of InvitationService. */
export function invitationRpc(useCases: {
  readonly pageTokens: PageTokens;
  readonly inviteMember: InviteMember;
  readonly lookAtInvitation: LookAtInvitation;
  readonly acceptInvitation: AcceptInvitation;
  readonly invitations: Pick<InvitationStore, 'list' | 'revoke'>;
  readonly readOrganisation: ReadOrganisation;
  readonly clock: Clock;
  readonly newId: NewId;
}): InvitationRpc {
  return {
    async inviteMember(request, { tenantId, caller }) {
      const { lifetimeSeconds, ...fields } = checked(inviteFields, request);
      const lifetime = lifetimeSeconds * SECOND || LIFETIME;
      const invited = await useCases.inviteMember({ ...fields, tenantId, actor: caller.service, lifetime });
      return { invitation: invitationMessage(invited) };
    },

    async listInvitations(request, { tenantId }) {
      const { organisationId: id, pageSize: limit } = checked(listFields, request);
      const list = ['invitations', tenantId, id] as const;
      const after = useCases.pageTokens.read(list, request.pageToken);
      const organisation = await useCases.readOrganisation(tenantId, id);
      if (organisation === undefined) throw new TrustError('ORGANISATION_NOT_FOUND');
      const page = await useCases.invitations.list(tenantId, id, { limit, ...(after && { after }) });
      return {
        invitations: page.rows.map((invitation) => invitationMessage({ invitation, organisation })),
        nextPageToken: useCases.pageTokens.write(list, page.next),
      };
    },

    async revokeInvitation(request, { tenantId, caller }) {
      const { organisationId: organisation, invitationId: subject } = checked(revokeFields, request);
      const now = useCases.clock();
      const by = { tenantId, name: caller.service };
      const event = auditEvent(by, now, useCases.newId, 'invitation.revoked', { subject, facts: { organisation } });
      const trail = { changes: [], events: [event] };
      const found = await useCases.invitations.revoke(tenantId, organisation, subject, now, trail);
      if (!found) throw new TrustError('INVITATION_NOT_FOUND');
      return {};
    },

    async getInvitation(request, { tenantId }) {
      const { invitationToken } = checked(getFields, request);
      const { asks, ...invited } = await useCases.lookAtInvitation(tenantId, invitationToken);
      return {
        invitation: invitationMessage(invited),
        organisationDisplayName: invited.organisation.displayName,
        asks: ASKS[asks],
      };
    },

    async acceptInvitation(request, { tenantId, caller }) {
      const { invitationToken: token, device: on, ...fields } = checked(acceptFields, request);
      const by = { tenantId, actor: caller.service, address: on.ipAddress };
      const { membership, version, created } = await useCases.acceptInvitation({ ...fields, ...by, token });
      return {
        membership: {
          organisationId: membership.organisationId,
          organisationDisplayName: membership.organisationName,
          identityId: membership.identityId,
          identityDisplayName: membership.identityName,
          roles: membership.roleNames,
          createdAt: timestamp(membership.createdAt),
        },
        organisationVersion: BigInt(version),
        identityCreated: created,
      };
    },
  };
}

function invitationMessage({ invitation, organisation }: Invited): message.Invitation {
  const { id, organisationId: of, email, roles, returnTo, createdAt, expiresAt } = invitation;
  return {
    ...{ id, organisationId: of, email, returnTo, roles: namesOf(organisation.roles, roles) },
    createdAt: timestamp(createdAt),
    expiresAt: timestamp(expiresAt),
  };
}
