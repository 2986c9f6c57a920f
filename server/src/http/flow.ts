import { createHash } from 'node:crypto';
import type { Place } from '../features/cascade/cascade.ts';
import type { Proof, SignInStep } from '../features/pending_sign_in/begin_sign_in.ts';
import type { IssueSignInCode } from '../features/sign_in/issue_sign_in_code.ts';
import { isAllowedReturnTo } from '../features/sign_in/return_to.ts';
import { readSignInRequest, type SignInQuery, type SignInRequest } from '../features/sign_in/sign_in_request.ts';
import type { TenantSettings } from '../features/tenant/tenant.ts';
import { cookieOf, type PageCookie, PENDING_SECONDS, readCookie, type TransactionCookie } from './cookie.ts';
import type { FormTokens } from './csrf.ts';
import { type Fields, readForm, readQuery } from './form.ts';
import { badForm, badLink, foreignForm, type Refusal } from './refusal.ts';
import type { PageContext } from './routes.ts';
import { type FormFaultView, type FormPage, type PagePath, pageLink } from './views/form.ts';
import type { Html } from './views/layout.ts';

/** The actor of the hosted pages in the audit trail. */
export const ACTOR = 'hosted-page';

export type FlowOptions = {
  readonly tenantId: string;
  readonly issueSignInCode: IssueSignInCode;
  readonly settings: (tenantId: string) => Promise<TenantSettings>;
  readonly publicUrl: string;
  readonly cookie: TransactionCookie;
  readonly tokens: FormTokens;
  /** Writes a page; `formTarget` is where its form may lead. */
  readonly page: (context: PageContext, page: PageText) => Promise<Response>;
  readonly refuse: (context: PageContext, refusal: Refusal) => Promise<Response>;
  /** The address of the person's device. */
  readonly clientOf: (context: PageContext) => string;
  /** From where a browser asks. */
  readonly placeOf: (context: PageContext) => Place;
};

export type PageScript = 'passkey' | 'work';

export type PageText = {
  readonly status: 200 | 422 | 429 | 503;
  readonly title: string;
  readonly body: Html;
  readonly formTarget?: string;
  /** Where the page is to be had by a link, if not where it stands; an answer to a form that has none cannot change its language. */
  readonly link?: string | undefined;
  /** What the page needs scripts for. */
  readonly scripts?: readonly PageScript[];
};

/** Where a person is on the way to. */
export type Flow = { readonly settings: TenantSettings; readonly request: SignInRequest };

/** A form of ours, from the browser that it was given to. */
export type OwnForm = Flow & { readonly fields: Fields; readonly transaction: string };

/** What the pages of the redirect flow share: where it leads, whose form it is, and how it ends. */
export function redirectFlow(options: FlowOptions) {
  const { cookie, tokens, refuse } = options;
  const pendingCookie: PageCookie = cookieOf(options.publicUrl, 'trust_pending', PENDING_SECONDS);

  /** Checked anew at each request against the tenant's list as it is now. */
  const readFlow = async (fields: Fields): Promise<Flow | Refusal> => {
    const settings = await options.settings(options.tenantId);
    const result = readSignInRequest(settings.returnTo, fields as SignInQuery);
    return 'fault' in result ? badLink((t) => t.refusals.badField(result.fault)) : { settings, ...result };
  };

  /** The browser's transaction: the one that it holds, or a new one. */
  const transactionOf = (context: PageContext): string => {
    const held = readCookie(context.req.header('cookie'), cookie.name);
    const transaction = tokens.isTransaction(held) ? held : tokens.newTransaction();
    context.header('set-cookie', cookie.give(transaction), { append: true });
    return transaction;
  };

  /** Everything is proved: back to the app with a code. */
  const end = async (context: PageContext, proof: Proof, request: SignInRequest): Promise<Response> => {
    const { identity, acr, amr, authenticatedAt } = proof;
    const { redirectTo } = await options.issueSignInCode({
      tenantId: options.tenantId,
      actor: ACTOR,
      identity,
      request,
      acr,
      amr,
      authenticatedAt,
    });
    context.header('set-cookie', cookie.take, { append: true });
    context.header('set-cookie', pendingCookie.take, { append: true });
    return context.redirect(redirectTo, 303);
  };

  return {
    /** Whether browsers take the host of the pages for a relying party: a name, not an address (spec PKY-1). */
    hasPasskeys: !/^[\d.]+$|^\[/.test(new URL(options.publicUrl).hostname),
    pendingCookie,
    transactionOf,
    /** The transaction as a pending sign-in is bound to it. */
    bindingOf: (transaction: string) => createHash('sha256').update(`trust-layer:page:${transaction}`).digest('hex'),

    /** The flow of a link; a refusal is answered. */
    async opened(context: PageContext): Promise<Flow | Response> {
      const query = readQuery(context.env.incoming.url ?? '');
      if (query === undefined)
        return refuse(
          context,
          badLink((t) => t.refusals.badQuery),
        );
      const flow = await readFlow(query);
      return 'status' in flow ? refuse(context, flow) : flow;
    },

    /** The form of a post; a refusal is answered. `path` is where one starts again. */
    async posted(context: PageContext, path: PagePath): Promise<OwnForm | Response> {
      const fields = await readForm(context.env.incoming);
      if (typeof fields === 'number') return refuse(context, badForm(fields));
      const flow = await readFlow(fields);
      if ('status' in flow) return refuse(context, flow);
      const transaction = readCookie(context.req.header('cookie'), cookie.name);
      if (transaction === undefined || !tokens.holds(fields.form_token, transaction, flow.request)) {
        return refuse(context, foreignForm(pageLink(path, flow.request)));
      }
      return { ...flow, fields, transaction };
    },

    /** What every form of a flow holds. */
    formPage: (
      context: PageContext,
      { request }: Pick<Flow, 'request'>,
      transaction: string,
      fault?: FormFaultView,
    ): FormPage => ({ t: context.var.t, request, token: tokens.token(transaction, request), fault }),

    /** The flow of a query that was kept. */
    read: readFlow,

    end,

    /** Back to the app if all is proved, else to the next step. */
    async goOn(context: PageContext, step: SignInStep, request: SignInRequest): Promise<Response> {
      if (step.proof !== undefined) return end(context, step.proof, request);
      context.header('set-cookie', pendingCookie.give(step.pending.token), { append: true });
      return context.redirect(pageLink('/second-step', request), 303);
    },

    /** A flow that was kept while the browser was away; undefined if it may not be followed any more. */
    async resumed(request: SignInRequest): Promise<Flow | undefined> {
      const settings = await options.settings(options.tenantId);
      return isAllowedReturnTo(settings.returnTo, request.returnTo) ? { settings, request } : undefined;
    },
  };
}

export type RedirectFlow = ReturnType<typeof redirectFlow>;
