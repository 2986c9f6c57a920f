import { JwksKeySource, TRUST_TOKEN_HEADER, Verifier } from '@trust-layer/sdk';
import { requireTrustToken } from '@trust-layer/sdk/express';
import express, { type NextFunction, type Request, type Response } from 'express';
import type { Settings } from './config.ts';
import { seen } from './seen.ts';
import { connect, describe } from './start.ts';

/** A service that accepts Trust Tokens for `orders`, offline, and passes the caller on to `billing`. */
export function orders(settings: Settings) {
  const client = connect(settings.trustAddress, settings.ordersKey);
  const keySource = new JwksKeySource(`${settings.pages}/.well-known/jwks.json`);
  const verifier = new Verifier({ issuer: settings.pages, audience: 'orders', keySource });
  const app = express();
  app.disable('x-powered-by');

  app.get('/orders', requireTrustToken(verifier), async (req, res) => {
    const { token, claims } = req.trustToken ?? {};
    if (!token || !claims) throw new Error('this route needs requireTrustToken');
    if (!claims.scope?.split(' ').includes('orders:read')) return void res.sendStatus(403);
    // A token for `orders` is worth nothing to `billing`: it is exchanged for one that is, and narrower.
    const next = await client.exchangeTrustToken({ trustToken: token, audience: 'billing', scope: [] });
    const answer = await fetch(`http://127.0.0.1:${settings.billingPort}/balance`, {
      headers: { [TRUST_TOKEN_HEADER]: next.trustToken },
    });
    if (!answer.ok) throw new Error(`billing answered ${answer.status}`);
    res.json({
      orders: [{ number: 1, item: 'One lighthouse' }],
      seenByOrders: seen(claims),
      seenByBilling: await answer.json(),
    });
  });

  app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
    console.error(`orders: ${describe(error)}`);
    res.sendStatus(503);
  });
  return app;
}
