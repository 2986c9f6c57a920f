// There and back with an OpenID provider that is not ours: oidc-provider, its own login and consent pages walked as a browser would.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { oauthProvider } from '../../server/src/oauth/provider.ts';
import { type Answer, FLOW, type HttpWorld, httpWorld, redirected, VERIFIER } from '../support/http_world.ts';
import { pageBrowser } from '../support/page_browser.ts';
import { freePort } from '../support/server_process.ts';
import { NO_DEVICE } from '../support/world.ts';

type RealProvider = new (issuer: string, settings: object) => { callback(): RequestListener };

/** A browser at the provider: signs in as `login`, consents, and gives the address that it is sent back to. */
async function consent(url: string, login: string): Promise<URL> {
  const jar = new Map<string, string>();
  let next = url;
  let body: string | undefined;
  for (let step = 0; step < 12; step++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { cookie, ...(body && { 'content-type': 'application/x-www-form-urlencoded' }) };
    const answer = await fetch(next, { redirect: 'manual', headers, ...(body && { method: 'POST', body }) });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = answer.headers.get('location');
    if (location !== null) {
      next = new URL(location, next).href;
      body = undefined;
      if (new URL(next).pathname.endsWith('/callback')) return new URL(next);
      continue;
    }
    const page = await answer.text();
    const prompt = /name="prompt" value="([a-z]+)"/.exec(page)?.[1] ?? assert.fail(page.slice(0, 500));
    next = new URL(/action="([^"]+)"/.exec(page)?.[1] ?? '', next).href;
    body = `${new URLSearchParams({ prompt, login, password: 'any' })}`;
  }
  throw new Error('the provider does not end');
}

describe('a real OpenID provider', function () {
  this.timeout(60_000);
  let server: Server;
  let world: HttpWorld;

  before(async () => {
    const port = await freePort();
    const publicUrl = `http://127.0.0.1:${port}`;
    server = createServer((request, response) => handler(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    // It has no types of its own.
    const { default: Provider } = (await import('oidc-provider' as string)) as { default: RealProvider };
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: 'trust-layer',
          client_secret: 'secret-of-the-client',
          redirect_uris: [`${publicUrl}/oauth/real/callback`],
          token_endpoint_auth_method: 'client_secret_post',
        },
      ],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      findAccount: (_: unknown, sub: string) => ({
        accountId: sub,
        claims: () => ({ sub, email: `${sub}@example.com`, email_verified: true, name: sub }),
      }),
    });
    const handler = provider.callback();
    const config = {
      name: 'real',
      preset: 'oidc' as const,
      label: 'Real',
      clientId: 'trust-layer',
      clientSecret: 'secret-of-the-client',
      clientKey: undefined,
      issuer,
      scopes: 'openid email profile',
      keepTokens: false,
      tenants: ['default'],
    };
    world = await httpWorld({ oauthProviders: [oauthProvider({ config, clock: Date.now })], port });
  });
  after(async () => {
    await world?.close();
    server?.closeAllConnections();
    server?.close();
  });

  const start = async (person: ReturnType<typeof pageBrowser>) => {
    const leaving = await person.post('/oauth/start', await person.open('/sign-in'), { provider: 'real' });
    return String(leaving.headers.refresh).replace(/^0;url=/, '');
  };
  const identityOf = async (answer: Answer) => {
    const { code } = redirected(answer);
    const input = { tenantId: 'default', actor: 'web', code, codeVerifier: VERIFIER, returnTo: FLOW.return_to };
    return (await world.exchange({ ...input, device: NO_DEVICE })).identity;
  };

  it('OAU-1 OAU-3 OAU-5 signs a person up, and in again; a swapped and a repeated callback are refused', async () => {
    const ada = pageBrowser(world);
    const back = await consent(await start(ada), 'ada');
    assert.ok(back.searchParams.get('iss'), 'it says who it is (RFC 9207)');
    const first = await identityOf(await ada.get(`${back.pathname}${back.search}`));
    assert.equal(first.displayName, 'ada');
    const again = pageBrowser(world);
    const url = await start(again);
    const second = await consent(url, 'ada');
    const eve = pageBrowser(world);
    await eve.open('/sign-in');
    assert.equal((await eve.get(`${second.pathname}${second.search}`)).status, 403);
    const identity = await identityOf(await again.get(`${second.pathname}${second.search}`));
    assert.equal(identity.id, first.id);
    assert.equal((await again.get(`${second.pathname}${second.search}`)).status, 403);
  });

  it('OAU-3 a code of another person’s attempt does not sign in', async () => {
    const [ada, eve] = [pageBrowser(world), pageBrowser(world)];
    const theirs = await consent(await start(ada), 'ada');
    const own = await consent(await start(eve), 'eve');
    own.searchParams.set('code', theirs.searchParams.get('code') ?? '');
    assert.equal((await eve.get(`${own.pathname}${own.search}`)).status, 422);
  });
});
