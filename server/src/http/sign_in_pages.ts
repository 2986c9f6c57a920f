import type { Reason } from '../errors/catalog.ts';
import { TrustError } from '../errors/trust_error.ts';
import type { IdentifierType, Identity } from '../features/identity/identity.ts';
import type { SignInWithPasskey, StartPasskeySignIn } from '../features/passkey/prove_passkey.ts';
import type { AuthenticatePassword } from '../features/password/sign_in_with_password.ts';
import type { RegisterPassword } from '../features/password/sign_up_with_password.ts';
import type { BeginSignIn } from '../features/pending_sign_in/begin_sign_in.ts';
import type { AskForWork } from '../features/rate_limit/limit_attempts.ts';
import type { Language } from '../kernel/language.ts';
import { readCookie } from './cookie.ts';
import { ACTOR, type Flow, type FlowOptions, type OwnForm, type PageScript, type RedirectFlow } from './flow.ts';
import type { Fields } from './form.ts';
import { signUpClosed } from './refusal.ts';
import type { PageContext, PageHandlers } from './routes.ts';
import { deviceCookie } from './second_step_pages.ts';
import type { Texts } from './texts/en.ts';
import type { ProviderButton } from './views/elsewhere.ts';
import { type FormFaultView, pageLink } from './views/form.ts';
import { signInView } from './views/sign_in.ts';
import { signUpView } from './views/sign_up.ts';
import { workAsked } from './work_asked.ts';

export type SignInUseCases = {
  readonly authenticatePassword: AuthenticatePassword;
  readonly registerPassword: RegisterPassword;
  readonly email: { readonly enabled: boolean };
  readonly askForWork: AskForWork;
  readonly mfa: {
    readonly beginSignIn: BeginSignIn;
    readonly startPasskeySignIn: StartPasskeySignIn;
    readonly signInWithPasskey: SignInWithPasskey;
  };
  readonly oauth: { readonly providers: readonly ProviderButton[] };
};

/** `security` is a sign-in that stops at the page on which a person looks after their factors. */
type Kind = 'sign-in' | 'sign-up' | 'security';

/** The pages on which a redirect flow begins: thin, since authenticate, register and begin decide. */
export function signInPages(
  options: SignInUseCases & FlowOptions & { readonly flow: RedirectFlow },
): Pick<
  PageHandlers,
  'signIn' | 'submitSignIn' | 'submitPasskey' | 'signUp' | 'submitSignUp' | 'security' | 'submitSecurity'
> {
  const { flow: redirect, tokens, refuse, mfa } = options;
  const devices = deviceCookie(options.publicUrl);

  const show = async (
    context: PageContext,
    kind: Kind,
    { settings, request }: Flow,
    typed: { readonly fields: Fields; readonly fault: FormFaultView; readonly work?: string } | undefined,
  ): Promise<Response> => {
    const token = tokens.token(redirect.transactionOf(context), request);
    const { t } = context.var;
    const work = typed?.work ?? (await options.askForWork(options.tenantId, options.clientOf(context)));
    const { signInMethods: ways } = settings;
    const providers = ways.oauth ? options.oauth.providers : [];
    const form = { t, request, token, fault: typed?.fault, work, providers };
    const workScript: readonly PageScript[] = work === undefined ? [] : ['work'];
    const identifier = typed?.fields.identifier?.slice(0, 254) ?? '';
    const displayName = typed?.fields.display_name?.slice(0, 128) ?? '';
    // Every form that is shown again has status 422, unless it has to wait.
    const status = typed === undefined ? 200 : typed.work === undefined ? 422 : 429;
    const common = { status, link: pageLink(`/${kind}`, request) } as const;
    if (kind === 'sign-up') {
      const body = signUpView({ ...form, identifier, displayName });
      return options.page(context, {
        ...common,
        title: t.signIn.createYourAccount,
        body,
        formTarget: request.returnTo,
        scripts: workScript,
      });
    }
    const passkeys = redirect.hasPasskeys && ways.passkey && settings.mfaPolicy !== 'off';
    const passkeyOptions = passkeys ? await mfa.startPasskeySignIn(options.tenantId, undefined) : undefined;
    const byMail = options.email.enabled;
    const byCode = byMail && ways.mail && kind === 'sign-in';
    const view = { ...form, kind, identifier, byMail, byCode, signUpOpen: settings.signUpOpen && kind === 'sign-in' };
    const body = signInView({ ...view, passkeyOptions });
    return options.page(context, {
      ...common,
      title: t.signIn.signIn,
      body,
      formTarget: request.returnTo,
      scripts: passkeys ? ['passkey', ...workScript] : workScript,
    });
  };

  const open = (kind: Kind) => async (context: PageContext) => {
    const flow = await redirect.opened(context);
    if (flow instanceof Response) return flow;
    if (kind === 'sign-up' && !flow.settings.signUpOpen)
      return refuse(context, signUpClosed(pageLink('/sign-in', flow.request)));
    return show(context, kind, flow, undefined);
  };

  const begin = (form: OwnForm, identity: Identity, kind: Kind, deviceToken: string | undefined) =>
    mfa.beginSignIn({
      tenantId: options.tenantId,
      actor: ACTOR,
      identity,
      method: 'password',
      deviceToken,
      binding: redirect.bindingOf(form.transaction),
      wanted: form.request.acr,
      hold: kind === 'security',
    });

  const submit = (kind: Kind) => async (context: PageContext) => {
    const form = await redirect.posted(context, `/${kind}`);
    if (form instanceof Response) return form;
    const { fields, request } = form;
    try {
      const identity = await decide(kind, fields, options.clientOf(context), context.var.t.language);
      const deviceToken = readCookie(context.req.header('cookie'), devices.name);
      return await redirect.goOn(context, await begin(form, identity, kind, deviceToken), request);
    } catch (error) {
      if (error instanceof TrustError && error.reason === 'SIGN_UP_CLOSED') {
        return refuse(context, signUpClosed(pageLink('/sign-in', request)));
      }
      const asked = workAsked(error, context);
      if (asked !== undefined) return show(context, kind, form, { fields, ...asked });
      const fault = faultOf(error, context.var.t);
      if (fault === undefined) throw error;
      return show(context, kind, form, { fields, fault });
    }
  };

  const decide = (kind: Kind, fields: Fields, address: string, language: Language): Promise<Identity> => {
    const { identifier = '', password = '', display_name: typedName = '', proof_of_work: proofOfWork } = fields;
    const attempt = { tenantId: options.tenantId, actor: ACTOR, identifier, password, address, proofOfWork };
    if (kind !== 'sign-up') return options.authenticatePassword({ ...attempt, identifierType: typeOf(identifier) });
    const displayName = readDisplayName(typedName);
    if (displayName === undefined) throw new NameFault();
    return options.registerPassword({ ...attempt, identifierType: 'email', displayName, language });
  };

  return {
    signIn: open('sign-in'),
    submitSignIn: submit('sign-in'),
    signUp: open('sign-up'),
    submitSignUp: submit('sign-up'),
    security: open('security'),
    submitSecurity: submit('security'),

    async submitPasskey(context) {
      const form = await redirect.posted(context, '/sign-in');
      if (form instanceof Response) return form;
      const { credential: credentialJson = '', hold } = form.fields;
      try {
        const step = await mfa.signInWithPasskey({
          tenantId: options.tenantId,
          actor: ACTOR,
          credentialJson,
          binding: redirect.bindingOf(form.transaction),
          hold: hold === 'yes',
        });
        return await redirect.goOn(context, step, form.request);
      } catch (error) {
        if (!(error instanceof TrustError && error.reason === 'CREDENTIAL_REJECTED')) throw error;
        const fault = { message: context.var.t.signIn.passkeyRejected, field: 'credential' };
        return show(context, hold === 'yes' ? 'security' : 'sign-in', form, { fields: {}, fault });
      }
    },
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses.
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A name as a person typed it; undefined if it is none. */
export function readDisplayName(typed: string): string | undefined {
  const name = typed.trim();
  return [...name].length > 128 || CONTROL.test(name) ? undefined : name;
}

class NameFault extends Error {}

/** What kind of name a person typed. */
function typeOf(identifier: string): IdentifierType {
  const text = identifier.trim();
  if (text.includes('@')) return 'email';
  return text.startsWith('+') ? 'phone' : 'username';
}

/** What the form says of an error that the person can mend; undefined for any other. */
function faultOf(error: unknown, { signIn }: Texts): FormFaultView | undefined {
  if (error instanceof NameFault) return { field: 'display_name', message: signIn.badName };
  if (!(error instanceof TrustError)) return undefined;
  if (error.reason === 'CREDENTIAL_REJECTED') return { message: signIn.rejected };
  const words: Partial<Record<Reason, Record<string, string>>> = {
    INVALID_FIELD: { identifier: signIn.badEmail, password: signIn.badPassword },
    WEAK_PASSWORD: { password: signIn.weakPassword },
  };
  const field = error.fields[0]?.field ?? '';
  const message = words[error.reason]?.[field];
  return message === undefined ? undefined : { field, message };
}
