import assert from 'node:assert/strict';
import {
  type Answer,
  type Fields,
  FLOW,
  type HttpWorld,
  httpWorld,
  PASSWORD,
  redirected,
  VERIFIER,
} from '../support/http_world.ts';
import { softwareTotp } from '../support/person.ts';
import { NO_DEVICE } from '../support/world.ts';

const EMAIL = 'ada@example.com';
const NEWER = 'green-lamp-sailing';

/** A browser without scripts. */
function browser(world: HttpWorld) {
  const jar = new Map<string, string>();
  const keep = (answer: Answer) => {
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [pair = ''] = line.split(';');
      const split = pair.indexOf('=');
      if (/Max-Age=0;/.test(line)) jar.delete(pair.slice(0, split));
      else jar.set(pair.slice(0, split), pair.slice(split + 1));
    }
    return answer;
  };
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const fieldOf = (page: Answer, name: string) =>
    new RegExp(`name="${name}" value="([^"]*)"`).exec(page.body)?.[1] ?? '';
  return {
    jar,
    fieldOf,
    get: async (path: string) => keep(await world.send('GET', path, { headers: { cookie: cookie() } })),
    post: async (path: string, page: Answer, typed: Fields, flow: Fields = FLOW) =>
      keep(
        await world.post(path, { ...flow, form_token: fieldOf(page, 'form_token'), ...typed }, { cookie: cookie() }),
      ),
  };
}

describe('pages of mail', function () {
  this.timeout(60_000);
  let world: HttpWorld;
  let ada: string;
  beforeEach(async () => {
    world = await httpWorld();
    const identifiers = [{ type: 'email' as const, value: EMAIL, verified: true }];
    ({ id: ada } = await world.addIdentity({ identifiers }));
    await world.setPassword({ tenantId: 'default', actor: 'web', identityId: ada, password: PASSWORD });
  });
  afterEach(() => world.close());

  const query = new URLSearchParams(FLOW).toString();
  const mailed = async () => {
    const [mail] = await world.outbox();
    const text = mail?.text ?? '';
    const code = /^ {4}(\d{4} \d{4})$/m.exec(text)?.[1] ?? '';
    return { code, template: mail?.template, link: /\/mail\?token=tl_\w+/.exec(text)?.[0] ?? '' };
  };
  const sessionOf = (answer: Answer) => {
    const { code } = redirected(answer);
    const returnTo = FLOW.return_to;
    return world.exchange({
      tenantId: 'default',
      actor: 'web',
      code,
      codeVerifier: VERIFIER,
      returnTo,
      device: NO_DEVICE,
    });
  };
  /** Asks for a mail; the page that takes its code. */
  async function ask(own: ReturnType<typeof browser>, path: string, email = EMAIL) {
    const page = await own.get(`${path}?${query}`);
    return own.post(path, page, { email });
  }
  const typedIn = (own: ReturnType<typeof browser>, page: Answer) => ({
    flow_token: own.fieldOf(page, 'flow_token'),
    email: EMAIL,
  });

  it('MAIL-10 signs in by a code without a script', async () => {
    const own = browser(world);
    const start = await own.get(`/sign-in?${query}`);
    assert.match(start.body, /href="\/sign-in\/mail\?/);
    const page = await ask(own, '/sign-in/mail');
    assert.match(page.body, /Check your mail/);
    const wrong = await own.post('/sign-in/mail', page, { ...typedIn(own, page), code: '0000 000x' });
    assert.equal(wrong.status, 422);
    assert.match(wrong.body, /role="alert">That code did not work/);
    const { code } = await mailed();
    const answer = await own.post('/sign-in/mail', wrong, { ...typedIn(own, wrong), code });
    const { session } = await sessionOf(answer);
    assert.deepEqual([session.identityId, session.amr], [ada, ['otp']]);
  });

  it('MAIL-10 MAIL-16 a link signs in by a form, in the browser that asked for it, and opening it spends nothing', async () => {
    const own = browser(world);
    await ask(own, '/sign-in/mail');
    const { link } = await mailed();
    const scanner = browser(world);
    for (let n = 0; n < 3; n++) {
      const page = await scanner.get(link);
      assert.match(page.body, /Another browser asked for this/);
      assert.doesNotMatch(page.body, /<form/);
      const forced = await scanner.post('/mail', page, { token: link.split('=')[1] ?? '' }, {});
      assert.equal(forced.status, 403);
    }
    for (let n = 0; n < 2; n++) assert.equal((await own.get(link)).status, 200);
    const page = await own.get(link);
    assert.match(page.body, new RegExp(`signing in as ${EMAIL}`));
    const answer = await own.post('/mail', page, { token: own.fieldOf(page, 'token') }, {});
    assert.equal((await sessionOf(answer)).session.identityId, ada);
    assert.equal((await own.get(link)).status, 404);
  });

  it('MAIL-10 another browser cannot use a link or a code, even with the form of its own page', async () => {
    const own = browser(world);
    const page = await ask(own, '/sign-in/mail');
    const { link, code } = await mailed();
    const thief = browser(world);
    const other = await ask(thief, '/sign-in/mail', 'nobody@example.com');
    const stolen = { flow_token: own.fieldOf(page, 'flow_token'), email: EMAIL, code };
    assert.equal((await thief.post('/sign-in/mail', other, stolen)).status, 422);
    // A form token of the same kind, for a link of the thief's own, does not fit.
    const token = link.split('=')[1] ?? '';
    assert.equal((await thief.post('/mail', other, { token }, {})).status, 403);
  });

  it('MAIL-11 a new password by the code, within the flow; the old one is over', async () => {
    const own = browser(world);
    const page = await ask(own, '/recover');
    const { code } = await mailed();
    const weak = await own.post('/recover', page, { ...typedIn(own, page), code, password: 'password1' });
    assert.equal(weak.status, 422);
    assert.match(weak.body, /too easy to guess/);
    const answer = await own.post('/recover', weak, { ...typedIn(own, weak), code, password: NEWER });
    assert.equal((await sessionOf(answer)).session.identityId, ada);
    assert.equal((await mailed()).template, 'password_changed');
    const signIn = (password: string) => world.submit('/sign-in', { identifier: EMAIL, password });
    assert.deepEqual([(await signIn(PASSWORD)).status, (await signIn(NEWER)).status], [422, 303]);
  });

  it('MAIL-11 MFA-1 a reset leads to the second step where there is a factor', async () => {
    const { sessionId } = await world.signedInWith({
      ...world.attempt,
      identifier: EMAIL,
      password: PASSWORD,
      device: NO_DEVICE,
    });
    await softwareTotp(world, sessionId);
    const own = browser(world);
    const page = await ask(own, '/recover');
    const { code } = await mailed();
    const answer = await own.post('/recover', page, { ...typedIn(own, page), code, password: NEWER });
    assert.match(String(answer.headers.location), /^\/second-step\?/);
    assert.match((await own.get(String(answer.headers.location))).body, /<h1>Confirm that it is you<\/h1>/);
  });

  it('MAIL-11 MAIL-16 a new password by the link, in any browser, which is told to go back and sign in', async () => {
    await ask(browser(world), '/recover');
    const { link } = await mailed();
    const other = browser(world);
    const page = await other.get(link);
    const token = other.fieldOf(page, 'token');
    const short = await other.post('/mail', page, { token, password: 'short' }, {});
    assert.equal(short.status, 422);
    const done = await other.post('/mail', short, { token, password: NEWER }, {});
    assert.match(done.body, /The password was changed/);
    assert.equal(other.jar.has('trust_pending'), false);
    assert.equal((await world.submit('/sign-in', { identifier: EMAIL, password: NEWER })).status, 303);
    assert.equal((await other.post('/mail', short, { token, password: NEWER }, {})).status, 404);
  });

  it('MAIL-16 an address is confirmed by the form behind its link', async () => {
    const identity = await world.addIdentity({
      identifiers: [{ type: 'email', value: 'b@example.com', verified: false }],
    });
    const { sessionId } = await world.create({
      tenantId: 'default',
      actor: 'web',
      identityId: identity.id,
      acr: 'aal1',
      amr: ['pwd'],
      device: NO_DEVICE,
    });
    const asker = { tenantId: 'default', actor: 'web', address: '', language: 'en' as const };
    await world.email.startEmailVerification(asker, { sessionId }, 'b@example.com', '');
    const { link } = await mailed();
    const own = browser(world);
    const page = await own.get(link);
    const verified = async () => (await world.readIdentity('default', identity.id))?.identifiers[0]?.verified;
    assert.equal(await verified(), false);
    const done = await own.post('/mail', page, { token: own.fieldOf(page, 'token') }, {});
    assert.match(done.body, /The address is confirmed/);
    assert.equal(await verified(), true);
  });

  it('without a place to send mails to, there is no such page and no link to one', async () => {
    const off = { ...world.email, enabled: false };
    const other = await httpWorld({ email: off });
    try {
      for (const path of ['/recover', '/sign-in/mail', '/mail'])
        assert.equal((await other.send('GET', `${path}?${query}`)).status, 404);
      assert.doesNotMatch((await other.open()).answer.body, /recover|sign-in\/mail/);
    } finally {
      await other.close();
    }
  });

  it('links are built from the public URL, whatever the Host header says', async () => {
    const own = browser(world);
    const page = await own.get(`/recover?${query}`);
    const fields = { ...FLOW, form_token: own.fieldOf(page, 'form_token'), email: EMAIL };
    const cookie = [...own.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    await world.post('/recover', fields, {
      cookie,
      headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' },
    });
    const [mail] = await world.outbox();
    assert.ok(mail?.text.includes('http://localhost:8080/mail?token='));
    assert.doesNotMatch(`${mail?.text}${mail?.html}`, /evil/);
  });
});
