import { invalidField, TrustError } from '../../errors/trust_error.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import { digestOf, isSecret } from '../../kernel/secret.ts';
import { auditEvent } from '../audit/audit.ts';
import { type ChangeDeps, changeIdentity } from '../identity/change_identity.ts';
import { type Identity, newIdentity } from '../identity/identity.ts';
import { holds, withVerified } from '../mail_proof/addresses.ts';
import { type NamedMembership, namesOf } from '../organisation/organisation.ts';
import type { OrganisationWrite, Standing } from '../organisation/store.ts';
import type { Hasher } from '../password/hasher.ts';
import { type PasswordStrength, refuseOverlong, refuseUnfit, wordsOfTenant } from '../password/password_rules.ts';
import type { AuthenticatePassword, ReadIdentityByIdentifier } from '../password/sign_in_with_password.ts';
import type { LimitAttempts } from '../rate_limit/limit_attempts.ts';
import type { VerifySession } from '../session/verify_session.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import type { Elsewhere } from '../users_table/elsewhere.ts';
import { type Invitation, type Over, overOf } from './invitation.ts';
import type { Invited, ReadOrganisation } from './invite_member.ts';
import type { InvitationStore, SignUp } from './store.ts';

/** What is asked of who accepts without a session. */
export type Ask = 'nothing' | 'password' | 'new_password';

/** Errors: INVITATION_REJECTED, ORGANISATION_NOT_FOUND. */
export type LookAtInvitation = (tenantId: string, token: string) => Promise<Invited & { readonly asks: Ask }>;

export type AcceptInvitation = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly token: string;
  /** The session of who accepts; empty if there is none. */
  readonly sessionId: string;
  readonly password: string;
  /** Of a new account. */
  readonly displayName: string;
  /** Address of the person's device; empty if it is not known. */
  readonly address: string;
}) => Promise<{
  readonly membership: NamedMembership;
  readonly version: number;
  readonly created: boolean;
  readonly returnTo: string;
}>;

type LookDeps = {
  readonly invitations: Pick<InvitationStore, 'readByDigest'>;
  readonly readOrganisation: ReadOrganisation;
  readonly readIdentityByIdentifier: ReadIdentityByIdentifier;
  /** Where else people have passwords. */
  readonly elsewhere?: Pick<Elsewhere, 'has'> | undefined;
  readonly clock: Clock;
};

const rejected = (state: Over) => new TrustError('INVITATION_REJECTED', { metadata: { state } });

/** The invitation of a token, if it can still be accepted. */
async function opened(deps: LookDeps, tenantId: string, token: string): Promise<Invitation> {
  if (!isSecret('invitation', token)) throw rejected('unknown');
  const invitation = await deps.invitations.readByDigest(tenantId, digestOf('invitation', token));
  const over = invitation === undefined ? 'unknown' : overOf(invitation, deps.clock());
  if (invitation === undefined || over !== undefined) throw rejected(over ?? 'unknown');
  return invitation;
}

/** Who has the address, and what proves that it is them who hold the link (spec INV-4). */
async function ownerOf(deps: LookDeps, { tenantId, email }: Invitation) {
  const owner = await deps.readIdentityByIdentifier(tenantId, 'email', email);
  if (owner !== undefined) return { owner, asks: holds(owner, email, 'verified') ? 'nothing' : 'password' } as const;
  const elsewhere = (await deps.elsewhere?.has(tenantId, 'email', email)) === true;
  return { owner, asks: elsewhere ? 'password' : 'new_password' } as const;
}

/** Tells what a link is for. Changes nothing: programs that read mails open each link. */
export function lookAtInvitation(deps: LookDeps): LookAtInvitation {
  return async (tenantId, token) => {
    const invitation = await opened(deps, tenantId, token);
    const organisation = await deps.readOrganisation(tenantId, invitation.organisationId);
    if (organisation === undefined) throw new TrustError('ORGANISATION_NOT_FOUND');
    return { invitation, organisation, asks: (await ownerOf(deps, invitation)).asks };
  };
}

/** Makes the owner of the address a member, once (spec INV-4, INV-5). */
export function acceptInvitation(
  deps: LookDeps & {
    readonly invitations: Pick<InvitationStore, 'readByDigest' | 'accept'>;
    readonly verify: VerifySession;
    readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
    readonly change: ChangeDeps;
    readonly authenticatePassword: AuthenticatePassword;
    readonly limitAttempts: LimitAttempts;
    readonly settings: (tenantId: string) => Promise<TenantSettings>;
    readonly hasher: Hasher;
    readonly strength: PasswordStrength;
    readonly newId: NewId;
  },
): AcceptInvitation {
  type Given = Parameters<AcceptInvitation>[0];
  type Who = { readonly identity: Identity; readonly signUp?: SignUp | undefined };

  /** The identity of the session, which must have the address. */
  const ofSession = async ({ tenantId, sessionId, address }: Given, { email }: Invitation): Promise<Identity> => {
    await deps.limitAttempts({ tenantId, address });
    const verdict = await deps.verify(tenantId, sessionId);
    if (!verdict.active) throw new TrustError('SESSION_REJECTED');
    if (verdict.session.acting !== undefined) throw new TrustError('ACTING_SESSION');
    const identity = await deps.readIdentity(tenantId, verdict.identity.id);
    if (identity === undefined || !holds(identity, email)) throw new TrustError('INVITATION_FOR_ANOTHER');
    return identity;
  };

  const signUp = async ({ tenantId, password, displayName, address }: Given, { email }: Invitation): Promise<Who> => {
    if (password === '') throw invalidField('password', 'is required: nobody has the address yet');
    refuseOverlong(password);
    await deps.limitAttempts({ tenantId, address });
    const identifier = { type: 'email' as const, value: email, verified: true };
    await refuseUnfit(deps.strength, password, [identifier], wordsOfTenant(await deps.settings(tenantId)));
    const passwordHash = await deps.hasher.hash(password);
    const facts = { tenantId, identifiers: [identifier], displayName, roles: [], metadata: {} };
    const identity = newIdentity(deps.newId('idn'), facts, deps.clock());
    return { identity, signUp: { identity, passwordHash } };
  };

  const acceptor = async (given: Given, invitation: Invitation): Promise<Who> => {
    if (given.sessionId !== '') return { identity: await ofSession(given, invitation) };
    const { tenantId, actor, password, address } = given;
    const { owner, asks } = await ownerOf(deps, invitation);
    if (asks === 'new_password') return signUp(given, invitation);
    if (asks === 'password') {
      if (password === '') throw invalidField('password', 'is required: the account never verified the address');
      const attempt = { tenantId, actor, password, address };
      const name = { identifierType: 'email' as const, identifier: invitation.email };
      return { identity: await deps.authenticatePassword({ ...attempt, ...name }) };
    }
    await deps.limitAttempts({ tenantId, address });
    if (owner === undefined || !owner.active) throw new TrustError('CREDENTIAL_REJECTED');
    return { identity: owner };
  };

  /** The link came to the address: it is theirs. */
  const verified = async ({ tenantId, actor }: Given, { email }: Invitation, identity: Identity): Promise<void> => {
    if (holds(identity, email, 'verified')) return;
    const target = { tenantId, actor, identityId: identity.id };
    await changeIdentity(deps.change, target, 'identifier.verified', (before) => {
      if (!holds(before, email)) throw new TrustError('INVITATION_FOR_ANOTHER');
      return holds(before, email, 'verified') ? undefined : withVerified(before, email);
    });
  };

  return async (given) => {
    const { tenantId, actor } = given;
    const invitation = await opened(deps, tenantId, given.token);
    const { identity, signUp } = await acceptor(given, invitation);
    if (signUp === undefined) await verified(given, invitation, identity);
    const now = deps.clock();
    const { organisationId } = invitation;
    const event = (action: Parameters<typeof auditEvent>[3], subject: string) =>
      auditEvent({ tenantId, name: actor }, now, deps.newId, action, { identityId: identity.id, subject });

    const rule = ({ organisation, membership }: Standing): OrganisationWrite => {
      if (membership !== undefined) throw new TrustError('ALREADY_MEMBER');
      const gone = invitation.roles.some((number) => organisation.roles.every((role) => role.number !== number));
      if (gone) throw new TrustError('ROLE_NOT_FOUND');
      const key = { tenantId, organisationId, identityId: identity.id };
      return {
        organisation: { ...organisation, version: organisation.version + 1, updatedAt: now },
        membership: { ...key, roles: invitation.roles, createdAt: now },
        trail: {
          // It is active in no session yet.
          changes: [],
          events: [
            ...(signUp === undefined
              ? []
              : [event('identity.created', identity.id), event('password.signed_up', identity.id)]),
            event('invitation.accepted', invitation.id),
            event('organisation.member_added', organisationId),
          ],
        },
      };
    };

    const done = await deps.invitations.accept(invitation, { identityId: identity.id, signUp }, now, rule);
    if (done === undefined) throw new TrustError('ORGANISATION_NOT_FOUND');
    if (done === 'over') throw rejected(await whyOver(deps, invitation));
    // Somebody signed up with the address: at the next try something else is asked for.
    if (done === 'identifier_taken') throw new TrustError('CONCURRENT_CHANGE');
    const { organisation, membership } = done;
    if (membership === undefined || membership === 'removed') throw new TrustError('CONCURRENT_CHANGE');
    const names = { organisationName: organisation.displayName, identityName: identity.displayName };
    return {
      membership: { ...membership, ...names, roleNames: namesOf(organisation.roles, membership.roles) },
      version: organisation.version,
      created: signUp !== undefined,
      returnTo: invitation.returnTo,
    };
  };
}

async function whyOver(deps: LookDeps, { tenantId, digest }: Invitation): Promise<Over> {
  const now = await deps.invitations.readByDigest(tenantId, digest);
  return (now && overOf(now, deps.clock())) ?? 'accepted';
}
