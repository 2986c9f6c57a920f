// A provider that lies, stalls or is not the one that was asked, against the real client.
import assert from 'node:assert/strict';
import { oauthProvider } from '../../server/src/oauth/provider.ts';
import { type TestIssuer, type Tricks, testIssuer } from '../support/issuer.ts';
import { reason } from '../support/world.ts';

const ISSUER = 'https://idp.example';
const REDIRECT = 'https://login.example.com/oauth/acme/callback';
const REQUEST = { redirectUri: REDIRECT, state: 'state-1', nonce: 'nonce-1', codeVerifier: 'v'.repeat(43) };
const REJECTED = reason('OAUTH_REJECTED');
const UNAVAILABLE = reason('OAUTH_PROVIDER_UNAVAILABLE');

const configOf = (issuer: TestIssuer, change: object = {}) => ({
  name: 'acme',
  preset: 'oidc' as const,
  label: 'Acme',
  clientId: issuer.clientId,
  clientSecret: issuer.clientSecret,
  clientKey: undefined,
  issuer: issuer.issuer,
  scopes: 'openid email profile',
  keepTokens: false,
  tenants: ['default'],
  ...change,
});

describe('attacks through a provider', () => {
  let issuer: TestIssuer;
  const failures: string[] = [];
  const clientOf = (more: object = {}, change: object = {}) =>
    oauthProvider({
      config: configOf(issuer, change),
      clock: Date.now,
      fetch: issuer.fetch,
      failed: (_provider, code) => failures.push(code),
      ...more,
    });
  /** There and back, with tricks from the start. */
  const signIn = async (tricks: Tricks = {}, request = REQUEST, client = clientOf()) => {
    issuer.play(tricks);
    const url = await client.authorizationUrl(request);
    return client.redeem(issuer.consent(url), request);
  };

  beforeEach(async () => {
    issuer = await testIssuer(ISSUER);
    failures.length = 0;
  });

  it('OAU-3 an honest provider is believed: this is what the others differ from', async () => {
    const { account, tokens } = await signIn();
    assert.deepEqual(account, {
      provider: 'acme',
      issuer: ISSUER,
      subject: 'ada-1',
      email: 'ada@example.com',
      emailVerified: true,
      displayName: 'Ada',
    });
    assert.equal(tokens.refreshToken, 'refresh-1');
    assert.deepEqual(failures, []);
  });

  const second = () => Math.floor(Date.now() / 1_000);
  for (const [what, claims] of [
    ['another issuer', { iss: 'https://evil.example' }],
    ['the issuer with a slash', { iss: `${ISSUER}/` }],
    ['another audience', { aud: 'somebody-else' }],
    ['several audiences and no azp', { aud: ['client', 'somebody-else'] }],
    ['an azp that is somebody else', { aud: ['client', 'x'], azp: 'x' }],
    ['another nonce', { nonce: 'nonce-2' }],
    ['no nonce', { nonce: undefined }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['a subject that is not text', { sub: 7 as never }],
    ['a subject of 256 characters', { sub: 's'.repeat(256) }],
    ['no end', { exp: undefined }],
    ['an end in the past', { exp: second() - 600 }],
    ['an end that is text', { exp: '9999999999' as never }],
    ['no beginning', { iat: undefined }],
  ] as const) {
    it(`OAU-3 an ID token with ${what} is refused`, async () => {
      await assert.rejects(signIn({ claims: (honest) => ({ ...honest, ...claims }) as typeof honest }), REJECTED);
    });
  }

  for (const signature of ['none', 'foreign', 'hs256', 'broken'] as const) {
    it(`OAU-3 an ID token whose signature is ${signature} is refused`, async () => {
      await assert.rejects(signIn({ signature }), REJECTED);
    });
  }

  it('OAU-3 none is refused though the provider announces it', async () => {
    const metadata = (honest: object) => ({ ...honest, id_token_signing_alg_values_supported: ['none', 'ES256'] });
    await assert.rejects(signIn({ metadata, signature: 'none' }), REJECTED);
  });

  it('OAU-3 mix-up: a reply of another issuer, or of none where it was announced, is refused before any code is sent', async () => {
    for (const iss of ['https://evil.example', `${ISSUER}/`, '', undefined]) {
      issuer.asked.length = 0;
      await assert.rejects(signIn({ iss }), REJECTED);
      assert.ok(!issuer.asked.includes('/token'), String(iss));
    }
    const metadata = ({ authorization_response_iss_parameter_supported: _, ...honest }: Record<string, unknown>) =>
      honest;
    await signIn({ metadata, iss: undefined });
    await assert.rejects(signIn({ metadata, iss: 'https://evil.example' }), REJECTED);
  });

  it('OAU-3 a swapped code: one that was made for another attempt does not hold with this one’s verifier', async () => {
    const client = clientOf();
    const theirs = { ...REQUEST, state: 'state-2', nonce: 'nonce-2', codeVerifier: 'w'.repeat(43) };
    const stolen = issuer.consent(await client.authorizationUrl(theirs));
    await assert.rejects(client.redeem({ ...stolen, state: 'state-1' }, REQUEST), REJECTED);
  });

  it('OAU-3 where a provider does not look at the verifier, the nonce still tells the codes apart', async () => {
    const client = clientOf();
    const theirs = { ...REQUEST, state: 'state-2', nonce: 'nonce-2' };
    const stolen = issuer.consent(await client.authorizationUrl(theirs));
    await assert.rejects(client.redeem({ ...stolen, state: 'state-1' }, REQUEST), REJECTED);
  });

  it('OAU-2 a code is used once, and a state that is not ours never', async () => {
    const client = clientOf();
    const reply = issuer.consent(await client.authorizationUrl(REQUEST));
    await assert.rejects(client.redeem({ ...reply, state: 'state-2' }, REQUEST), REJECTED);
    await client.redeem(reply, REQUEST);
    await assert.rejects(client.redeem(reply, REQUEST), REJECTED);
    for (const missing of [{ code: undefined }, { state: undefined }]) {
      await assert.rejects(client.redeem({ ...reply, ...missing }, REQUEST), REJECTED);
    }
  });

  it('OAU-4 a discovery document of another issuer is not believed', async () => {
    const metadata = (honest: object) => ({ ...honest, issuer: 'https://evil.example' });
    await assert.rejects(signIn({ metadata }), UNAVAILABLE);
  });

  it('OAU-4 endpoints in the clear are not asked, nor browsers sent there', async () => {
    for (const endpoint of ['authorization_endpoint', 'token_endpoint', 'jwks_uri']) {
      const metadata = (honest: object) => ({ ...honest, [endpoint]: 'http://idp.example/x' });
      await assert.rejects(signIn({ metadata }), UNAVAILABLE, endpoint);
    }
    assert.ok(!issuer.asked.includes('/x'));
  });

  it('OAU-4 an answer that is too long, at every step, is refused; one at the edge is read', async () => {
    const long = (size: number) =>
      new Response(`{"a":"${'x'.repeat(size - 8)}"}`, { headers: { 'content-type': 'application/json' } });
    for (const place of ['/.well-known/openid-configuration', '/token', '/jwks']) {
      const answer = (path: string) => (path === place ? long(256 * 1024 + 1) : undefined);
      await assert.rejects(signIn({ answer }), UNAVAILABLE, place);
    }
    let sent = 0;
    const endless = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            sent += 65_536;
            controller.enqueue(new Uint8Array(65_536).fill(120));
          },
        }),
      );
    await assert.rejects(signIn({ answer: (path) => (path === '/token' ? endless() : undefined) }), UNAVAILABLE);
    assert.ok(sent < 1_000_000, `${sent} bytes were taken`);
    const { bounded } = await edge();
    assert.equal((await bounded(256 * 1024)).length, 256 * 1024);
    await assert.rejects(bounded(256 * 1024 + 1), /too long/);
  });

  it('OAU-4 a provider that stalls is not waited for, in its headers or in its body', async () => {
    const never = new Promise<undefined>(() => {});
    const hung = { patienceMs: 50, fetch: (_: string, { signal }: RequestInit) => stall(signal) };
    await assert.rejects(signIn({}, REQUEST, clientOf(hung)), UNAVAILABLE);
    const body = new ReadableStream({
      async pull() {
        await never;
      },
    });
    const slow = (url: string, init: RequestInit) =>
      url.endsWith('/token') ? Promise.race([stallBody(body, init.signal)]) : issuer.fetch(url, init);
    await assert.rejects(signIn({}, REQUEST, clientOf({ patienceMs: 50, fetch: slow })), UNAVAILABLE);
  });

  it('OAU-4 redirects are not followed', async () => {
    for (const place of ['/.well-known/openid-configuration', '/token', '/jwks']) {
      const answer = (path: string) =>
        path === place ? new Response(null, { status: 307, headers: { location: `${ISSUER}/elsewhere` } }) : undefined;
      await assert.rejects(signIn({ answer }), UNAVAILABLE, place);
    }
    assert.ok(!issuer.asked.includes('/elsewhere'));
  });

  it('what a provider answers reaches no error and no failure code', async () => {
    const canary = 'CANARY_of_the_provider';
    const answer = (path: string) =>
      path === '/token' ? Response.json({ error: canary, error_description: canary }, { status: 400 }) : undefined;
    await assert.rejects(signIn({ answer }), (error: unknown) => {
      const { reason: given, metadata } = error as { reason: string; metadata: object };
      assert.doesNotMatch(JSON.stringify([given, metadata]), /CANARY/);
      return true;
    });
    assert.doesNotMatch(failures.join(), /CANARY/);
  });

  it('OAU-4 a provider that failed is asked again the next time, and what was discovered is kept for an hour', async () => {
    const time = { now: Date.now() };
    const client = clientOf({ clock: () => time.now });
    const answer = () => new Response('down', { status: 503 });
    await assert.rejects(signIn({ answer }, REQUEST, client), UNAVAILABLE);
    await signIn({}, REQUEST, client);
    const count = () => issuer.asked.filter((path) => path === '/.well-known/openid-configuration').length;
    const before = count();
    await signIn({}, REQUEST, client);
    assert.equal(count(), before);
    time.now += 3_600_000;
    await client.authorizationUrl(REQUEST);
    assert.equal(count(), before + 1);
  });
});

/** Waits until it is told to stop. */
const stall = (signal: AbortSignal | null | undefined) =>
  new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

/** An answer whose body never comes; as of the platform's fetch, the signal ends the body too. */
async function stallBody(body: ReadableStream, signal: AbortSignal | null | undefined): Promise<Response> {
  const { readable, writable } = new TransformStream();
  body.pipeTo(writable, signal ? { signal } : {}).catch(() => {});
  return new Response(readable);
}

async function edge() {
  const { boundedFetch } = await import('../../server/src/oauth/bounded_fetch.ts');
  return {
    bounded: async (size: number) => {
      const fetch = boundedFetch(async () => new Response('x'.repeat(size)), false);
      return (await fetch('https://idp.example/', {})).text();
    },
  };
}
