import assert from 'node:assert/strict';
import { type FakeProvider, fakeProvider } from '../support/fake_provider.ts';
import { ADA, type Answer, FLOW, type HttpWorld, httpWorld, redirected, VERIFIER } from '../support/http_world.ts';
import { pageBrowser } from '../support/page_browser.ts';
import { NO_DEVICE } from '../support/world.ts';

describe('accounts elsewhere on the pages', function () {
  this.timeout(60_000);
  let world: HttpWorld;
  let acme: FakeProvider;
  beforeEach(async () => {
    acme = fakeProvider('acme');
    world = await httpWorld({ oauthProviders: [acme.provider, fakeProvider('globex').provider] });
  });
  afterEach(() => world.close());

  type Person = ReturnType<typeof pageBrowser>;
  const callback = (query: object, provider = 'acme') =>
    `/oauth/${provider}/callback?${new URLSearchParams({ ...query })}`;
  /** Presses a provider's button on a page: what is answered. */
  const press = (person: Person, page: Answer, more: Record<string, string> = {}) =>
    person.post('/oauth/start', page, { provider: 'acme', ...more });
  /** The whole way from a page to the provider and back. */
  const through = async (person: Person, path = '/sign-in', facts: object = {}, more: Record<string, string> = {}) => {
    await press(person, await person.open(path), more);
    return person.get(callback(acme.consent(facts)));
  };
  const follow = (person: Person, answer: Answer) => person.get(answer.headers.location ?? '');
  const titleOf = ({ body }: Answer) => /<h1>([^<]*)<\/h1>/.exec(body)?.[1];
  const signedIn = async (answer: Answer) => {
    const { code } = redirected(answer);
    const input = { tenantId: 'default', actor: 'web', code, codeVerifier: VERIFIER, returnTo: FLOW.return_to };
    return world.exchange({ ...input, device: NO_DEVICE });
  };

  it('OAU-1 from the button to the provider, back, and on to the app with a code', async () => {
    const person = pageBrowser(world);
    for (const path of ['/sign-in', '/sign-up', '/security']) {
      const page = await person.open(path);
      assert.match(page.body, /<button type="submit" name="provider" value="acme"[^>]*>.*Continue with Acme<\/button>/);
      assert.match(page.body, /value="globex"/);
    }
    const leaving = await press(person, await person.open('/sign-in'));
    assert.equal(leaving.status, 200);
    const [request] = acme.requests;
    const url = `https://acme.example/authorize?state=${request?.state}`;
    assert.equal(leaving.headers.refresh, `0;url=${url}`);
    assert.ok(leaving.body.includes(`href="${url}"`));
    assert.equal(request?.redirectUri, `${world.publicUrl}/oauth/acme/callback`);
    const back = await person.get(callback(acme.consent()));
    assert.equal(back.status, 303);
    const { place, state } = redirected(back);
    assert.deepEqual([place, state], [FLOW.return_to, FLOW.state]);
    const { identity, session } = await signedIn(back);
    assert.deepEqual([identity.displayName, session.acr, [...session.amr]], ['Ada', 'aal1', ['fed']]);
    assert.equal(person.jar.size, 0);
  });

  it('OAU-10 the page in front of a provider says where it leads, and can be left; it waits for a yes where that is set', async () => {
    const held = await httpWorld({ oauthProviders: [acme.provider], confirmLeaving: true });
    try {
      for (const [server, waits] of [
        [world, false],
        [held, true],
      ] as const) {
        for (const [path, more] of [
          ['/sign-in', {}],
          ['/security', { hold: 'yes' }],
        ] as const) {
          const person = pageBrowser(server);
          const page = await person.open(path);
          const leaving = await person.post('/oauth/start', page, { provider: 'acme', ...more });
          assert.equal(leaving.headers.refresh === undefined, waits);
          assert.match(leaving.body, /You are leaving for acme\.example, which is another site\./);
          const url = `https://acme.example/authorize?state=${acme.requests.at(-1)?.state}`;
          assert.ok(leaving.body.includes(`href="${url}"`));
          const [, back = ''] = /href="([^"]*)">Stay here</.exec(leaving.body) ?? [];
          assert.ok(back.startsWith(`${path}?`), back);
          assert.equal((await person.get(back.replaceAll('&amp;', '&'))).status, 200);
        }
      }
    } finally {
      await held.close();
    }
  });

  it('OAU-1 the policy of the tenant is asked, and the page of all factors is one stop of it', async () => {
    world.tenant.settings = { ...world.tenant.settings, mfaPolicy: 'required' };
    const person = pageBrowser(world);
    const back = await through(person);
    assert.match(back.headers.location ?? '', /^\/second-step\?/);
    assert.equal(titleOf(await follow(person, back)), 'Protect your account');
    world.tenant.settings = { ...world.tenant.settings, mfaPolicy: 'off' };
    const held = await through(pageBrowser(world), '/security', {}, { hold: 'yes' });
    assert.match(held.headers.location ?? '', /^\/second-step\?/);
  });

  it('OAU-2 a callback is for the browser that began, for its provider, and once', async () => {
    const person = pageBrowser(world);
    await press(person, await person.open('/sign-in'));
    const query = acme.consent();
    const stranger = pageBrowser(world);
    assert.equal((await stranger.get(callback(query))).status, 403);
    await stranger.open('/sign-in');
    assert.equal((await stranger.get(callback(query))).status, 403);
    assert.equal((await person.get(callback(query, 'globex'))).status, 403);
    assert.equal((await person.get(callback({ ...query, state: `${query.state}x` }))).status, 403);
    assert.equal((await person.get(`${callback(query)}&state=x`)).status, 400);
    assert.equal((await person.get(callback(query))).status, 303);
    // The sign-in took the transaction along; a browser that still holds it gets no further.
    assert.equal((await person.get(callback(query))).status, 403);
  });

  it('RED-1 RED-8 what was forged, or leads where it may not any more, is refused', async () => {
    const person = pageBrowser(world);
    const page = await person.open('/sign-in');
    assert.equal((await press(person, page, { form_token: 'forged' })).status, 403);
    assert.equal((await press(person, page, { provider: 'initech' })).status, 400);
    assert.equal((await press(person, page, { purpose: 'own' })).status, 400);
    const cookie = [...person.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { cookie, 'sec-fetch-site': 'cross-site', 'content-type': 'application/x-www-form-urlencoded' };
    const foreign = await world.send('POST', '/oauth/start', { headers, body: 'provider=acme' });
    assert.equal(foreign.status, 403);
    assert.deepEqual(acme.requests, []);
    await press(person, page);
    world.tenant.settings = { ...world.tenant.settings, returnTo: [] };
    assert.equal((await person.get(callback(acme.consent()))).status, 403);
  });

  it('says in words what went wrong, and where to go on', async () => {
    const person = pageBrowser(world);
    await press(person, await person.open('/sign-in'));
    const denied = await person.get(callback({ error: 'access_denied', state: acme.requests[0]?.state }));
    assert.deepEqual([denied.status, titleOf(denied)], [422, 'Acme said no']);
    assert.match(denied.body, /href="\/sign-in\?return_to=/);
    assert.doesNotMatch(denied.body, /href="[^"]*state=to_/);

    world.tenant.settings = { ...world.tenant.settings, signUpOpen: false };
    assert.equal(titleOf(await through(person)), 'Sign-up is closed');
  });

  it('OAU-6 OAU-7 an address that somebody has here: sign in and connect, or take it where nobody confirmed it', async () => {
    await world.submit('/sign-up', ADA);
    const person = pageBrowser(world);
    const exists = await through(person);
    assert.equal(titleOf(exists), 'You have an account already');
    assert.match(exists.body, /href="\/security\?return_to=/);
    assert.match(exists.body, /Take my address with Acme/);
    await press(person, exists, { purpose: 'claim' });
    const back = await person.get(callback(acme.consent()));
    const { identity } = await signedIn(back);
    assert.deepEqual((await world.readIdentity('default', identity.id))?.identifiers, [
      { type: 'email', value: ADA.identifier, verified: true },
    ]);
    // Verified now: nobody else takes it.
    const again = await through(pageBrowser(world), '/sign-in', { subject: 'eve' });
    assert.doesNotMatch(again.body, /Take my address/);
  });

  it('OAU-8 MAIL-6 a signed-in person connects an account, signs in with it, and disconnects it', async () => {
    await world.submit('/sign-up', ADA);
    await world.confirmed(ADA.identifier);
    const person = pageBrowser(world);
    const security = await person.password('/security');
    assert.match(security.body, /Connected accounts/);
    await press(person, security, { purpose: 'link' });
    const linked = await person.get(callback(acme.consent()));
    assert.match(linked.headers.location ?? '', /^\/second-step\?/);
    const page = await follow(person, linked);
    assert.match(page.body, /aria-label="Disconnect Acme"/);
    assert.doesNotMatch(page.body, /name="provider" value="acme"/);

    const { identity } = await signedIn(await through(pageBrowser(world)));
    const [account] = await world.oauth.linkedAccounts.list('default', identity.id);
    assert.equal(account?.subject, 'ada-1');
    const gone = await person.post('/oauth/unlink', page, { account: account?.id ?? '' });
    assert.equal(gone.status, 303);
    assert.deepEqual(await world.oauth.linkedAccounts.list('default', identity.id), []);
    const told = (await world.outbox()).map(({ subject, text }) => [subject, /\naddress 127\.0\.0\.1, /.test(text)]);
    assert.deepEqual(told, [
      ['Your account was disconnected from Acme', true],
      ['Your account was connected to Acme', true],
    ]);
  });

  it('OAU-8 nobody connects or disconnects without being signed in, nor their last way in', async () => {
    const person = pageBrowser(world);
    const page = await person.open('/sign-in');
    assert.equal((await press(person, page, { purpose: 'link' })).status, 403);
    assert.equal((await person.post('/oauth/unlink', page, { account: `lac_${'0'.repeat(32)}` })).status, 403);

    const held = await through(person, '/security', {}, { hold: 'yes' });
    const security = await follow(person, held);
    const account = /name="account" value="(lac_[0-9a-f]{32})"/.exec(security.body)?.[1] ?? '';
    const last = await person.post('/oauth/unlink', security, { account });
    assert.deepEqual([last.status, titleOf(last)], [422, 'Your only way in']);
  });

  it('a provider that posts its answer is taken back as a link, with what counts of it', async () => {
    const person = pageBrowser(world);
    await press(person, await person.open('/sign-in'));
    const query = acme.consent();
    const body = new URLSearchParams({ ...query, user: '{"name":"Ada"}' }).toString();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'cross-site',
      origin: 'https://acme.example',
    };
    const relayed = await world.send('POST', '/oauth/acme/callback', { headers, body });
    assert.equal(relayed.status, 303);
    assert.equal(relayed.headers.location, callback(query));
    assert.equal(relayed.headers['set-cookie'], undefined);
    assert.equal((await follow(person, relayed)).status, 303);
  });

  it('where no provider is configured, nothing of it is shown', async () => {
    const plain = await httpWorld();
    const { body } = await pageBrowser(plain).open('/sign-in');
    await plain.close();
    assert.doesNotMatch(body, /oauth/);
  });
});
