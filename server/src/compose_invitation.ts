import type { Parts } from './compose.ts';
import type { PageTokens } from './contract/page_tokens.ts';
import type { Identity } from './features/identity/identity.ts';
import { acceptInvitation, lookAtInvitation } from './features/invitation/accept_invitation.ts';
import { inviteMember } from './features/invitation/invite_member.ts';
import { invitationRpc } from './features/invitation/rpc.ts';
import type { MailWriter } from './features/mail/write_mail.ts';
import type { AuthenticatePassword } from './features/password/sign_in_with_password.ts';
import type { LimitAttempts } from './features/rate_limit/limit_attempts.ts';
import type { VerifySession } from './features/session/verify_session.ts';
import type { OriginOf } from './features/tenant/origins.ts';
import type { TenantSettings } from './features/tenant/tenant.ts';
import type { Elsewhere } from './features/users_table/elsewhere.ts';
import type { NewId } from './kernel/ids.ts';

/** Wires invitations into organisations. */
export function composeInvitation(
  parts: Pick<Parts, 'clock' | 'random' | 'hasher' | 'strength'> & {
    readonly store: Pick<Parts['store'], 'invitations' | 'organisations' | 'identities'>;
    readonly newId: NewId;
    readonly pageTokens: PageTokens;
    readonly originOf: OriginOf;
    readonly settings: (tenantId: string) => Promise<TenantSettings>;
    readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
    readonly mails: MailWriter;
    readonly verify: VerifySession;
    readonly limitAttempts: LimitAttempts;
    readonly authenticatePassword: AuthenticatePassword;
    readonly elsewhere: Pick<Elsewhere, 'has'> | undefined;
  },
) {
  const { invitations, organisations, identities } = parts.store;
  const deps = {
    ...parts,
    invitations,
    readOrganisation: organisations.read,
    readMember: organisations.readFacts,
    readIdentityByIdentifier: identities.readByIdentifier,
    change: { ...parts, identities },
  };
  const useCases = {
    lookAtInvitation: lookAtInvitation(deps),
    acceptInvitation: acceptInvitation(deps),
  };
  return {
    useCases,
    handlers: { InvitationService: invitationRpc({ ...deps, ...useCases, inviteMember: inviteMember(deps) }) },
  };
}
