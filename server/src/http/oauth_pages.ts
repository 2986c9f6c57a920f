import { TrustError } from '../errors/trust_error.ts';
import { doneFrom } from '../features/cascade/cascade.ts';
import type { CompleteOauth, OauthOutcome, TakeAttempt, TakenAttempt } from '../features/oauth/complete_oauth.ts';
import type { LinkedAccounts } from '../features/oauth/linked_accounts.ts';
import type { OauthPurpose } from '../features/oauth/oauth.ts';
import type { StartOauth } from '../features/oauth/start_oauth.ts';
import type { ProviderReply } from '../features/oauth/store.ts';
import type { BeginSignIn } from '../features/pending_sign_in/begin_sign_in.ts';
import type { ReadSubject } from '../features/pending_sign_in/subject.ts';
import { readCookie } from './cookie.ts';
import { ACTOR, type Flow, type FlowOptions, type OwnForm, type RedirectFlow } from './flow.ts';
import { type Fields, readForm, readQuery } from './form.ts';
import { badForm, badLink, foreignForm, oauthOver } from './refusal.ts';
import type { PageContext, PageHandlers } from './routes.ts';
import { deviceCookie } from './second_step_pages.ts';
import {
  backToSecurity,
  backToSignIn,
  leavingView,
  type ProblemView,
  type ProviderButton,
  problemView,
} from './views/elsewhere.ts';
import { pageLink } from './views/form.ts';

export type OauthPageUseCases = {
  readonly providers: readonly ProviderButton[];
  readonly startOauth: StartOauth;
  readonly takeAttempt: TakeAttempt;
  readonly completeOauth: CompleteOauth;
  readonly linkedAccounts: LinkedAccounts;
};

type Page = Pick<ProblemView, 't' | 'request' | 'token'>;

const PURPOSES: readonly OauthPurpose[] = ['sign_in', 'link', 'claim'];

/** The way to a provider and back, wholly on our side: an app sees no more of it than a sign-in code (spec OAU-1). */
export function oauthPages(
  options: FlowOptions & {
    readonly flow: RedirectFlow;
    readonly oauth: OauthPageUseCases;
    /** Whether the page in front of a provider waits for a yes. */
    readonly confirmLeaving?: boolean | undefined;
    readonly mfa: { readonly beginSignIn: BeginSignIn; readonly readSubject: ReadSubject };
  },
): Pick<PageHandlers, 'startOauth' | 'unlinkAccount' | 'oauthCallback' | 'relayOauthCallback'> {
  const { flow: redirect, oauth, mfa, tokens, refuse } = options;
  const devices = deviceCookie(options.publicUrl);
  const labelOf = (name: string, otherwise: string) =>
    oauth.providers.find((one) => one.name === name)?.label ?? otherwise;

  /** The person whose page of all factors this browser shows. */
  const subjectOf = async (context: PageContext, form: OwnForm) => {
    const pendingToken = readCookie(context.req.header('cookie'), redirect.pendingCookie.name) ?? '';
    const binding = redirect.bindingOf(form.transaction);
    return mfa.readSubject(options.tenantId, { pendingToken, binding }, 'accounts');
  };

  const problem = (
    context: PageContext,
    { request }: Flow,
    transaction: string,
    words: (page: Page) => Omit<ProblemView, keyof Page>,
    status: 422 | 503 = 422,
  ) => {
    redirect.transactionOf(context);
    const page = redirect.formPage(context, { request }, transaction);
    const view = { ...page, ...words(page) };
    const body = problemView(view);
    // The callback itself is not a page to come back to.
    const link = pageLink('/sign-in', request);
    return options.page(context, { status, title: view.title, body, link, formTarget: request.returnTo });
  };

  /** What a person reads of an error that they can do something about; lets every other error through. */
  const explain = (
    context: PageContext,
    flow: Flow,
    transaction: string,
    provider: string,
    purpose: OauthPurpose,
    error: unknown,
  ) => {
    if (!(error instanceof TrustError)) throw error;
    const t = context.var.t.elsewhere;
    const label = labelOf(provider, t.otherSite);
    const back = purpose === 'link' ? backToSecurity : backToSignIn;
    const say = (title: string, message: string, status?: 422 | 503) =>
      problem(context, flow, transaction, (page) => ({ title, message, next: back(page) }), status);
    switch (error.reason) {
      case 'OAUTH_REJECTED':
        if (error.metadata.denied === 'true') return say(t.denied(label), t.deniedWords(label));
        return say(t.failed, t.failedWords(label));
      case 'OAUTH_PROVIDER_UNAVAILABLE':
        return say(t.unavailable(label), t.unavailableWords(label), 503);
      case 'CREDENTIAL_REJECTED':
        return say(t.failed, t.rejectedWords(label));
      case 'SIGN_UP_CLOSED':
        return say(t.closed, t.closedWords(label));
      case 'ACCOUNT_LINKED':
        return say(t.linked, t.linkedWords(label));
      case 'FACTOR_LIMIT':
        return say(t.tooMany, t.tooManyWords);
      case 'LAST_WAY_IN':
        return say(t.lastWayIn, t.lastWayInWords);
      case 'ACCOUNT_EXISTS': {
        const claimable = error.metadata.claimable === 'true';
        const claim = claimable ? oauth.providers.find(({ name }) => name === provider) : undefined;
        const next = { href: pageLink('/security', flow.request), label: t.signInAndConnect };
        const words = { title: t.exists, message: t.existsWords(label), next, claim };
        return problem(context, flow, transaction, () => words);
      }
      default:
        throw error;
    }
  };

  const start = async (context: PageContext, form: OwnForm): Promise<Response> => {
    const { provider = '', purpose: asked = 'sign_in', hold } = form.fields;
    const purpose = PURPOSES.find((one) => one === asked);
    const offered = form.settings.signInMethods.oauth ? oauth.providers : [];
    if (purpose === undefined || !offered.some(({ name }) => name === provider)) return refuse(context, badForm(400));
    const identity = purpose === 'link' ? (await subjectOf(context, form)).identity : undefined;
    const { url } = await oauth.startOauth({
      tenantId: options.tenantId,
      provider,
      purpose,
      binding: redirect.bindingOf(form.transaction),
      redirectUri: `${options.publicUrl}/oauth/${provider}/callback`,
      identity,
      request: form.request,
      hold: hold === 'yes',
      address: options.clientOf(context),
    });
    redirect.transactionOf(context);
    // Not a redirect: browsers hold those that follow a form to the form-action of its page, and providers lead on to others.
    if (options.confirmLeaving !== true) context.header('refresh', `0;url=${url}`);
    const { t } = context.var;
    const label = labelOf(provider, provider);
    const back = purpose === 'link' ? '/second-step' : hold === 'yes' ? '/security' : '/sign-in';
    const leaving = { label, url, back: pageLink(back, form.request), waits: options.confirmLeaving === true };
    const body = leavingView(t, leaving);
    const link = pageLink('/sign-in', form.request);
    return options.page(context, {
      status: 200,
      title: t.elsewhere.leaving(label),
      body,
      link,
    });
  };

  /** Work for a form of a signed-in person; a sign-in that is over or asks for more leads there. */
  const posted = async (
    context: PageContext,
    work: (form: OwnForm) => Promise<Response>,
    purposeOf: (fields: Fields) => OauthPurpose,
  ) => {
    const form = await redirect.posted(context, '/sign-in');
    if (form instanceof Response) return form;
    try {
      return await work(form);
    } catch (error) {
      const reason = error instanceof TrustError ? error.reason : undefined;
      if (reason === 'PENDING_SIGN_IN_REJECTED') {
        return refuse(context, foreignForm(pageLink('/sign-in', form.request)));
      }
      if (reason === 'STEP_UP_REQUIRED') return context.redirect(pageLink('/second-step', form.request), 303);
      return explain(context, form, form.transaction, form.fields.provider ?? '', purposeOf(form.fields), error);
    }
  };

  /** Where a reply leads that was checked. */
  const goOn = async (context: PageContext, flow: Flow, { attempt, secrets }: TakenAttempt, outcome: OauthOutcome) => {
    if (outcome.identity === undefined) return context.redirect(pageLink('/second-step', flow.request), 303);
    const step = await mfa.beginSignIn({
      tenantId: options.tenantId,
      actor: ACTOR,
      identity: outcome.identity,
      method: 'oauth',
      deviceToken: readCookie(context.req.header('cookie'), devices.name),
      binding: attempt.binding,
      wanted: flow.request.acr,
      hold: secrets.hold,
    });
    return redirect.goOn(context, step, flow.request);
  };

  return {
    startOauth: (context) =>
      posted(
        context,
        (form) => start(context, form),
        ({ purpose }) => (purpose === 'link' ? 'link' : 'sign_in'),
      ),

    unlinkAccount: (context) =>
      posted(
        context,
        async (form) => {
          const subject = await subjectOf(context, form);
          const within = doneFrom(subject.within, options.placeOf(context));
          const accountId = form.fields.account ?? '';
          const identityId = subject.identity.id;
          const target = { tenantId: options.tenantId, actor: ACTOR, identityId, accountId, within };
          await oauth.linkedAccounts.unlink(target).catch(unlessGone);
          return context.redirect(pageLink('/second-step', form.request), 303);
        },
        () => 'link',
      ),

    async oauthCallback(context) {
      const query = readQuery(context.env.incoming.url ?? '');
      if (query === undefined)
        return refuse(
          context,
          badLink((t) => t.refusals.badQuery),
        );
      const transaction = readCookie(context.req.header('cookie'), options.cookie.name);
      if (transaction === undefined || !tokens.isTransaction(transaction)) return refuse(context, oauthOver());
      const { code, state, iss, error } = query;
      const provider = context.req.param('provider') ?? '';
      const name = {
        tenantId: options.tenantId,
        state,
        binding: redirect.bindingOf(transaction),
        provider,
        purposes: PURPOSES,
      };
      const taken = await oauth.takeAttempt(name).catch(unlessRejected);
      const request = taken?.secrets.request;
      const flow = request && (await redirect.resumed(request));
      if (taken === undefined || flow === undefined) return refuse(context, oauthOver());
      const reply: ProviderReply = { code, state, iss, error };
      try {
        const outcome = await oauth.completeOauth(taken, reply, ACTOR, options.placeOf(context));
        return await goOn(context, flow, taken, outcome);
      } catch (failure) {
        return explain(context, flow, transaction, provider, taken.attempt.purpose, failure);
      }
    },

    // A provider's form comes without our cookies, so the browser comes again with them.
    async relayOauthCallback(context) {
      const fields = await readForm(context.env.incoming);
      if (typeof fields === 'number') return refuse(context, badForm(fields));
      const { code, state, iss, error } = fields;
      const known = new URLSearchParams();
      for (const [name, value] of Object.entries({ code, state, iss, error }))
        if (value !== undefined) known.set(name, value);
      return context.redirect(`${context.req.path}?${known}`, 303);
    },
  };
}

const unlessGone = (error: unknown): void => {
  if (!(error instanceof TrustError && error.reason === 'ACCOUNT_NOT_FOUND')) throw error;
};

const unlessRejected = (error: unknown): undefined => {
  if (!(error instanceof TrustError && error.reason === 'OAUTH_REJECTED')) throw error;
};
