import { TrustError } from '../errors/trust_error.ts';
import type { AcceptInvitation, LookAtInvitation } from '../features/invitation/accept_invitation.ts';
import { readCookie } from './cookie.ts';
import { ACTOR, type FlowOptions, type RedirectFlow } from './flow.ts';
import { type Fields, readForm, readQuery } from './form.ts';
import { badForm, foreignForm, invitationOver } from './refusal.ts';
import type { PageContext, PageHandlers } from './routes.ts';
import { readDisplayName } from './sign_in_pages.ts';
import type { FormFaultView } from './views/form.ts';
import { invitationView } from './views/invitation.ts';
import { doneView } from './views/mail.ts';

export type InvitationUseCases = {
  readonly lookAtInvitation: LookAtInvitation;
  readonly acceptInvitation: AcceptInvitation;
};

/** The page of the link of an invitation: thin, since look and accept decide. */
export function invitationPages(
  options: FlowOptions & { readonly flow: RedirectFlow; readonly invitations: InvitationUseCases },
): Pick<PageHandlers, 'invitation' | 'submitInvitation'> {
  const { flow: redirect, tokens, refuse, invitations, tenantId } = options;

  /** What the form is bound to, in the place of where it leads. */
  const boundTo = (token: string) => ({ returnTo: options.publicUrl, state: token, codeChallenge: '' });

  const show = async (context: PageContext, linkToken: string, fields: Fields, fault?: FormFaultView) => {
    const { invitation, organisation, asks } = await invitations.lookAtInvitation(tenantId, linkToken);
    const { t } = context.var;
    const token = tokens.token(redirect.transactionOf(context), boundTo(linkToken));
    const displayName = fields.display_name?.slice(0, 128) ?? '';
    const about = { organisation: organisation.displayName, email: invitation.email, asks, displayName };
    return options.page(context, {
      status: fault === undefined ? 200 : 422,
      title: t.invitation.title(organisation.displayName),
      body: invitationView({ t, token, fault, linkToken, ...about }),
      formTarget: options.publicUrl,
    });
  };

  const done = (context: PageContext, title: string, words: string, href = '') => {
    const link = href === '' ? undefined : { href, label: context.var.t.invitation.goOn };
    return options.page(context, { status: 200, title, body: doneView(title, words, link) });
  };

  const accept = async (context: PageContext, token: string, fields: Fields): Promise<Response> => {
    const { t } = context.var;
    const displayName = readDisplayName(fields.display_name ?? '');
    if (displayName === undefined)
      return show(context, token, fields, { field: 'display_name', message: t.signIn.badName });
    const by = { tenantId, actor: ACTOR, address: options.clientOf(context) };
    const { password = '' } = fields;
    const given = { ...by, token, sessionId: '', password, displayName };
    const { membership, returnTo } = await invitations.acceptInvitation(given);
    return done(context, t.invitation.joined(membership.organisationName), t.invitation.joinedWords, returnTo);
  };

  /** A page for what the person cannot mend; lets every other error through. */
  const explain = (context: PageContext, error: unknown) => {
    const { t } = context.var;
    if (!(error instanceof TrustError)) throw error;
    switch (error.reason) {
      case 'INVITATION_REJECTED':
        return refuse(context, invitationOver(error.metadata.state));
      case 'ORGANISATION_NOT_FOUND':
      case 'ROLE_NOT_FOUND':
        return refuse(context, invitationOver('changed'));
      case 'ALREADY_MEMBER':
        return done(context, t.invitation.member, t.invitation.memberWords);
      default:
        throw error;
    }
  };

  return {
    async invitation(context) {
      const token = readQuery(context.env.incoming.url ?? '')?.token ?? '';
      return await show(context, token, {}).catch((error: unknown) => explain(context, error));
    },

    async submitInvitation(context) {
      const fields = await readForm(context.env.incoming);
      if (typeof fields === 'number') return refuse(context, badForm(fields));
      const { token = '', form_token: formToken } = fields;
      const transaction = readCookie(context.req.header('cookie'), options.cookie.name);
      if (transaction === undefined || !tokens.holds(formToken, transaction, boundTo(token))) {
        return refuse(context, foreignForm());
      }
      try {
        const fault = await accept(context, token, fields).catch((error: unknown) => faultOf(error, context));
        return fault instanceof Response ? fault : await show(context, token, fields, fault);
      } catch (error) {
        return explain(context, error);
      }
    },
  };
}

/** What the form says of an error that the person can mend; throws any other. */
function faultOf(error: unknown, { var: { t } }: PageContext): FormFaultView {
  if (!(error instanceof TrustError)) throw error;
  const field = 'password';
  if (error.reason === 'CREDENTIAL_REJECTED') return { field, message: t.invitation.wrongPassword };
  if (error.reason === 'WEAK_PASSWORD') return { field, message: t.signIn.weakPassword };
  if (error.reason === 'INVALID_FIELD') return { field, message: t.signIn.badPassword };
  throw error;
}
