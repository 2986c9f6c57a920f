import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { PageTokens } from '../contract/page_tokens.ts';
import { TrustError } from '../errors/trust_error.ts';
import type { Identity } from '../features/identity/identity.ts';
import type { ReadOutbox } from '../features/mail/read_outbox.ts';
import type { AskForWork } from '../features/rate_limit/limit_attempts.ts';
import type { IssueSignInCode } from '../features/sign_in/issue_sign_in_code.ts';
import type { SiteAt } from '../features/tenant/origins.ts';
import type { IsSuspended } from '../features/tenant/read_settings.ts';
import type { TenantSettings } from '../features/tenant/tenant.ts';
import type { Clock } from '../kernel/clock.ts';
import type { PlaceName } from '../kernel/place_name.ts';
import type { Random } from '../kernel/random.ts';
import { type AccountUseCases, accountPages } from './account_pages.ts';
import { type AddressUseCases, addressPages } from './address_pages.ts';
import type { Asset } from './assets.ts';
import { brandReader, STANDARD } from './brand.ts';
import { clientAddress } from './client_address.ts';
import { transactionCookie } from './cookie.ts';
import { formTokens, isOwnForm } from './csrf.ts';
import { type PageScript, type PageText, redirectFlow } from './flow.ts';
import { type InvitationUseCases, invitationPages } from './invitation_pages.ts';
import { type MailUseCases, mailPages } from './mail_pages.ts';
import { type OauthPageUseCases, oauthPages } from './oauth_pages.ts';
import { outboxPages } from './outbox_pages.ts';
import { foreignForm, notFound, type Refusal, refusalOf, wrongMethod } from './refusal.ts';
import {
  bindRoutes,
  type PageContext,
  type PageEnv,
  type PageHandler,
  type PageHandlers,
  ROUTES,
  type Route,
} from './routes.ts';
import { type SecondStepUseCases, secondStepPages } from './second_step_pages.ts';
import { securityHeaders } from './security_headers.ts';
import { type SignInUseCases, signInPages } from './sign_in_pages.ts';
import { pagesByHost, type SiteOptions } from './sites.ts';
import type { Texts } from './texts/en.ts';
import { languageLinks, textsFor } from './texts.ts';
import { errorView } from './views/error.ts';
import { homeView } from './views/home.ts';
import { layout } from './views/layout.ts';
import { type WellKnownOptions, wellKnown } from './well_known.ts';

/** The part of the server's log that the pages use. Fields hold no path's query, form field or cookie. */
export type HttpLog = Readonly<Record<'debug' | 'warn' | 'error', (fields: object, message: string) => void>>;

export type HttpOptions = Omit<WellKnownOptions, 'ready' | 'tenantId'> &
  SignInUseCases & {
    readonly mfa: SecondStepUseCases;
    readonly oauth: OauthPageUseCases;
    readonly account: AccountUseCases;
    readonly pageTokens: PageTokens;
    readonly email: MailUseCases & AddressUseCases;
    readonly invitations: InvitationUseCases;
    readonly issueSignInCode: IssueSignInCode;
    readonly readIdentity: (tenantId: string, id: string) => Promise<Identity | undefined>;
    readonly askForWork: AskForWork;
    readonly settings: (tenantId: string) => Promise<TenantSettings>;
    /** Port 0 lets the system choose. */
    readonly address: { readonly host: string; readonly port: number };
    /** The origin of the tenant `default`. */
    readonly publicUrl: string;
    readonly siteAt: SiteAt;
    readonly isSuspended: IsSuspended;
    readonly placeName: PlaceName;
    readonly dev: boolean;
    /** The mails that wait; on development servers only. */
    readonly readOutbox?: ReadOutbox | undefined;
    /** Where browsers report what the policy of the pages has stopped. */
    readonly cspReportUrl?: string | undefined;
    /** Whether people are asked before they are taken to the sign-in of another site. */
    readonly confirmLeaving?: boolean | undefined;
    /** Addresses and CIDR blocks whose `X-Forwarded-For` is believed. */
    readonly trustedProxies: readonly string[];
    /** Seals form tokens: 32 bytes, the same on every node. */
    readonly formKey: Uint8Array;
    /** Fails if the database does not answer: then the server is not ready. */
    readonly ping: () => Promise<unknown>;
    readonly log: HttpLog;
    readonly clock?: Clock;
    readonly random?: Random;
    readonly limits?: Partial<HttpLimits>;
  };

/** What one client may take of the server. Times in milliseconds. */
export type HttpLimits = {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly maxConnections: number;
};

const LIMITS: HttpLimits = { headersTimeout: 10_000, requestTimeout: 20_000, maxConnections: 2_000 };

const PING_PATIENCE_MS = 2_000;

export type HttpServer = {
  readonly address: string;
  readonly port: number;
  /** Takes no more connections, ends idle ones, waits for requests in progress at most `drainMs` (5 s). */
  close(drainMs?: number): Promise<void>;
};

/** Serves the hosted pages, the JWKS and the health checks. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const limits = { ...LIMITS, ...options.limits };
  const server = createServer(
    {
      headersTimeout: limits.headersTimeout,
      requestTimeout: limits.requestTimeout,
      connectionsCheckingInterval: Math.min(1_000, limits.headersTimeout),
      keepAliveTimeout: 5_000,
      maxHeaderSize: 16 * 1024,
    },
    getRequestListener(pagesByHost(options, httpApp), { overrideGlobalObjects: false }),
  );
  server.maxConnections = limits.maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.address.port, options.address.host, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return { address, port, close: (drainMs = 5_000) => close(server, drainMs) };
}

async function close(server: Server, drainMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const deadline = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearInterval(idle);
  clearTimeout(deadline);
}

/** The pages of one tenant as an application without a socket. `publicUrl` builds every link. */
export function httpApp(options: SiteOptions): Hono<PageEnv> {
  const { publicUrl, log, clock = Date.now, random = randomBytes } = options;
  const { assets } = options;
  const addressOf = clientAddress(options.trustedProxies);
  const clientOf = (context: PageContext) => addressOf(context.env.incoming.socket?.remoteAddress, forwarded(context));

  const write = async (context: PageContext, status: number, page: Omit<PageText, 'status'>, nonce?: string) => {
    const text = await layout({
      ...page,
      t: context.var.t,
      brand: await brand(),
      styleUrl: assets.style.url,
      iconUrl: assets.icon.url,
      scripts: (nonce === undefined ? [] : (page.scripts ?? [])).map((name) => ({
        url: assets[name].url,
        nonce: nonce ?? '',
      })),
      scriptWords: scriptWords(context.var.t, page.scripts ?? []),
      languages: languageLinks(context, page.link),
    });
    return context.html(text, status as 200);
  };

  const brandOf = brandReader();
  const brand = async () => {
    try {
      return brandOf(await options.settings(options.tenantId));
    } catch {
      return STANDARD;
    }
  };

  const refuse = async (context: PageContext, { status, view, retryAfter }: Refusal): Promise<Response> => {
    context.header('cache-control', 'no-store');
    if (retryAfter !== undefined) context.header('retry-after', String(retryAfter));
    if (status === 413) context.header('connection', 'close');
    const address = clientOf(context);
    log.debug(
      { event: 'page_refused', method: context.req.method, path: context.req.path, status, address },
      'Page refused.',
    );
    const words = view(context.var.t);
    // What led here is not repeated, so that nothing foreign becomes a link.
    const link = context.req.method === 'GET' ? '' : undefined;
    return write(context, status, { title: words.title, body: errorView(words), link });
  };

  const guard =
    (route: Route, handler: PageHandler): PageHandler =>
    async (context) => {
      context.header('cache-control', route.cache);
      // What machines and browsers may keep says nothing and lets nobody in.
      if (route.cache === 'no-store' && (await options.isSuspended(options.tenantId)))
        throw new TrustError('TENANT_SUSPENDED');
      const own = isOwnForm(publicUrl, context.req.header('sec-fetch-site'), context.req.header('origin'));
      return route.csrf === true && !own ? refuse(context, foreignForm(undefined)) : handler(context);
    };

  const app = new Hono<PageEnv>();
  const textsOf = textsFor(publicUrl);
  app.use(async (context, next) => {
    context.set('t', textsOf(context));
    for (const [header, value] of Object.entries(securityHeaders(options))) context.header(header, value);
    context.header('cache-control', 'no-store');
    await next();
  });
  const flowOptions = {
    ...options,
    cookie: transactionCookie(publicUrl),
    tokens: formTokens({ key: options.formKey, clock, random }),
    refuse,
    clientOf,
    placeOf: (context: PageContext) => ({
      userAgent: context.req.header('user-agent') ?? '',
      ipAddress: clientOf(context),
    }),
    async page(context: PageContext, page: PageText) {
      const nonce = page.scripts?.length ? Buffer.from(random(16)).toString('base64') : undefined;
      const headers = securityHeaders(options, { formTarget: page.formTarget, nonce });
      for (const [header, value] of Object.entries(headers)) context.header(header, value);
      return write(context, page.status, page, nonce);
    },
  };
  const flow = redirectFlow(flowOptions);
  const handlers: PageHandlers = {
    ...wellKnown({
      ...options,
      ready: () => answers(options.ping),
    }),
    ...signInPages({ ...flowOptions, flow }),
    ...secondStepPages({ ...flowOptions, flow }),
    ...mailPages({ ...flowOptions, flow }),
    ...invitationPages({ ...flowOptions, flow }),
    ...addressPages({ ...flowOptions, flow }),
    ...accountPages({ ...flowOptions, flow }),
    ...outboxPages({
      ...options,
      refuse,
      write: async (context, title, body) => write(context, 200, { title, body }),
    }),
    ...oauthPages({ ...flowOptions, flow }),
    async home(context) {
      const { t } = context.var;
      return write(context, 200, { title: t.frame.home, body: homeView(t, options) });
    },
    script: (context) => asset(context, assets.passkey, assets.work),
    style: (context) => asset(context, assets.style),
    icon: (context) => asset(context, assets.icon),
    brand: async (context) => asset(context, ...(await brand()).files),
  };
  const asset = (context: PageContext, ...files: readonly Asset[]) => {
    const file = files.find(({ url }) => url === context.req.path);
    return file === undefined
      ? refuse(context, notFound())
      : context.body(file.content, 200, { 'content-type': file.type });
  };
  bindRoutes(app, ROUTES, handlers, guard);

  app.notFound((context) => {
    const allowed = Object.values(ROUTES).flatMap(({ method, path }) => (path === context.req.path ? [method] : []));
    if (allowed.length === 0) return refuse(context, notFound());
    context.header('allow', allowed.join(', '));
    return refuse(context, wrongMethod());
  });
  app.onError((error, context) => {
    const requestId = Buffer.from(random(8)).toString('hex');
    const refusal = refusalOf(error, requestId);
    const fields = { method: context.req.method, path: context.req.path, status: refusal.status };
    if (refusal.status === 500)
      log.error({ event: 'page_failed', ...fields, request_id: requestId, error }, 'Page failed.');
    else log.warn({ event: 'page_refused', ...fields, reason: error.message }, 'Page refused.');
    return refuse(context, refusal);
  });
  return app;
}

/** Whether the database answers, within the patience of a health check. */
async function answers(ping: () => Promise<unknown>): Promise<boolean> {
  const late = new Promise<false>((resolve) => setTimeout(resolve, PING_PATIENCE_MS, false).unref());
  const pong = ping().then(
    () => true,
    () => false,
  );
  return Promise.race([pong, late]);
}

function scriptWords({ frame }: Texts, scripts: readonly PageScript[]): string {
  if (scripts.length > 1) return frame.bothScripts;
  return { passkey: frame.passkeyScript, work: frame.workScript, none: frame.noScripts }[scripts[0] ?? 'none'];
}

/** All of `X-Forwarded-For`, however many headers it came in. */
function forwarded(context: PageContext): string | undefined {
  const header = context.env.incoming.headers['x-forwarded-for'];
  return Array.isArray(header) ? header.join(',') : header;
}
