import { JwksKeySource, Verifier } from '@trust-layer/sdk';
import { requireTrustToken } from '@trust-layer/sdk/express';
import express from 'express';
import type { Settings } from './config.ts';
import { seen } from './seen.ts';

/** The last service of the chain. It needs no key and no connection to the Trust Layer: the token tells all. */
export function billing(settings: Settings) {
  const keySource = new JwksKeySource(`${settings.pages}/.well-known/jwks.json`);
  const verifier = new Verifier({ issuer: settings.pages, audience: 'billing', keySource });
  const app = express();
  app.disable('x-powered-by');

  app.get('/balance', requireTrustToken(verifier), (req, res) => {
    if (!req.trustToken) throw new Error('this route needs requireTrustToken');
    res.json(seen(req.trustToken.claims));
  });
  return app;
}
