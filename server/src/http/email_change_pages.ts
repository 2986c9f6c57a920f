import { TrustError } from '../errors/trust_error.ts';
import type { Identity } from '../features/identity/identity.ts';
import type { CompleteEmailVerification, StartEmailVerification } from '../features/mail_proof/verify_email.ts';
import type { PendingSignIns } from '../features/pending_sign_in/answer_sign_in.ts';
import type { ReadPerson } from '../features/pending_sign_in/subject.ts';
import { ACTOR, type FlowOptions, type OwnForm, type RedirectFlow } from './flow.ts';
import { type Held, heldSignIns } from './held.ts';
import { faultOf } from './mail_pages.ts';
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
    readonly mfa: { readonly readPerson: ReadPerson; readonly pending: Pick<PendingSignIns, 'read' | 'asked'> };
    readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  },
): Pick<PageHandlers, 'changeEmail'> {
  const { flow: redirect, refuse, email } = options;
  const signIns = heldSignIns(options);
  const by = { tenantId: options.tenantId, actor: ACTOR };

  const page = (context: PageContext, form: OwnForm, fault: FormFaultView | undefined, title: string, body: Html) =>
    options.page(context, {
      status: fault === undefined ? 200 : 422,
      title,
      body,
      formTarget: form.request.returnTo,
      link: pageLink('/second-step', form.request),
    });

  const change = async (context: PageContext, form: OwnForm, { token, binding }: Held): Promise<Response> => {
    const { mail } = context.var.t;
    const { flow_token: given, email: typed = '', code = '' } = form.fields;
    const name = { pendingToken: token, binding };
    const place = options.placeOf(context);
    const view = redirect.formPage(context, form, form.transaction);
    if (given !== undefined) {
      await email.completeEmailVerification({ ...by, place, flowToken: given, code, binding });
      return page(context, form, undefined, mail.emailChanged, changedEmailView(view));
    }
    const { identity } = await options.mfa.readPerson(options.tenantId, name);
    const replaces = identity.identifiers.find(({ type }) => type === 'email')?.value ?? '';
    const asker = { ...by, address: place.ipAddress, language: context.var.t.language, binding };
    const { flowToken } = await email.startEmailVerification(asker, name, typed, replaces);
    redirect.transactionOf(context);
    return page(context, form, undefined, mail.checkMail, confirmEmailView({ ...view, email: typed, flowToken }));
  };

  return {
    /** Within the held sign-in; the form is shown again with what can be mended. */
    async changeEmail(context) {
      const own = await signIns.posted(context);
      if (own instanceof Response) return own;
      const { form, held } = own;
      try {
        return await change(context, form, held);
      } catch (error) {
        const reason = error instanceof TrustError ? error.reason : undefined;
        if (reason === 'PENDING_SIGN_IN_REJECTED') return refuse(context, signIns.startAgain(form));
        if (reason === 'STEP_UP_REQUIRED') return context.redirect(pageLink('/second-step', form.request), 303);
        const fault = faultOf(error, context);
        if (fault === undefined) throw error;
        redirect.transactionOf(context);
        const view = redirect.formPage(context, form, form.transaction, fault);
        const { flow_token: flowToken, email: typed = '' } = form.fields;
        const body = flowToken === undefined ? againView(view) : confirmEmailView({ ...view, email: typed, flowToken });
        return page(context, form, fault, context.var.t.mail.changeEmail, body);
      }
    },
  };
}
