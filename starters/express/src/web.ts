import { fileURLToPath } from 'node:url';
import { TRUST_TOKEN_HEADER } from '@trust-layer/sdk';
import { requireSession, session, signInRoutes } from '@trust-layer/sdk/express';
import express, { type NextFunction, type Request, type Response } from 'express';
import type { Settings } from './config.ts';
import { connect, describe } from './start.ts';
import { accountPage, type Chain, dashboardPage, errorPage, homePage, ordersPage } from './views.ts';

/** The app that people see. */
export function web(settings: Settings) {
  const { publicUrl } = settings;
  const client = connect(settings.trustAddress, settings.serviceKey);
  const app = express();
  app.disable('x-powered-by');
  app.use(express.static(fileURLToPath(new URL('../public', import.meta.url))));

  // Three lines: the routes of sign-in, the session of each request, and below what needs one.
  app.use(signInRoutes({ client, publicUrl, signInUrl: settings.pages }));
  app.use(session({ client, publicUrl }));
  const signedIn = requireSession();

  app.get('/', (req, res) => send(res, homePage(req.trust?.identity)));

  app.get('/dashboard', signedIn, (req, res) => {
    const { identity, session } = active(req);
    send(res, dashboardPage(identity, session));
  });

  app.get('/account', signedIn, async (req, res) => {
    const { identity, session } = active(req);
    const { sessions } = await client.listSessions({ identityId: identity.id });
    send(res, accountPage(identity, session, sessions));
  });

  app.post(
    '/account/end',
    signedIn,
    sameOrigin(publicUrl),
    express.urlencoded({ extended: false, limit: '1kb' }),
    async (req, res) => {
      const { identity } = active(req);
      const handle = String(req.body?.handle ?? '');
      // The identity goes along, so that nobody ends the session of somebody else.
      await client.revokeSession({ target: { $case: 'handle', value: handle }, identityId: identity.id });
      res.redirect(303, '/account');
    },
  );

  app.post('/account/sign-out-everywhere', signedIn, sameOrigin(publicUrl), async (req, res) => {
    await client.revokeIdentitySessions({ identityId: active(req).identity.id });
    res.redirect(303, '/');
  });

  app.get('/orders', signedIn, async (req, res) => {
    const { sessionId } = active(req);
    // The browser's session_id stays here. What travels on is a token for `orders` alone, and for a minute.
    const { trustToken } = await client.issueTrustToken({ sessionId, audience: 'orders', scope: ['orders:read'] });
    const answer = await fetch(`http://127.0.0.1:${settings.ordersPort}/orders`, {
      headers: { [TRUST_TOKEN_HEADER]: trustToken },
    });
    if (!answer.ok) throw new Error(`orders answered ${answer.status}`);
    send(res, ordersPage(active(req).identity, (await answer.json()) as Chain));
  });

  app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    console.error(`web: ${describe(error)}`);
    res.status(503);
    send(res, errorPage());
  });
  return app;
}

/** What `requireSession` has made sure of. */
function active(req: Request) {
  const { identity, session, sessionId } = req.trust ?? {};
  if (!identity || !session || !sessionId) throw new Error('this route needs requireSession');
  return { identity, session, sessionId };
}

/** Refuses forms that another site sent (the cookie is SameSite=Lax already; this is the second lock). */
function sameOrigin(publicUrl: string) {
  return (req: Request, res: Response, next: NextFunction) => {
    const site = req.get('sec-fetch-site');
    const from = req.get('origin');
    if ((site ?? 'same-origin') === 'same-origin' && (from ?? publicUrl) === publicUrl) next();
    else res.sendStatus(403);
  };
}

function send(res: Response, html: string): void {
  res.set({
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  });
  res.type('html').send(html);
}
