import { TrustError } from '../errors/trust_error.ts';
import type { Given, MailProofs, Started } from '../features/mail_proof/mail_proofs.ts';
import type { CompletePasswordReset, StartPasswordReset } from '../features/mail_proof/reset_password.ts';
import type { CompleteMailSignIn, StartMailSignIn } from '../features/mail_proof/sign_in_by_mail.ts';
import type { CompleteEmailVerification } from '../features/mail_proof/verify_email.ts';
import type { AskForWork } from '../features/rate_limit/limit_attempts.ts';
import { readCookie } from './cookie.ts';
import { ACTOR, type Flow, type FlowOptions, type OwnForm, type RedirectFlow } from './flow.ts';
import { type Fields, readForm, readQuery } from './form.ts';
import { badForm, foreignForm, linkOver, notFound } from './refusal.ts';
import type { PageContext, PageHandlers } from './routes.ts';
import { deviceCookie } from './second_step_pages.ts';
import { type FormFaultView, pageLink } from './views/form.ts';
import { askAddressView, doneView, elsewhereView, linkView, typeCodeView } from './views/mail.ts';
import { workAsked } from './work_asked.ts';

export type MailUseCases = {
  /** Whether mails can be sent; without it none of these pages is there. */
  readonly enabled: boolean;
  readonly look: MailProofs['look'];
  readonly startMailSignIn: StartMailSignIn;
  readonly completeMailSignIn: CompleteMailSignIn;
  readonly startPasswordReset: StartPasswordReset;
  readonly completePasswordReset: CompletePasswordReset;
  readonly completeEmailVerification: CompleteEmailVerification;
};

/** A code instead of a password, or a new password. */
type Kind = 'sign-in/mail' | 'recover';

type Typed = {
  readonly flowToken?: string | undefined;
  readonly email: string;
  readonly fault?: FormFaultView | undefined;
  /** The challenge, where the fault is that work must be proved. */
  readonly work?: string | undefined;
};

/** Pages of what is done by mail: thin, since the use cases decide. */
export function mailPages(
  options: FlowOptions & {
    readonly flow: RedirectFlow;
    readonly email: MailUseCases;
    readonly askForWork: AskForWork;
  },
): Pick<PageHandlers, 'mailSignIn' | 'submitMailSignIn' | 'recover' | 'submitRecover' | 'mailLink' | 'submitMailLink'> {
  const { flow: redirect, tokens, refuse, email } = options;
  const devices = deviceCookie(options.publicUrl);

  /** Asks for the address, or, once a mail is on its way, for the code. */
  const show = async (context: PageContext, kind: Kind, { request }: Flow, typed: Typed): Promise<Response> => {
    const { t } = context.var;
    const { flowToken, fault } = typed;
    const token = tokens.token(redirect.transactionOf(context), request);
    const asks = () => options.askForWork(options.tenantId, options.clientOf(context));
    const work = typed.work ?? (flowToken === undefined ? await asks() : undefined);
    const form = { t, request, token, fault, work, kind, email: typed.email.slice(0, 254) };
    return options.page(context, {
      status: fault === undefined ? 200 : typed.work === undefined ? 422 : 429,
      scripts: work === undefined ? [] : ['work'],
      title: flowToken === undefined ? (kind === 'recover' ? t.mail.recover : t.mail.signInByCode) : t.mail.checkMail,
      body: flowToken === undefined ? askAddressView(form) : typeCodeView({ ...form, flowToken }),
      formTarget: request.returnTo,
      link: pageLink(`/${kind}`, request),
    });
  };

  const begin = (context: PageContext, kind: Kind, { fields, request, transaction }: OwnForm): Promise<Started> => {
    const asker = {
      tenantId: options.tenantId,
      actor: ACTOR,
      address: options.clientOf(context),
      language: context.var.t.language,
      binding: redirect.bindingOf(transaction),
      request: new URL(pageLink('/sign-in', request), options.publicUrl).search,
      proofOfWork: fields.proof_of_work ?? '',
    };
    const start = kind === 'recover' ? email.startPasswordReset : email.startMailSignIn;
    return start(asker, fields.email ?? '');
  };

  /** Takes a code or a link, and goes on in the flow. */
  const complete = async (context: PageContext, given: Given, kind: Kind, form: OwnForm): Promise<Response> => {
    const { request, transaction, fields } = form;
    const more = { binding: redirect.bindingOf(transaction), wanted: request.acr };
    if (kind === 'recover') {
      const step = await email.completePasswordReset(given, fields.password ?? '', more);
      // Where no mail signs in, the new password does.
      return step === undefined
        ? context.redirect(pageLink('/sign-in', request), 303)
        : redirect.goOn(context, step, request);
    }
    const deviceToken = readCookie(context.req.header('cookie'), devices.name);
    return redirect.goOn(context, await email.completeMailSignIn(given, { ...more, deviceToken }), request);
  };

  const isOff = (kind: Kind, { settings }: Flow) => kind === 'sign-in/mail' && !settings.signInMethods.mail;

  const open = (kind: Kind) => async (context: PageContext) => {
    if (!email.enabled) return refuse(context, notFound());
    const flow = await redirect.opened(context);
    if (flow instanceof Response) return flow;
    return isOff(kind, flow) ? refuse(context, notFound()) : show(context, kind, flow, { email: '' });
  };

  const submit = (kind: Kind) => async (context: PageContext) => {
    if (!email.enabled) return refuse(context, notFound());
    const form = await redirect.posted(context, `/${kind}`);
    if (form instanceof Response) return form;
    if (isOff(kind, form)) return refuse(context, notFound());
    const { flow_token: flowToken, code = '', email: typed = '' } = form.fields;
    try {
      if (flowToken === undefined) {
        const started = await begin(context, kind, form);
        return await show(context, kind, form, { email: typed, flowToken: started.flowToken });
      }
      const by = { tenantId: options.tenantId, actor: ACTOR, place: options.placeOf(context) };
      const given = { ...by, flowToken, code, binding: redirect.bindingOf(form.transaction) };
      return await complete(context, given, kind, form);
    } catch (error) {
      const asked = workAsked(error, context);
      const fault = asked?.fault ?? faultOf(error, context);
      if (fault === undefined) throw error;
      return show(context, kind, form, { email: typed, flowToken, fault, work: asked?.work });
    }
  };

  /** What stands behind a link; undefined where it is of no use any more. */
  const behind = async (context: PageContext, token: string, transaction: string | undefined) => {
    const proof = email.enabled ? await email.look(options.tenantId, token) : undefined;
    if (proof === undefined) return undefined;
    const { signInMethods } = await options.settings(options.tenantId);
    if (proof.purpose === 'sign_in' && !signInMethods.mail) return undefined;
    const own = transaction !== undefined && proof.binding === redirect.bindingOf(transaction);
    const flow = own && proof.request !== '' ? await redirect.read(readQuery(proof.request) ?? {}) : undefined;
    return { proof, flow: flow === undefined || 'status' in flow ? undefined : flow, context };
  };
  type Behind = NonNullable<Awaited<ReturnType<typeof behind>>>;

  /** What a form of a link is bound to, in the place of where it leads. */
  const linkRequest = (token: string) => ({ returnTo: options.publicUrl, state: token, codeChallenge: '' });

  const showLink = async (
    context: PageContext,
    token: string,
    { proof, flow }: Behind,
    fault?: FormFaultView,
  ): Promise<Response> => {
    const { t } = context.var;
    const transaction = redirect.transactionOf(context);
    const form = redirect.formPage(context, { request: linkRequest(token) }, transaction, fault);
    const elsewhere = proof.purpose === 'sign_in' && flow === undefined;
    const title = { sign_in: t.signIn.signIn, reset: t.mail.recover, verify: t.mail.confirm }[proof.purpose];
    return options.page(context, {
      status: fault === undefined ? 200 : 422,
      title,
      body: elsewhere
        ? elsewhereView(t)
        : linkView({ ...form, title, linkToken: token, purpose: proof.purpose, email: proof.email }),
      formTarget: flow?.request.returnTo ?? options.publicUrl,
    });
  };

  const done = (context: PageContext, title: string, words: string) =>
    options.page(context, { status: 200, title, body: doneView(title, words) });

  /** Does what a link is for. */
  const follow = async (
    context: PageContext,
    fields: Fields,
    transaction: string,
    { proof, flow }: Behind,
  ): Promise<Response> => {
    const { t } = context.var;
    const { token: linkToken = '' } = fields;
    const given = { tenantId: options.tenantId, actor: ACTOR, place: options.placeOf(context), linkToken };
    if (proof.purpose === 'verify') {
      await email.completeEmailVerification(given);
      return done(context, t.mail.confirmed, t.mail.confirmedWords);
    }
    const kind = proof.purpose === 'reset' ? 'recover' : 'sign-in/mail';
    if (flow !== undefined) return complete(context, given, kind, { ...flow, fields, transaction });
    if (proof.purpose === 'sign_in') return refuse(context, linkOver());
    await email.completePasswordReset(given, fields.password ?? '');
    return done(context, t.mail.changed, t.mail.changedWords);
  };

  return {
    mailSignIn: open('sign-in/mail'),
    submitMailSignIn: submit('sign-in/mail'),
    recover: open('recover'),
    submitRecover: submit('recover'),

    // Looks only: programs that read mails open each link (spec MAIL-16).
    async mailLink(context) {
      const token = readQuery(context.env.incoming.url ?? '')?.token ?? '';
      const found = await behind(context, token, readCookie(context.req.header('cookie'), options.cookie.name));
      return found === undefined ? refuse(context, linkOver()) : showLink(context, token, found);
    },

    async submitMailLink(context) {
      const fields = await readForm(context.env.incoming);
      if (typeof fields === 'number') return refuse(context, badForm(fields));
      const { token = '', form_token: formToken } = fields;
      const transaction = readCookie(context.req.header('cookie'), options.cookie.name);
      if (transaction === undefined || !tokens.holds(formToken, transaction, linkRequest(token))) {
        return refuse(context, foreignForm());
      }
      const found = await behind(context, token, transaction);
      if (found === undefined) return refuse(context, linkOver());
      try {
        return await follow(context, fields, transaction, found);
      } catch (error) {
        if (error instanceof TrustError && error.reason === 'CREDENTIAL_REJECTED') return refuse(context, linkOver());
        const fault = faultOf(error, context);
        if (fault === undefined) throw error;
        return showLink(context, token, found, fault);
      }
    },
  };
}

/** What the form says of an error that the person can mend; undefined for any other. */
export function faultOf(error: unknown, { var: { t } }: PageContext): FormFaultView | undefined {
  if (!(error instanceof TrustError)) return undefined;
  if (error.reason === 'CREDENTIAL_REJECTED') return { field: 'code', message: t.mail.codeRejected };
  const [{ field } = { field: '' }] = error.fields;
  if (error.reason === 'WEAK_PASSWORD') return { field, message: t.signIn.weakPassword };
  if (error.reason !== 'INVALID_FIELD') return undefined;
  return field === 'password' ? { field, message: t.signIn.badPassword } : { field, message: t.signIn.badEmail };
}
