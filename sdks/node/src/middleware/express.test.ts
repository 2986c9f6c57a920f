import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import express, { type NextFunction, type Request, type Response } from 'express';
import { send } from '../testing/http.ts';
import { type WebApp, webSuite } from '../testing/web_suite.ts';
import { requireSession, requireTrustToken, session, signInRoutes } from './express.ts';

async function listen(app: express.Express): Promise<WebApp> {
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => void server.close() };
}

webSuite('Express middleware', async (options) => {
  const app = express();
  app.use((_req, res, next) => {
    res.setHeader('x-other', 'kept');
    next();
  });
  app.use(session(options));
  app.use(signInRoutes(options));
  app.get('/open', ({ trust }, res) => {
    const shown = inspect(trust, { showHidden: true, depth: 9 }) + JSON.stringify(trust);
    const { outcome, session: found, sessionId } = trust ?? {};
    res.json({ outcome, handle: found?.handle, sessionId, shown: found ? shown : '{}' });
  });
  app.get('/me', requireSession(), (_req, res) => res.send('ok'));
  app.get('/api', requireSession({ redirect: false }), (_req, res) => res.send('ok'));
  const orders = ({ trustToken }: Request, res: Response) => {
    const shown = inspect(trustToken, { showHidden: true, depth: 9 }) + JSON.stringify(trustToken);
    res.json({ sub: trustToken?.claims.sub, token: trustToken?.token, shown });
  };
  app.get('/orders', requireTrustToken(options.verifier), orders);
  app.get('/deaf', requireTrustToken(options.deafVerifier), orders);
  return listen(app);
});

describe('Express middleware set up wrongly', () => {
  it('SDK-20 requireSession without session lets nobody pass', async () => {
    const app = express();
    app.get('/me', requireSession(), (_req, res) => res.send('secret'));
    app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
      res.status(500).send(error.message);
    });
    const running = await listen(app);
    const answer = await send(running.origin, 'GET', '/me');
    running.stop();
    assert.equal(answer.status, 500);
    assert.match(answer.body, /needs the session middleware/);
  });
});
