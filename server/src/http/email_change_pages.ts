import { TrustError } from '../errors/trust_error.ts';
import type { CompleteEmailVerification, StartEmailVerification } from '../features/mail_proof/verify_email.ts';
import type { ReadPerson } from '../features/pending_sign_in/subject.ts';
import { readCookie } from './cookie.ts';
import { ACTOR, type FlowOptions, type OwnForm, type RedirectFlow } from './flow.ts';
import { faultOf } from './mail_pages.ts';
import { foreignForm } from './refusal.ts';
import type { PageContext, PageHandlers } from './routes.ts';
import { againView, changedEmailView, confirmEmailView } from './views/change_email.ts';
import { type FormFaultView, pageLink } from './views/form.ts';
import type { Html } from './views/layout.ts';

export type EmailChangeUseCases = {
  readonly startEmailVerification: StartEmailVerification;
  readonly completeEmailVerification: CompleteEmailVerification;
};

/** Another address, for who has just proved who they are: within a sign-in that is held for the page of all factors. */
export function emailChangePages(
  options: FlowOptions & {
    readonly flow: RedirectFlow;
    readonly email: EmailChangeUseCases;
    readonly mfa: { readonly readPerson: ReadPerson };
  },
): Pick<PageHandlers, 'changeEmail'> {
  const { flow: redirect, tokens, refuse, email } = options;
  const by = { tenantId: options.tenantId, actor: ACTOR };

  const page = (context: PageContext, form: OwnForm, fault: FormFaultView | undefined, title: string, body: Html) =>
    options.page(context, {
      status: fault === undefined ? 200 : 422,
      title,
      body,
      formTarget: form.request.returnTo,
      link: pageLink('/second-step', form.request),
    });

  type Name = { readonly pendingToken: string; readonly binding: string };
  const change = async (context: PageContext, form: OwnForm, name: Name): Promise<Response> => {
    const { t } = context.var;
    const { request, fields } = form;
    const { flow_token: given, email: typed = '', code = '' } = fields;
    const { binding } = name;
    const address = options.clientOf(context);
    if (given !== undefined) {
      await email.completeEmailVerification({ ...by, address, flowToken: given, code, binding });
      const view = { t, request, token: tokens.token(form.transaction, request), fault: undefined };
      return page(context, form, undefined, t.mail.emailChanged, changedEmailView(view));
    }
    const { identity } = await options.mfa.readPerson(options.tenantId, name);
    const replaces = identity.identifiers.find(({ type }) => type === 'email')?.value ?? '';
    const asker = { ...by, address, language: t.language, binding };
    const { flowToken } = await email.startEmailVerification(asker, name, typed, replaces);
    const view = { t, request, token: tokens.token(redirect.transactionOf(context), request), fault: undefined };
    return page(context, form, undefined, t.mail.checkMail, confirmEmailView({ ...view, email: typed, flowToken }));
  };

  return {
    /** Within the held sign-in; the form is shown again with what can be mended. */
    async changeEmail(context) {
      const form = await redirect.posted(context, '/security');
      if (form instanceof Response) return form;
      const pendingToken = readCookie(context.req.header('cookie'), redirect.pendingCookie.name) ?? '';
      try {
        return await change(context, form, { pendingToken, binding: redirect.bindingOf(form.transaction) });
      } catch (error) {
        const { request, fields } = form;
        const reason = error instanceof TrustError ? error.reason : undefined;
        if (reason === 'PENDING_SIGN_IN_REJECTED') return refuse(context, foreignForm(pageLink('/security', request)));
        if (reason === 'STEP_UP_REQUIRED') return context.redirect(pageLink('/second-step', request), 303);
        const fault = faultOf(error, context);
        if (fault === undefined) throw error;
        const { t } = context.var;
        const view = { t, request, token: tokens.token(redirect.transactionOf(context), request), fault };
        const { flow_token: flowToken, email: typed = '' } = fields;
        const body = flowToken === undefined ? againView(view) : confirmEmailView({ ...view, email: typed, flowToken });
        return page(context, form, fault, t.mail.changeEmail, body);
      }
    },
  };
}
