import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import type { Texts } from './texts/en.ts';

/** What a request carries: the socket, and the texts in the language of the person. */
export type PageEnv = { Bindings: HttpBindings; Variables: { t: Texts } };
export type PageContext = Context<PageEnv>;
export type PageHandler = (context: PageContext) => Promise<Response> | Response;

/** One row a page. A page without a row does not bind, nor a row without a page. */
export type Route = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Whether it takes forms of ours only (spec RED-8). Every POST does, except one that changes nothing and goes on as a GET. */
  readonly csrf: boolean | 'relays';
  readonly cache: 'no-store' | 'public, max-age=60' | 'public, max-age=31536000, immutable';
};

/** Every page. `:hash` in a path stands for what the file holds, so that it can be kept for ever. */
export const ROUTES = {
  home: { method: 'GET', path: '/', csrf: false, cache: 'no-store' },
  signIn: { method: 'GET', path: '/sign-in', csrf: false, cache: 'no-store' },
  submitSignIn: { method: 'POST', path: '/sign-in', csrf: true, cache: 'no-store' },
  signUp: { method: 'GET', path: '/sign-up', csrf: false, cache: 'no-store' },
  submitSignUp: { method: 'POST', path: '/sign-up', csrf: true, cache: 'no-store' },
  submitPasskey: { method: 'POST', path: '/sign-in/passkey', csrf: true, cache: 'no-store' },
  security: { method: 'GET', path: '/security', csrf: false, cache: 'no-store' },
  submitSecurity: { method: 'POST', path: '/security', csrf: true, cache: 'no-store' },
  secondStep: { method: 'GET', path: '/second-step', csrf: false, cache: 'no-store' },
  submitSecondStep: { method: 'POST', path: '/second-step', csrf: true, cache: 'no-store' },
  enrollTotp: { method: 'POST', path: '/second-step/totp', csrf: true, cache: 'no-store' },
  enrollPasskey: { method: 'POST', path: '/second-step/passkey', csrf: true, cache: 'no-store' },
  changeFactors: { method: 'POST', path: '/second-step/change', csrf: true, cache: 'no-store' },
  endSecondStep: { method: 'POST', path: '/second-step/done', csrf: true, cache: 'no-store' },
  mailSignIn: { method: 'GET', path: '/sign-in/mail', csrf: false, cache: 'no-store' },
  submitMailSignIn: { method: 'POST', path: '/sign-in/mail', csrf: true, cache: 'no-store' },
  recover: { method: 'GET', path: '/recover', csrf: false, cache: 'no-store' },
  submitRecover: { method: 'POST', path: '/recover', csrf: true, cache: 'no-store' },
  mailLink: { method: 'GET', path: '/mail', csrf: false, cache: 'no-store' },
  submitMailLink: { method: 'POST', path: '/mail', csrf: true, cache: 'no-store' },
  invitation: { method: 'GET', path: '/invitation', csrf: false, cache: 'no-store' },
  submitInvitation: { method: 'POST', path: '/invitation', csrf: true, cache: 'no-store' },
  outbox: { method: 'GET', path: '/outbox', csrf: false, cache: 'no-store' },
  outboxMail: { method: 'GET', path: '/outbox/:id{mai_[0-9a-f]{32}}', csrf: false, cache: 'no-store' },
  startOauth: { method: 'POST', path: '/oauth/start', csrf: true, cache: 'no-store' },
  unlinkAccount: { method: 'POST', path: '/oauth/unlink', csrf: true, cache: 'no-store' },
  oauthCallback: { method: 'GET', path: '/oauth/:provider/callback', csrf: false, cache: 'no-store' },
  relayOauthCallback: { method: 'POST', path: '/oauth/:provider/callback', csrf: 'relays', cache: 'no-store' },
  account: { method: 'GET', path: '/account', csrf: false, cache: 'no-store' },
  changeProfile: { method: 'POST', path: '/account/profile', csrf: true, cache: 'no-store' },
  changePassword: { method: 'POST', path: '/account/password', csrf: true, cache: 'no-store' },
  proveAddress: { method: 'POST', path: '/account/email', csrf: true, cache: 'no-store' },
  removeAddress: { method: 'POST', path: '/account/email/remove', csrf: true, cache: 'no-store' },
  accountSessions: { method: 'GET', path: '/account/sessions', csrf: false, cache: 'no-store' },
  endSessions: { method: 'POST', path: '/account/sessions', csrf: true, cache: 'no-store' },
  downloadData: { method: 'POST', path: '/account/data', csrf: true, cache: 'no-store' },
  deletePerson: { method: 'POST', path: '/account/delete', csrf: true, cache: 'no-store' },
  accountActivity: { method: 'GET', path: '/account/activity', csrf: false, cache: 'no-store' },
  signOut: { method: 'POST', path: '/account/sign-out', csrf: true, cache: 'no-store' },
  script: {
    method: 'GET',
    path: '/assets/:file{(?:passkey|work)-[0-9a-f]{16}\\.js}',
    csrf: false,
    cache: 'public, max-age=31536000, immutable',
  },
  style: {
    method: 'GET',
    path: '/assets/:file{style-[0-9a-f]{16}\\.css}',
    csrf: false,
    cache: 'public, max-age=31536000, immutable',
  },
  icon: {
    method: 'GET',
    path: '/assets/:file{icon-[0-9a-f]{16}\\.svg}',
    csrf: false,
    cache: 'public, max-age=31536000, immutable',
  },
  /** Style sheet and logo of the tenant. */
  brand: {
    method: 'GET',
    path: '/assets/:file{(?:brand|logo)-[0-9a-f]{16}\\.[a-z]+}',
    csrf: false,
    cache: 'public, max-age=31536000, immutable',
  },
  jwks: { method: 'GET', path: '/.well-known/jwks.json', csrf: false, cache: 'public, max-age=60' },
  discovery: { method: 'GET', path: '/.well-known/trust-layer', csrf: false, cache: 'public, max-age=60' },
  health: { method: 'GET', path: '/healthz', csrf: false, cache: 'no-store' },
  ready: { method: 'GET', path: '/readyz', csrf: false, cache: 'no-store' },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;
export type PageHandlers = Readonly<Record<RouteName, PageHandler>>;

/** Binds each page to its row; throws if one lacks the other, or if a POST would take foreign forms. */
export function bindRoutes(
  app: Hono<PageEnv>,
  routes: Readonly<Record<string, Route>>,
  handlers: Readonly<Record<string, PageHandler>>,
  guard: (route: Route, handler: PageHandler) => PageHandler,
): void {
  const names = new Set([...Object.keys(routes), ...Object.keys(handlers)]);
  for (const name of names) {
    const route = routes[name];
    const handler = handlers[name];
    if (route === undefined) throw new Error(`page ${name} has no row in the table of routes`);
    if (handler === undefined) throw new Error(`row ${name} of the table of routes has no page`);
    if (route.method === 'POST' && !route.csrf)
      throw new Error(`row ${name}: a POST takes forms of our own pages only`);
    app.on(route.method, route.path, guard(route, handler));
  }
}
