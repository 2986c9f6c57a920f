import { TrustError } from '../errors/trust_error.ts';
import { doneFrom } from '../features/cascade/cascade.ts';
import type { RemoveEmail } from '../features/identity/change_identity.ts';
import { canonicalIdentifier, type Identity, MAX_IDENTIFIERS } from '../features/identity/identity.ts';
import type { CompleteEmailVerification, StartEmailVerification } from '../features/mail_proof/verify_email.ts';
import type { PendingSignIns } from '../features/pending_sign_in/answer_sign_in.ts';
import { ACTOR, type FlowOptions, type OwnForm, type RedirectFlow } from './flow.ts';
import { type Held, heldSignIns } from './held.ts';
import { faultOf } from './mail_pages.ts';
import type { PageContext, PageHandlers } from './routes.ts';
import { addressesView, confirmEmailView, confirmedEmailView } from './views/addresses.ts';
import { type FormFaultView, pageLink } from './views/form.ts';
import type { Html } from './views/layout.ts';

export type AddressUseCases = {
  readonly enabled: boolean;
  readonly startEmailVerification: StartEmailVerification;
  readonly completeEmailVerification: CompleteEmailVerification;
};

/** The addresses of a person, who has just proved who they are: each is proved before it counts, and one always stays (spec PAG-8). */
export function addressPages(
  options: FlowOptions & {
    readonly flow: RedirectFlow;
    readonly email: AddressUseCases;
    readonly account: { readonly removeEmail: RemoveEmail };
    readonly mfa: { readonly pending: Pick<PendingSignIns, 'read' | 'asked'> };
    readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
  },
): Pick<PageHandlers, 'proveAddress' | 'removeAddress'> {
  const { flow: redirect, refuse, email } = options;
  const signIns = heldSignIns(options);
  const by = { tenantId: options.tenantId, actor: ACTOR };

  const page = (context: PageContext, form: OwnForm, fault: FormFaultView | undefined, title: string, body: Html) =>
    options.page(context, {
      status: fault === undefined ? 200 : 422,
      title,
      body,
      formTarget: form.request.returnTo,
      link: pageLink('/account', form.request),
    });

  type Own = { readonly form: OwnForm; readonly held: Held; readonly identity: Identity };

  /** The form of who may change addresses; the page is bound to the browser anew. */
  const posted = async (context: PageContext): Promise<Own | Response> => {
    const own = await signIns.posted(context);
    if (own instanceof Response) return own;
    const identity = await signIns.ownerOf(own.held);
    if (identity === undefined) return refuse(context, signIns.startAgain(own.form));
    redirect.transactionOf(context);
    return { ...own, identity };
  };

  const again = (context: PageContext, { form, identity }: Own, fault: FormFaultView) => {
    const view = { ...redirect.formPage(context, form, form.transaction, fault), identity, byMail: email.enabled };
    return page(context, form, fault, context.var.t.account.addresses, addressesView(view));
  };

  /** What can be mended in the form of an address; undefined for any other failure. */
  const faultIn = (context: PageContext, { form, identity }: Own, error: unknown): FormFaultView | undefined => {
    const fault = faultOf(error, context);
    const { email: typed = '', replaces = '' } = form.fields;
    const full = identity.identifiers.length >= MAX_IDENTIFIERS && replaces === '';
    const crowded = full && canonicalIdentifier('email', typed) !== undefined;
    return (
      fault && { field: 'email', message: crowded ? context.var.t.mail.tooManyNames(MAX_IDENTIFIERS) : fault.message }
    );
  };

  const ask = async (context: PageContext, own: Own): Promise<Response> => {
    const { form, held } = own;
    const { mail, language } = context.var.t;
    const { email: typed = '', replaces = '' } = form.fields;
    const asker = { ...by, address: options.clientOf(context), language, binding: held.binding };
    const name = { pendingToken: held.token, binding: held.binding };
    const { flowToken } = await email.startEmailVerification(asker, name, typed, replaces);
    const view = { ...redirect.formPage(context, form, form.transaction), email: typed, flowToken };
    return page(context, form, undefined, mail.checkMail, confirmEmailView(view));
  };

  const confirm = async (context: PageContext, { form, held }: Own, flowToken: string): Promise<Response> => {
    const { mail } = context.var.t;
    const { email: typed = '', code = '' } = form.fields;
    try {
      const given = { ...by, place: options.placeOf(context), flowToken, code, binding: held.binding };
      await email.completeEmailVerification(given);
      const view = redirect.formPage(context, form, form.transaction);
      return page(context, form, undefined, mail.confirmed, confirmedEmailView(view));
    } catch (error) {
      const fault = faultOf(error, context);
      if (fault === undefined) throw error;
      const view = { ...redirect.formPage(context, form, form.transaction, fault), email: typed, flowToken };
      return page(context, form, fault, mail.checkMail, confirmEmailView(view));
    }
  };

  return {
    /** Within the held sign-in; a form is shown again with what can be mended. */
    async proveAddress(context) {
      const own = await posted(context);
      if (own instanceof Response) return own;
      const { flow_token: given } = own.form.fields;
      if (given !== undefined) return confirm(context, own, given);
      try {
        return await ask(context, own);
      } catch (error) {
        const fault = faultIn(context, own, error);
        if (fault === undefined) throw error;
        return again(context, own, fault);
      }
    },

    async removeAddress(context) {
      const own = await posted(context);
      if (own instanceof Response) return own;
      const within = doneFrom({ pendingDigest: own.held.pending.digest }, options.placeOf(context));
      try {
        const target = { ...by, identityId: own.identity.id, within };
        await options.account.removeEmail(target, own.form.fields.remove ?? '');
        return context.redirect(pageLink('/account', own.form.request), 303);
      } catch (error) {
        if (!(error instanceof TrustError && error.reason === 'LAST_IDENTIFIER')) throw error;
        return again(context, own, { field: 'remove', message: context.var.t.account.lastAddress });
      }
    },
  };
}
