import assert from 'node:assert/strict';
import { ADA, type Answer, FLOW, type HttpWorld, httpWorld, redirected, VERIFIER } from '../support/http_world.ts';
import { needsOathtool, oathCode } from '../support/oathtool.ts';
import { pageBrowser } from '../support/page_browser.ts';
import { NO_DEVICE } from '../support/world.ts';

const keyOf = (page: Answer) => (/<code class="key">([^<]+)</.exec(page.body)?.[1] ?? '').replaceAll(' ', '');
const codesOf = (page: Answer) =>
  [...page.body.matchAll(/<code>([0-9a-z-]{19})<\/code>/g)].map(([, code = '']) => code);

describe('second step', function () {
  this.timeout(60_000);
  let world: HttpWorld;
  beforeEach(async function () {
    needsOathtool(this);
    world = await httpWorld();
    await world.submit('/sign-up', ADA);
  });
  afterEach(() => world?.close());

  const nextStep = () => {
    world.time.now += 30_000;
  };
  const sessionOf = (answer: Answer) => {
    const { code } = redirected(answer);
    const returnTo = FLOW.return_to;
    const input = { tenantId: 'default', actor: 'web', code, codeVerifier: VERIFIER, returnTo, device: NO_DEVICE };
    return world.exchange(input);
  };

  /** Sets up an authenticator app on the security page; gives its key, the recovery codes and the browser. */
  async function enrolled() {
    const own = pageBrowser(world);
    const page = await own.password('/security');
    assert.match(page.body, /<h1>Security<\/h1>/);
    const secret = keyOf(page);
    const typed = { code: oathCode(secret, world.time.now), enrollment_token: own.fieldOf(page, 'enrollment_token') };
    const codes = await own.post('/second-step/totp', page, typed);
    const done = await own.post('/second-step/done', codes, {});
    return { own, secret, recovery: codesOf(codes), done };
  }

  it('MFA-10 MFA-5 an app is set up, asked for and answered without a script; oathtool is the app', async () => {
    const { secret, recovery, done } = await enrolled();
    assert.equal(recovery.length, 10);
    const first = await sessionOf(done);
    assert.equal(first.session.acr, 'aal2');
    nextStep();
    const own = pageBrowser(world);
    const page = await own.password();
    assert.match(page.body, /<h1>Confirm that it is you<\/h1>/);
    const wrong = await own.post('/second-step', page, { code: '000000' });
    assert.equal(wrong.status, 422);
    assert.match(wrong.body, /role="alert">That code did not work/);
    const answer = await own.post('/second-step', wrong, { code: oathCode(secret, world.time.now) });
    const { session } = await sessionOf(answer);
    assert.deepEqual([session.acr, session.amr], ['aal2', ['pwd', 'otp', 'mfa']]);
    assert.equal(own.jar.has('trust_pending'), false);
  });

  it('MFA-7 a recovery code is the way in when the app is lost', async () => {
    const { recovery } = await enrolled();
    const own = pageBrowser(world);
    const page = await own.password();
    const [, link = ''] = /href="([^"]*with=recovery)"/.exec(page.body) ?? [];
    const form = await own.get(link.replaceAll('&amp;', '&'));
    assert.match(form.body, /Recovery code/);
    const answer = await own.post('/second-step', form, { code: recovery[3] ?? '', with: 'recovery' });
    assert.equal((await sessionOf(answer)).session.acr, 'aal2');
  });

  it('MFA-1 a required factor is set up before there is a code for the app; no step can be left out', async () => {
    world.tenant.settings = { ...world.tenant.settings, mfaPolicy: 'required' };
    const own = pageBrowser(world);
    const page = await own.password();
    assert.match(page.body, /<h1>Protect your account<\/h1>/);
    const skipped = await own.post('/second-step/done', page, {});
    assert.deepEqual([skipped.status, skipped.headers.location], [403, undefined]);
    const secret = keyOf(page);
    const typed = { code: oathCode(secret, world.time.now), enrollment_token: own.fieldOf(page, 'enrollment_token') };
    const codes = await own.post('/second-step/totp', page, typed);
    assert.equal(codesOf(codes).length, 10);
    const done = await own.post('/second-step/done', codes, {});
    assert.equal((await sessionOf(done)).session.acr, 'aal2');
  });

  it('MFA-1 the step cannot be skipped, and nothing can be changed before it is answered', async () => {
    await enrolled();
    const own = pageBrowser(world);
    const page = await own.password();
    for (const [path, typed] of [
      ['/second-step/done', {}],
      ['/second-step/change', { change: 'codes' }],
      ['/second-step/change', { change: 'devices' }],
      ['/second-step/totp', { code: '000000', enrollment_token: 'v1.x' }],
      ['/second-step/passkey', { credential: '{}' }],
    ] as const) {
      const answer = await own.post(path, page, typed);
      assert.ok(!answer.headers.location?.startsWith('http'), path);
      assert.equal(codesOf(answer).length, 0, path);
    }
  });

  it('MFA-3 another browser cannot answer, with the token or without', async () => {
    const { secret } = await enrolled();
    nextStep();
    const own = pageBrowser(world);
    await own.password();
    const thief = pageBrowser(world);
    const page = await thief.open('/sign-in');
    const code = oathCode(secret, world.time.now);
    assert.equal((await thief.post('/second-step', page, { code })).status, 403);
    thief.jar.set('trust_pending', own.jar.get('trust_pending') ?? '');
    assert.equal((await thief.post('/second-step', page, { code })).status, 403);
  });

  it('MFA-9 a remembered device is not asked again; a step-up asks all the same', async () => {
    const { secret } = await enrolled();
    nextStep();
    const own = pageBrowser(world);
    const page = await own.password();
    const code = oathCode(secret, world.time.now);
    await own.post('/second-step', page, { code, remember: 'yes' });
    assert.match(own.jar.get('trust_device') ?? '', /^td_/);
    const again = await own.password();
    assert.equal((await sessionOf(again)).session.acr, 'aal1');
    const stepUp = await own.password('/sign-in', { ...FLOW, acr_values: 'aal2' });
    assert.match(stepUp.body, /<h1>Confirm that it is you<\/h1>/);
    assert.match(stepUp.body, /name="acr_values" value="aal2"/);
  });

  it('MAIL-6 factors are listed and removed on the security page, after they were proved; each change is told, and from where', async () => {
    await world.confirmed(ADA.identifier);
    const { secret } = await enrolled();
    nextStep();
    const own = pageBrowser(world);
    const asked = await own.password('/security');
    assert.match(asked.body, /<h1>Confirm that it is you<\/h1>/);
    const held = await own.post('/second-step', asked, { code: oathCode(secret, world.time.now) });
    assert.equal(held.headers.location?.startsWith('/second-step?'), true);
    const page = await own.get(held.headers.location ?? '');
    assert.match(page.body, /Authenticator app/);
    const renewed = await own.post('/second-step/change', page, { change: 'codes' });
    assert.equal(codesOf(renewed).length, 10);
    const removed = await own.post('/second-step/change', page, { remove: own.fieldOf(page, 'remove') });
    assert.equal(removed.status, 303);
    const plain = await pageBrowser(world).password();
    assert.equal((await sessionOf(plain)).session.acr, 'aal1');
    const told = await world.outbox();
    assert.deepEqual(
      told.map(({ template }) => template),
      ['factor_removed', 'recovery_codes_made', 'factor_added'],
    );
    for (const { text } of told) assert.match(text, /\naddress 127\.0\.0\.1, /);
  });
});
