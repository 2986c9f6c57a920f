// MFA-11: what a tenant switches off is not shown, and leads nowhere.
import assert from 'node:assert/strict';
import { type FakeProvider, fakeProvider } from '../support/fake_provider.ts';
import { ADA, type Answer, FLOW, type HttpWorld, httpWorld } from '../support/http_world.ts';
import { pageBrowser } from '../support/page_browser.ts';

const NEWER = 'green-lamp-sailing';

describe('ways in that a tenant switches off, on the pages', function () {
  this.timeout(60_000);
  let world: HttpWorld;
  let acme: FakeProvider;
  beforeEach(async () => {
    acme = fakeProvider('acme');
    // By a name, so that browsers take it for a relying party.
    world = await httpWorld({ oauthProviders: [acme.provider], publicUrl: 'http://localhost:8080' });
    await world.submit('/sign-up', ADA);
    await world.confirmed(ADA.identifier);
  });
  afterEach(() => world.close());

  const off = (...names: ('mail' | 'passkey' | 'oauth')[]) => {
    const { signInMethods } = world.tenant.settings;
    const changed = { ...signInMethods, ...Object.fromEntries(names.map((name) => [name, false])) };
    world.tenant.settings = { ...world.tenant.settings, signInMethods: changed };
  };
  const shown = ({ body }: Answer) => ({
    mail: body.includes('href="/sign-in/mail?'),
    passkey: body.includes('action="/sign-in/passkey"'),
    oauth: body.includes('name="provider" value="acme"'),
    recover: body.includes('href="/recover?'),
  });

  it('MFA-11 the page of sign-in shows those that are there, and forgetting a password stays', async () => {
    const all = { mail: true, passkey: true, oauth: true, recover: true };
    const page = () => pageBrowser(world).open('/sign-in');
    assert.deepEqual(shown(await page()), all);
    for (const name of ['mail', 'passkey', 'oauth'] as const) {
      world.tenant.settings = { ...world.tenant.settings, signInMethods: { mail: true, passkey: true, oauth: true } };
      off(name);
      assert.deepEqual(shown(await page()), { ...all, [name]: false });
    }
    off('mail', 'passkey', 'oauth');
    const own = pageBrowser(world);
    const security = await own.password('/security');
    assert.match(security.body, /<h1>Security<\/h1>/);
    assert.doesNotMatch(security.body, /value="acme"/, 'nothing to connect');
    assert.doesNotMatch((await pageBrowser(world).open('/sign-up')).body, /value="acme"/);
  });

  it('MFA-11 pages and forms of before lead nowhere: neither the code, nor the link, nor a provider that was on its way', async () => {
    const own = pageBrowser(world);
    const asked = await own.post('/sign-in/mail', await own.open('/sign-in/mail'), { email: ADA.identifier });
    const [mail] = await world.outbox();
    const code = /^ {4}(\d{4} \d{4})$/m.exec(mail?.text ?? '')?.[1] ?? '';
    const link = /\/mail\?token=tl_\w+/.exec(mail?.text ?? '')?.[0] ?? assert.fail();
    const page = await own.open('/sign-in');
    await own.post('/oauth/start', page, { provider: 'acme' });
    const query = new URLSearchParams({ ...acme.consent() });

    off('mail', 'oauth');
    assert.equal((await own.open('/sign-in/mail')).status, 404);
    const flowToken = own.fieldOf(asked, 'flow_token');
    assert.equal((await own.post('/sign-in/mail', asked, { flow_token: flowToken, code })).status, 404);
    assert.equal((await own.get(link)).status, 404);
    assert.equal((await own.post('/oauth/start', page, { provider: 'acme' })).status, 400);
    const back = await own.get(`/oauth/acme/callback?${query}`);
    assert.ok(back.status >= 400 && back.headers.location === undefined, String(back.status));
    assert.equal(world.acts().filter((act) => act === 'sign_in_code.issued').length, 1, 'that of the sign-up');
    assert.equal(world.acts().includes('oauth.signed_up'), false);
  });

  it('MFA-11 a new password by mail is set, and then asked for, where no mail signs in', async () => {
    off('mail');
    const own = pageBrowser(world);
    const asked = await own.post('/recover', await own.open('/recover'), { email: ADA.identifier });
    const code = /^ {4}(\d{4} \d{4})$/m.exec((await world.outbox())[0]?.text ?? '')?.[1] ?? '';
    const typed = { flow_token: own.fieldOf(asked, 'flow_token'), code, password: NEWER };
    const done = await own.post('/recover', asked, typed);
    assert.deepEqual([done.status, done.headers.location?.split('?')[0]], [303, '/sign-in']);
    const page = await own.get(done.headers.location ?? '');
    const signedIn = await own.post('/sign-in', page, { ...ADA, password: NEWER });
    assert.ok(signedIn.headers.location?.startsWith(FLOW.return_to));
  });
});
