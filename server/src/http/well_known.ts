import { createHash } from 'node:crypto';
import type { PageContext, PageHandlers } from './routes.ts';

/** The version of the contract that this server speaks. */
export const CONTRACT_VERSION = 'trust.v1';

export type WellKnownOptions = {
  readonly tenantId: string;
  readonly publicUrl: string;
  /** The JWKS as JSON text. */
  readonly jwks: (tenantId: string) => Promise<string>;
  readonly ready: () => Promise<boolean>;
};

/** What machines read: keys, discovery, health. Public, without cookies, the same for everybody. */
export function wellKnown(options: WellKnownOptions): Pick<PageHandlers, 'jwks' | 'discovery' | 'health' | 'ready'> {
  const { publicUrl } = options;
  const discovery = JSON.stringify({
    issuer: publicUrl,
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    sign_in_url: `${publicUrl}/sign-in`,
    sign_up_url: `${publicUrl}/sign-up`,
    contract_version: CONTRACT_VERSION,
    trust_token: { typ: 'trust+jwt', alg_values_supported: ['EdDSA', 'ES256'], max_lifetime_seconds: 300 },
    code_challenge_methods_supported: ['S256'],
  });
  return {
    jwks: async (context) => json(context, await options.jwks(options.tenantId)),
    discovery: (context) => json(context, discovery),
    health: (context) => context.text('ok\n'),
    async ready(context) {
      const ready = await options.ready();
      return context.text(ready ? 'ready\n' : 'not ready\n', ready ? 200 : 503);
    },
  };
}

function json(context: PageContext, body: string): Response {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  context.header('etag', etag);
  const known = (context.req.header('if-none-match') ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(etag)) return context.body(null, 304);
  context.header('content-type', 'application/json');
  return context.body(body);
}
