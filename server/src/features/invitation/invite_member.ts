import { invalidField, TrustError } from '../../errors/trust_error.ts';
import { type Clock, DAY, HOUR, type Span } from '../../kernel/clock.ts';
import type { NewId } from '../../kernel/ids.ts';
import type { Language } from '../../kernel/language.ts';
import type { Random } from '../../kernel/random.ts';
import { digestOf, newInvitationToken } from '../../kernel/secret.ts';
import { auditEvent } from '../audit/audit.ts';
import type { MailWriter } from '../mail/write_mail.ts';
import { emailOf, holds } from '../mail_proof/addresses.ts';
import { numbersOf, type Organisation, type OrganisationFacts } from '../organisation/organisation.ts';
import type { ReadIdentityByIdentifier } from '../password/sign_in_with_password.ts';
import type { LimitAttempts } from '../rate_limit/limit_attempts.ts';
import { isReturnTo } from '../sign_in/return_to.ts';
import type { OriginOf } from '../tenant/origins.ts';
import type { TenantSettings } from '../tenant/tenant.ts';
import { type Invitation, MAX_PENDING } from './invitation.ts';
import type { InvitationStore } from './store.ts';

export type ReadOrganisation = (tenantId: string, id: string) => Promise<Organisation | undefined>;

/** An invitation, and the organisation as it was then. */
export type Invited = { readonly invitation: Invitation; readonly organisation: Organisation };

/** Errors: INVALID_FIELD, ORGANISATION_NOT_FOUND, ROLE_NOT_FOUND, ALREADY_MEMBER, INVITATION_LIMIT, RATE_LIMITED, FEATURE_NOT_CONFIGURED. */
export type InviteMember = (input: {
  readonly tenantId: string;
  readonly actor: string;
  readonly organisationId: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly returnTo: string;
  readonly lifetime: Span;
  /** Who invites, for the mail; may be empty. */
  readonly inviter: string;
  readonly language: Language;
}) => Promise<Invited>;

/** Sends a link to an address; its token is in no other place (spec INV-1). */
export function inviteMember(deps: {
  readonly invitations: Pick<InvitationStore, 'insert'>;
  readonly readOrganisation: ReadOrganisation;
  readonly readMember: (
    tenantId: string,
    organisationId: string,
    identityId: string,
  ) => Promise<OrganisationFacts | undefined>;
  readonly readIdentityByIdentifier: ReadIdentityByIdentifier;
  readonly mails: Pick<MailWriter, 'enabled' | 'write'>;
  readonly limitAttempts: LimitAttempts;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly originOf: OriginOf;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
}): InviteMember {
  return async ({ tenantId, actor, organisationId, roles, returnTo, lifetime, inviter, language, ...typed }) => {
    if (!deps.mails.enabled) throw new TrustError('FEATURE_NOT_CONFIGURED', { metadata: { feature: 'mail' } });
    const email = emailOf(typed.email, 'email');
    const settings = await deps.settings(tenantId);
    if (returnTo !== '' && !isOfApp(settings.returnTo, returnTo))
      throw invalidField('return_to', 'must be a URL of an origin that return_to of the tenant lists');
    const organisation = await deps.readOrganisation(tenantId, organisationId);
    if (organisation === undefined) throw new TrustError('ORGANISATION_NOT_FOUND');
    const numbers = numbersOf(organisation.roles, roles);
    const owner = await deps.readIdentityByIdentifier(tenantId, 'email', email);
    // Who never verified it is somebody else, as far as anybody knows.
    const member =
      owner !== undefined &&
      holds(owner, email, 'verified') &&
      (await deps.readMember(tenantId, organisationId, owner.id)) !== undefined;
    if (member) throw new TrustError('ALREADY_MEMBER');
    await deps.limitAttempts({ tenantId, recipient: email, address: '' });

    const token = newInvitationToken(deps.random);
    const now = deps.clock();
    const invitation: Invitation = {
      ...{ tenantId, id: deps.newId('inv'), organisationId, email, roles: numbers, returnTo },
      digest: digestOf('invitation', token),
      createdAt: now,
      expiresAt: now + lifetime,
      acceptedAt: undefined,
      revokedAt: undefined,
    };
    const link = `${await deps.originOf(tenantId)}/invitation?token=${token}&ui_locales=${language}`;
    const mail = await deps.mails.write({
      ...{ tenantId, to: email, language, lifetime },
      template: 'invitation',
      values: { organisation: organisation.displayName, inviter, link, ...timeOf(lifetime) },
    });
    const about = { subject: invitation.id, facts: { organisation: organisationId } };
    const event = auditEvent({ tenantId, name: actor }, now, deps.newId, 'invitation.created', about);
    const answer = await deps.invitations.insert(invitation, MAX_PENDING, {
      ...{ changes: [], events: [event], mails: [mail] },
    });
    if (answer === 'no_organisation') throw new TrustError('ORGANISATION_NOT_FOUND');
    if (answer === 'too_many') throw new TrustError('INVITATION_LIMIT');
    return { invitation, organisation };
  };
}

/** A time in the words that a mail has for it. */
const timeOf = (lifetime: Span) =>
  lifetime >= 2 * DAY
    ? { count: Math.floor(lifetime / DAY), unit: 'days' as const }
    : { count: Math.floor(lifetime / HOUR), unit: 'hours' as const };

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether a URL is of an app that the tenant sends people back to: of the origin of one in its list, on loopback whatever the port. */
export function isOfApp(listed: readonly string[], text: string): boolean {
  if (!isReturnTo(text)) return false;
  const { protocol, hostname, origin } = new URL(text);
  return listed.some((one) => {
    const url = new URL(one);
    if (url.origin === origin) return true;
    return url.port === '' && LOOPBACK.test(hostname) && url.protocol === protocol && url.hostname === hostname;
  });
}
