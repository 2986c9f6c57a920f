import assert from 'node:assert/strict';
import { ADA, FLOW, type HttpWorld, httpWorld, RETURN_TO, redirected, STATE, VERIFIER } from '../support/http_world.ts';
import { NO_DEVICE, reason } from '../support/world.ts';

describe('redirect flow', () => {
  let world: HttpWorld;
  beforeEach(async () => {
    world = await httpWorld();
  });
  afterEach(() => world.close());

  const exchange = (code: string) =>
    world.exchange({
      tenantId: 'default',
      actor: 'web',
      code,
      codeVerifier: VERIFIER,
      returnTo: RETURN_TO,
      device: NO_DEVICE,
    });

  it('RED-1 RED-3 signs up, then in: 303 to return_to with code and state, and each code makes a session', async () => {
    for (const path of ['/sign-up', '/sign-in'] as const) {
      const answer = await world.submit(path, { ...ADA, display_name: ' Ada ' });
      assert.equal(answer.status, 303);
      assert.equal(answer.body, '');
      const { place, code, state } = redirected(answer);
      assert.deepEqual([place, state], [RETURN_TO, STATE]);
      const { sessionId, identity, session } = await exchange(code);
      assert.deepEqual([identity.displayName, session.acr, session.amr], ['Ada', 'aal1', ['pwd']]);
      assert.ok((await world.verify('default', sessionId)).active);
      await assert.rejects(exchange(code), reason('SIGN_IN_CODE_REJECTED'));
    }
    assert.ok(
      world.stores.events.some(({ action, actor }) => action === 'password.signed_up' && actor === 'hosted-page'),
    );
  });

  it('finds phone numbers and user names too', async () => {
    for (const [type, value] of [
      ['phone', '+491511234567'],
      ['username', 'countess'],
    ] as const) {
      const { id } = await world.addIdentity({ identifiers: [{ type, value, verified: true }] });
      await world.setPassword({ tenantId: 'default', actor: 'web', identityId: id, password: ADA.password });
      assert.equal((await world.submit('/sign-in', { ...ADA, identifier: ` ${value} ` })).status, 303);
    }
  });

  it('RED-1 an unlisted return_to gets an error page, no form and no redirect, by GET and by POST', async () => {
    const flow = { ...FLOW, return_to: 'https://evil.example/auth/callback' };
    const { answer } = await world.open('/sign-in', flow);
    const { cookie, fields } = await world.open();
    const posted = await world.post('/sign-in', { ...fields, ...ADA, return_to: flow.return_to }, { cookie });
    for (const { status, headers, body } of [answer, posted]) {
      assert.deepEqual([status, headers.location], [400, undefined]);
      assert.doesNotMatch(body, /<form|evil\.example/);
      assert.match(body, /return_to is missing or not allowed/);
    }
  });

  it('RED-1 holds the list as it is at the POST: what was taken off it meanwhile is refused', async () => {
    await world.submit('/sign-up', ADA);
    const { cookie, fields } = await world.open();
    world.tenant.settings = { ...world.tenant.settings, returnTo: [] };
    assert.equal((await world.post('/sign-in', { ...fields, ...ADA }, { cookie })).status, 400);
  });

  it('RED-2 a bad state, challenge or method gets an error page that names the field, and no redirect', async () => {
    for (const field of ['state', 'code_challenge', 'code_challenge_method'] as const) {
      for (const flow of [
        { ...FLOW, [field]: 'bad' },
        Object.fromEntries(Object.entries(FLOW).filter(([name]) => name !== field)),
      ]) {
        for (const path of ['/sign-in', '/sign-up']) {
          const { answer } = await world.open(path, flow as typeof FLOW);
          assert.deepEqual([answer.status, answer.headers.location], [400, undefined]);
          assert.match(answer.body, new RegExp(`>${field} is missing or not allowed<`));
        }
      }
    }
  });

  it('RED-2 the form is bound to its state, challenge and return_to: another one is refused', async () => {
    await world.submit('/sign-up', ADA);
    for (const change of [
      { state: 'x'.repeat(32) },
      { code_challenge: 'x'.repeat(43) },
      { return_to: 'https://app.example.com/auth/callback' },
    ]) {
      const { cookie, fields } = await world.open();
      const answer = await world.post('/sign-in', { ...fields, ...ADA, ...change }, { cookie });
      assert.deepEqual([answer.status, answer.headers.location], [403, undefined]);
    }
  });

  it('each page leads to the other with the same flow', async () => {
    for (const [from, to] of [
      ['/sign-in', '/sign-up'],
      ['/sign-up', '/sign-in'],
    ] as const) {
      const { answer } = await world.open(from);
      const [, href = ''] = new RegExp(`<a href="(${to}\\?[^"]+)"`).exec(answer.body) ?? [];
      const url = new URL(href.replaceAll('&amp;', '&'), world.publicUrl);
      assert.deepEqual([url.pathname, Object.fromEntries(url.searchParams)], [to, FLOW]);
    }
  });

  it('a tenant that closed sign-up has no link to it, and its page and form say so', async () => {
    const { cookie, fields } = await world.open('/sign-up');
    world.tenant.settings = { ...world.tenant.settings, signUpOpen: false };
    assert.doesNotMatch((await world.open('/sign-in')).answer.body, /sign-up/);
    const { answer } = await world.open('/sign-up');
    const posted = await world.post('/sign-up', { ...fields, ...ADA }, { cookie });
    for (const { status, body } of [answer, posted]) {
      assert.equal(status, 403);
      assert.match(body, /Sign-up is closed/);
    }
    assert.deepEqual(world.stores.events, []);
  });

  it('PWD-1 PWD-5 says what is wrong with a new password or address beside the field, and keeps what was typed but the password', async () => {
    for (const [typed, field, words] of [
      [{ ...ADA, password: 'seven77' }, 'password', /8 to 1,024/],
      [{ ...ADA, password: 'x'.repeat(1_025) }, 'password', /8 to 1,024/],
      [{ ...ADA, password: 'password1' }, 'password', /too easy/],
      [{ ...ADA, password: 'for-ada@example.com' }, 'password', /too easy/],
      [{ ...ADA, identifier: 'no address' }, 'identifier', /valid e-mail/],
      [{ ...ADA, display_name: 'x'.repeat(129) }, 'display_name', /shorter/],
    ] as const) {
      const { status, body } = await world.submit('/sign-up', typed);
      assert.equal(status, 422);
      assert.match(body, words);
      const [input = ''] = new RegExp(`<input id="${field}"[^>]*>`).exec(body) ?? [];
      if (field !== 'display_name') assert.match(input, /aria-invalid="true"[^>]*aria-describedby="[^"]*form-fault"/);
      assert.match(body, new RegExp(`value="${typed.identifier}"`));
      assert.ok(!body.includes(typed.password));
    }
  });

  it('PWD-4 a full queue of hashes is a 503 page with Retry-After', async () => {
    await world.close();
    world = await httpWorld({ hashQueue: 0 });
    const forms = await Promise.all([1, 2, 3, 4].map(() => world.open()));
    const answers = await Promise.all(
      forms.map(({ cookie, fields }) => world.post('/sign-in', { ...fields, ...ADA }, { cookie })),
    );
    const busy = answers.filter(({ status }) => status === 503);
    assert.ok(busy.length > 0);
    for (const { headers, body } of busy) {
      assert.equal(headers['retry-after'], '1');
      assert.match(body, /Too busy/);
    }
  });

  it('what a person types is shown as text, never as markup', async () => {
    const identifier = '"><script>alert(1)</script>';
    const { body } = await world.submit('/sign-in', { identifier, password: 'x' });
    assert.ok(!body.includes('<script>'));
    assert.ok(body.includes('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"'));
    world.tenant.settings = { ...world.tenant.settings, displayName: '<b>Shop</b>' };
    const { answer } = await world.open();
    assert.match(answer.body, /&lt;b&gt;Shop&lt;\/b&gt;/);
    assert.ok(!answer.body.includes('<b>Shop'));
  });
});
