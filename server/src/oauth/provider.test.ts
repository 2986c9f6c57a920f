import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { testIssuer } from '../../../test/support/issuer.ts';
import { OAUTH_PRESETS, type OauthPresetName, presetOf } from '../config/oauth_presets.ts';
import { readOauthProviders } from '../config/oauth_settings.ts';
import { oauthProvider } from './provider.ts';

const REQUEST = {
  redirectUri: 'https://login.example.com/oauth/x/callback',
  state: 'state-1',
  nonce: 'nonce-1',
  codeVerifier: 'v'.repeat(43),
};
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** A preset as the configuration makes it. */
function configured(name: OauthPresetName, more: Record<string, string> = {}) {
  const given: Record<string, string> = {
    CLIENT_ID: 'client',
    ...(name === 'apple' ? { TEAM_ID: 'TEAM', KEY_ID: 'KEY', PRIVATE_KEY_FILE: '/key' } : { CLIENT_SECRET: 'secret' }),
    ...(name === 'oidc' ? { ISSUER: 'https://idp.example' } : {}),
    ...more,
  };
  const env = Object.fromEntries(
    Object.entries(given).map(([key, value]) => [`TRUST_OAUTH_${name.toUpperCase()}_${key}`, value]),
  );
  const problems: string[] = [];
  const [config] = readOauthProviders([name], env, () => PEM, problems);
  assert.deepEqual(problems, []);
  assert.ok(config);
  return config;
}

type Sent = { readonly url: string; readonly body: URLSearchParams; readonly headers: Headers };

/** The preset's provider, as it is documented: there and back, with what was asked of it. */
async function signIn(name: OauthPresetName, facts: object, more: Record<string, string> = {}, email: unknown = []) {
  const config = configured(name, more);
  const preset = presetOf(name);
  const sent: Sent[] = [];
  const idp = await testIssuer(config.issuer, { clientSecret: 'secret' });
  const note = (url: string, init: RequestInit) =>
    sent.push({ url, body: new URLSearchParams(String(init.body ?? '')), headers: new Headers(init.headers) });
  const plain = async (url: string, init: RequestInit): Promise<Response> => {
    note(url, init);
    if (url === preset.endpoints?.token)
      return Response.json({ access_token: 'access-1', token_type: 'bearer', scope: 'x' });
    if (url === preset.endpoints?.profile) return Response.json(facts);
    if (url === `${preset.endpoints?.profile}/emails`) return Response.json(email);
    return new Response(null, { status: 404 });
  };
  const oidc = async (url: string, init: RequestInit): Promise<Response> => {
    note(url, init);
    if (!url.endsWith('/token')) return idp.fetch(url, init);
    const form = new URLSearchParams(String(init.body));
    form.set('client_secret', 'secret');
    return idp.fetch(url, { ...init, body: form.toString() });
  };
  const provider = oauthProvider({ config, clock: Date.now, fetch: preset.endpoints === undefined ? oidc : plain });
  if (preset.nonce === false) idp.play({ claims: ({ nonce: _, ...claims }) => claims });
  idp.person.claims = { ...idp.person.claims, ...facts };
  const url = new URL(await provider.authorizationUrl(REQUEST));
  const reply =
    preset.endpoints === undefined
      ? idp.consent(url.href)
      : { code: 'c', state: 'state-1', iss: undefined, error: undefined };
  const { account } = await provider.redeem(reply, REQUEST);
  const exchange = sent.find(({ body }) => body.get('grant_type') === 'authorization_code');
  return { account, query: url.searchParams, url, exchange, sent };
}

const OIDC = { sub: 'ada-1', email: 'ada@example.com', email_verified: true, name: 'Ada' };

describe('presets of providers', () => {
  it('each asks with state and scopes; PKCE and nonce as its provider takes them; the secret goes into the body', async () => {
    for (const name of Object.keys(OAUTH_PRESETS) as OauthPresetName[]) {
      const preset = presetOf(name);
      const facts = preset.endpoints === undefined ? OIDC : { id: '7', name: 'Ada' };
      const { query, exchange, account } = await signIn(name, facts);
      assert.equal(query.get('state'), 'state-1', name);
      assert.equal(query.get('scope'), preset.scopes, name);
      assert.equal(query.get('response_type'), 'code', name);
      assert.equal(query.get('redirect_uri'), REQUEST.redirectUri, name);
      assert.equal(query.get('nonce'), preset.endpoints || preset.nonce === false ? null : 'nonce-1', name);
      assert.equal(query.get('code_challenge_method'), preset.pkce === false ? null : 'S256', name);
      assert.equal(exchange?.body.get('code_verifier'), preset.pkce === false ? null : REQUEST.codeVerifier, name);
      assert.ok(exchange?.body.get('client_secret'), name);
      assert.equal(exchange?.headers.get('authorization'), null, name);
      assert.equal(account.subject, preset.endpoints ? '7' : 'ada-1', name);
    }
  });

  it('an OpenID provider is believed where it says that an address is verified, and in nothing else', async () => {
    for (const [given, verified] of [
      [true, true],
      [false, false],
      [undefined, false],
      ['true', false],
      [1, false],
    ]) {
      for (const name of ['google', 'gitlab', 'linkedin', 'slack', 'oidc'] as const) {
        const { account } = await signIn(name, { ...OIDC, email_verified: given });
        assert.deepEqual([account.email, account.emailVerified], ['ada@example.com', verified], `${name} ${given}`);
      }
    }
  });

  it('Apple writes verified as text, answers by a form, and takes a secret that its key signs', async () => {
    const { account, query, exchange } = await signIn('apple', { ...OIDC, email_verified: 'true', name: undefined });
    assert.deepEqual([account.emailVerified, account.displayName], [true, '']);
    assert.equal(query.get('response_mode'), 'form_post');
    const secret = exchange?.body.get('client_secret') ?? '';
    const { payload } = await jwtVerify(secret, publicKey, { audience: 'https://appleid.apple.com', issuer: 'TEAM' });
    assert.equal(payload.sub, 'client');
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 300);
    assert.deepEqual(decodeProtectedHeader(secret), { alg: 'ES256', kid: 'KEY' });
    assert.ok(decodeJwt(secret).iat);
  });

  it('Microsoft: anyone’s tenant writes any address; only xms_edov vouches for it', async () => {
    for (const [facts, verified] of [
      [{ email_verified: true }, false],
      [{ xms_edov: true }, true],
      [{ xms_edov: '1' }, true],
      [{ xms_edov: false, email_verified: true }, false],
    ] as const) {
      const { account } = await signIn('microsoft', { ...OIDC, ...facts }, { TENANT: 'contoso.example' });
      assert.equal(account.emailVerified, verified, JSON.stringify(facts));
    }
  });

  it('Microsoft for many tenants: the issuer of an account is that of its own tenant', async () => {
    const config = configured('microsoft');
    const template = 'https://login.microsoftonline.com/{tenantid}/v2.0';
    const idp = await testIssuer(config.issuer);
    const tenant = '11111111-2222-3333-4444-555555555555';
    const own = template.replace('{tenantid}', tenant);
    const metadata = (honest: object) => ({
      ...honest,
      issuer: template,
      authorization_response_iss_parameter_supported: false,
    });
    const provider = oauthProvider({ config, clock: Date.now, fetch: idp.fetch });
    const redeem = async (claims: object) => {
      idp.play({ metadata, iss: undefined, claims: (honest) => ({ ...honest, ...claims }) });
      return provider.redeem(idp.consent(await provider.authorizationUrl(REQUEST)), REQUEST);
    };
    assert.equal((await redeem({ iss: own, tid: tenant })).account.issuer, own);
    await assert.rejects(redeem({ iss: own, tid: 'another' }), /OAUTH_REJECTED/);
    await assert.rejects(redeem({ iss: 'https://evil.example', tid: tenant }), /OAUTH_REJECTED/);
  });

  it('GitHub: of its list of addresses, the one that is primary and verified', async () => {
    const facts = { id: 583231, login: 'ada', name: null, email: 'public@example.com' };
    const list = (primary: object) => [
      { email: 'old@example.com', primary: false, verified: true },
      { email: 'ada@example.com', ...primary },
    ];
    const good = await signIn('github', facts, {}, list({ primary: true, verified: true }));
    assert.deepEqual(good.account, {
      provider: 'github',
      issuer: 'https://github.com/login/oauth',
      subject: '583231',
      email: 'ada@example.com',
      emailVerified: true,
      displayName: 'ada',
    });
    assert.equal(good.sent.at(-1)?.headers.get('authorization'), 'Bearer access-1');
    for (const bad of [list({ primary: true, verified: false }), [], 'x', null]) {
      const { account } = await signIn('github', facts, {}, bad);
      assert.deepEqual([account.email, account.emailVerified], ['', false]);
    }
  });

  it('Discord says verified in its own word, Facebook says nothing of it', async () => {
    const discord = { id: '80351110224678912', username: 'ada', global_name: 'Ada', email: 'ada@example.com' };
    for (const verified of [true, false, 'true', undefined]) {
      const { account } = await signIn('discord', { ...discord, verified });
      assert.deepEqual([account.emailVerified, account.displayName], [verified === true, 'Ada']);
    }
    const { account, sent } = await signIn('facebook', {
      id: '7',
      name: 'Ada',
      email: 'ada@example.com',
      verified: true,
    });
    assert.deepEqual([account.email, account.emailVerified], ['ada@example.com', false]);
    assert.equal(new URL(sent.at(-1)?.url ?? '').searchParams.get('fields'), 'id,name,email');
  });

  it('a profile that names nobody, or in an impossible form, is no account', async () => {
    for (const facts of [{}, { id: '' }, { id: 1.5 }, { id: {} }, { id: 'x'.repeat(256) }, { id: 'é' }]) {
      await assert.rejects(signIn('discord', facts), /OAUTH_REJECTED/, JSON.stringify(facts));
    }
    const { account } = await signIn('discord', { id: '7', global_name: 'A\u0000da\u202e', username: 'x'.repeat(200) });
    assert.equal(account.displayName, 'Ada');
  });

  it('an address that the ID token leaves out is asked for at the user-info endpoint', async () => {
    const config = configured('oidc');
    const idp = await testIssuer(config.issuer);
    idp.play({ claims: ({ email: _, email_verified: __, name: ___, ...claims }) => claims });
    const provider = oauthProvider({ config, clock: Date.now, fetch: idp.fetch });
    const redeem = async () => provider.redeem(idp.consent(await provider.authorizationUrl(REQUEST)), REQUEST);
    const { account } = await redeem();
    assert.deepEqual([account.email, account.emailVerified, account.displayName], ['ada@example.com', true, 'Ada']);
    // What is told there of another person is not taken.
    idp.play({
      claims: ({ email: _, ...claims }) => claims,
      answer: (path) =>
        path === '/me' ? Response.json({ sub: 'eve', email: 'ada@example.com', email_verified: true }) : undefined,
    });
    await assert.rejects(redeem(), /OAUTH_REJECTED/);
  });
});
