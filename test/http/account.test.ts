import assert from 'node:assert/strict';
import { openPlaces } from '../../server/src/places/mmdb.ts';
import { ADA, type Answer, FLOW, type HttpWorld, httpWorld, redirected, VERIFIER } from '../support/http_world.ts';
import { pageBrowser } from '../support/page_browser.ts';
import { PLACES_FILE } from '../support/places.ts';
import { reason } from '../support/world.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const PAGES = ['/account', '/account/sessions', '/account/activity'];
const EVE = { identifier: 'eve@example.com', password: ADA.password };

describe('account pages', function () {
  this.timeout(30_000);
  let world: HttpWorld;
  beforeEach(async () => {
    world = await httpWorld();
    await world.submit('/sign-up', ADA);
  });
  afterEach(() => world?.close());

  const titleOf = ({ body }: Answer) => /<h1>([^<]*)<\/h1>/.exec(body)?.[1];
  const opened = async (path = '/account') => {
    const own = pageBrowser(world);
    assert.equal(titleOf(await own.password('/security')), 'Security');
    return { own, page: await own.open(path) };
  };
  const identityOf = async (identifier = ADA.identifier) =>
    (await world.stores.identities.readByIdentifier('default', 'email', identifier)) ?? assert.fail('no identity');
  const session = async (identifier = ADA.identifier, userAgent = FIREFOX) => {
    const { id } = await identityOf(identifier);
    const device = { userAgent, ipAddress: '192.0.2.7', label: '' };
    return world.create({ tenantId: 'default', actor: 'web', identityId: id, acr: 'aal1', amr: ['pwd'], device });
  };
  const isActive = async (sessionId: string) => (await world.verify('default', sessionId)).active;

  it('PAG-1 open to the sign-in that is held for them, and to no session, other browser or unfinished sign-in', async () => {
    const { own } = await opened();
    for (const path of PAGES) {
      const page = await own.open(path);
      assert.deepEqual([page.status, page.headers['cache-control']], [200, 'no-store'], path);
    }
    const { sessionId } = await session();
    const stranger = pageBrowser(world);
    stranger.jar.set('session_id', sessionId);
    stranger.jar.set('trust_pending', own.jar.get('trust_pending') ?? '');
    const unfinished = pageBrowser(world);
    world.tenant.settings = { ...world.tenant.settings, mfaPolicy: 'required' };
    await unfinished.password('/security');
    for (const path of PAGES) {
      for (const other of [stranger, unfinished, pageBrowser(world)]) {
        const answer = await other.open(path);
        assert.deepEqual([answer.status, answer.headers.location?.split('?')[0]], [303, '/security'], path);
      }
    }
    const form = await stranger.open('/sign-in');
    for (const [path, typed] of [
      ['/account/profile', { display_name: 'Eve' }],
      ['/account/password', { current_password: ADA.password, new_password: 'a-newer-password-42' }],
      ['/account/email', { email: 'eve@example.com' }],
      ['/account/email/remove', { remove: ADA.identifier }],
      ['/account/sessions', { end: 'all' }],
      ['/account/data', {}],
      ['/account/delete', { understood: 'yes' }],
    ] as const) {
      assert.equal((await stranger.post(path, form, typed)).status, 403, path);
    }
    assert.equal(await isActive(sessionId), true);
  });

  it('PAG-1 a plain sign-in that waits for its second step opens none of them once the step is done elsewhere or late', async () => {
    const { own, page } = await opened();
    world.time.now += 10 * 60_000;
    assert.equal((await own.open('/account')).status, 303);
    assert.equal((await own.post('/account/profile', page, { display_name: 'Late' })).status, 403);
    const again = await opened();
    await world.stores.identities.read('default', (await identityOf()).id);
    const other = await opened();
    await other.own.post('/account/sessions', other.page, { end: 'all' });
    assert.equal((await again.own.open('/account')).status, 303, 'the epoch is another');
  });

  it('PAG-3 sessions say where they are in words, in the language of the page and as text', async () => {
    await world.close();
    world = await httpWorld({ placeName: openPlaces(PLACES_FILE) });
    await world.submit('/sign-up', ADA);
    const { id } = await identityOf();
    for (const ipAddress of ['203.0.113.7', '192.0.2.7', '2001:db8:2::1']) {
      const device = { userAgent: FIREFOX, ipAddress, label: '' };
      await world.create({ tenantId: 'default', actor: 'web', identityId: id, acr: 'aal1', amr: ['pwd'], device });
    }
    const { own } = await opened();
    const page = await own.open('/account/sessions', { ...FLOW, ui_locales: 'de' });
    for (const where of [
      'Wien, Österreich · 203.0.113.7 · ',
      '&lt;b&gt;Bern&lt;/b&gt; · 192.0.2.7 · ',
      '<small>2001:db8:2::1 · ',
    ])
      assert.ok(page.body.includes(where), where);
  });

  it('a name is saved as text, and one that is none is refused', async () => {
    const { own, page } = await opened();
    const saved = await own.post('/account/profile', page, { display_name: ' Ada <b>L</b> ' });
    assert.match(saved.body, /role="status">Your name was saved\./);
    assert.match(saved.body, /value="Ada &lt;b&gt;L&lt;\/b&gt;"/);
    assert.equal((await identityOf()).displayName, 'Ada <b>L</b>');
    for (const display_name of ['x'.repeat(129), 'a\u0007b']) {
      const refused = await own.post('/account/profile', page, { display_name });
      assert.deepEqual([refused.status, (await identityOf()).displayName], [422, 'Ada <b>L</b>']);
    }
  });

  it('PAG-2 a new password needs the current one, signs out everywhere else, and lets this sign-in go on', async () => {
    const { sessionId } = await session();
    const { own, page } = await opened();
    const change = (current_password: string, new_password: string) =>
      own.post('/account/password', page, { current_password, new_password });
    for (const [current, next, field] of [
      ['wrong-password-42', 'a-newer-password-42', 'current_password'],
      ['', 'a-newer-password-42', 'current_password'],
      [ADA.password, 'short', 'new_password'],
      [ADA.password, '12345678', 'new_password'],
    ] as const) {
      const refused = await change(current, next);
      assert.equal(refused.status, 422);
      assert.match(
        refused.body,
        new RegExp(`name="${field}"[^>]*aria-invalid="true" aria-describedby="[^"]*form-fault"`),
      );
    }
    assert.equal(await isActive(sessionId), true);
    assert.match((await change(ADA.password, 'a-newer-password-42')).body, /role="status">Your password was changed/);
    assert.equal(await isActive(sessionId), false);
    assert.equal((await own.open('/account/sessions')).status, 200);
    const done = await own.post('/second-step/done', await own.open('/account'), {});
    const { code } = redirected(done);
    const device = { userAgent: '', ipAddress: '', label: '' };
    const input = { tenantId: 'default', actor: 'web', code, codeVerifier: VERIFIER, returnTo: FLOW.return_to, device };
    assert.equal((await world.exchange(input)).session.acr, 'aal1');
    const attempt = { ...world.attempt, ...ADA };
    await assert.rejects(world.authenticate(attempt), reason('CREDENTIAL_REJECTED'));
  });

  it('PAG-3 sessions are listed in words, this browser is marked, and one or all are ended: of this person only', async () => {
    await world.submit('/sign-up', EVE);
    const [mine, phone, hers] = [await session(), await session(ADA.identifier, 'x'), await session(EVE.identifier)];
    const { own, page } = await opened('/account/sessions');
    assert.match(page.body, /<strong>Firefox on Linux<\/strong>/);
    assert.match(page.body, /<strong>Unknown device<\/strong>/);
    assert.ok(page.body.includes(mine.session.handle) && !page.body.includes(hers.session.handle));
    const end = (handle: string) => own.post('/account/sessions', page, { end: handle });
    for (const handle of [hers.session.handle, 'ses_none', '']) assert.equal((await end(handle)).status, 303, handle);
    assert.equal((await end(phone.session.handle)).headers.location?.split('?')[0], '/account/sessions');
    assert.deepEqual(await Promise.all([mine, phone, hers].map((each) => isActive(each.sessionId))), [
      true,
      false,
      true,
    ]);
    const all = await end('all');
    assert.deepEqual([all.status, all.headers.location?.split('?')[0]], [303, '/sign-in']);
    assert.deepEqual(await Promise.all([mine, hers].map((each) => isActive(each.sessionId))), [false, true]);
    assert.equal((await own.open('/account')).status, 303);
  });

  it('PAG-4 events are those of this person, in words of their language, without ids; long lists have further pages', async () => {
    await world.submit('/sign-up', EVE);
    world.time.now += 1_000;
    for (let count = 0; count < 60; count++) await session();
    const { own, page } = await opened('/account/activity');
    assert.match(page.body, /<strong>Signed in<\/strong>/);
    const { id } = await identityOf();
    const hers = await identityOf(EVE.identifier);
    for (const text of [id, hers.id, 'hosted-page', 'session.created', 'ses_'])
      assert.ok(!page.body.includes(text), text);
    const [, older = ''] = /href="([^"]*page=[^"]*)"/.exec(page.body) ?? [];
    const next = await own.get(older.replaceAll('&amp;', '&'));
    assert.match(next.body, /<strong>Account created<\/strong>/);
    for (const forged of ['x', 'c2Vzc2lvbnMgMSB4', 'A'.repeat(300)]) {
      assert.equal((await own.open('/account/activity', { ...FLOW, page: forged })).status, 200, forged);
    }
    const german = await own.open('/account/activity', { ...FLOW, ui_locales: 'de' });
    assert.match(german.body, /<strong>Angemeldet<\/strong>/);
    const sessions = await own.open('/account/sessions');
    assert.equal(sessions.body.match(/name="end" value="ses_/g)?.length, 50);
  });

  it('PAG-5 a person takes a copy of their data, as a file that no cache keeps', async () => {
    const { own, page } = await opened();
    await session();
    const { status, headers, body } = await own.post('/account/data', page, {});
    assert.deepEqual(
      [status, headers['content-type'], headers['content-disposition'], headers['cache-control']],
      [200, 'application/json', 'attachment; filename="my-data.json"', 'no-store'],
    );
    const { identity, sessions } = JSON.parse(body);
    assert.deepEqual([identity.id, sessions.length], [(await identityOf()).id, 1]);
    assert.doesNotMatch(body, /argon2/);
  });

  it('PAG-6 a person deletes themselves: by a word of theirs, at the end of the wait, out of everything at once', async () => {
    const { own, page } = await opened();
    const { sessionId } = await session();
    assert.match(page.body, /after 30 days/);
    const unticked = await own.post('/account/delete', page, {});
    assert.equal(unticked.status, 422);
    assert.match(unticked.body, /role="alert">Tick the box first/);
    assert.equal(await isActive(sessionId), true);
    const gone = await own.post('/account/delete', page, { understood: 'yes' });
    assert.deepEqual([gone.status, titleOf(gone), own.jar.get('trust_pending')], [200, 'Goodbye', undefined]);
    assert.match(gone.body, /will be deleted on February 1, 2026/);
    assert.equal(await isActive(sessionId), false);
    assert.equal((await identityOf()).deletionAt, world.time.now + 30 * 86_400_000);
    assert.equal((await own.open('/account')).status, 303);
  });

  it('PAG-6 without a wait the account is gone at once; too long after the proof nothing is deleted', async () => {
    world.tenant.settings = { ...world.tenant.settings, deletionWait: 0, reauthentication: 60_000 };
    const late = await opened();
    assert.match(late.page.body, /deleted immediately/);
    world.time.now += 60_001;
    assert.equal((await late.own.post('/account/delete', late.page, { understood: 'yes' })).status, 403);
    assert.ok(await identityOf());
    const { own, page } = await opened();
    const gone = await own.post('/account/delete', page, { understood: 'yes' });
    assert.match(gone.body, /Your account was deleted\./);
    assert.equal(await world.stores.identities.readByIdentifier('default', 'email', ADA.identifier), undefined);
  });

  it('PAG-7 each page signs out without a script, at the server and not in the browser alone', async () => {
    const { own, page } = await opened();
    const codes = await own.post('/second-step/change', page, { change: 'codes' });
    const pages = await Promise.all([...PAGES, '/second-step'].map((path) => own.open(path)));
    for (const each of [page, codes, ...pages])
      assert.match(each.body, /<form method="post" action="\/account\/sign-out"[\s\S]*?<button type="submit"/);
    const kept = new Map(own.jar);
    const out = await own.post('/account/sign-out', page, {});
    assert.deepEqual([out.status, titleOf(out), own.jar.size], [200, 'Signed out', 0]);
    for (const [name, value] of kept) own.jar.set(name, value);
    for (const path of PAGES) assert.equal((await own.open(path)).status, 303, path);
    assert.equal((await own.post('/account/profile', page, { display_name: 'Eve' })).status, 403);
    const again = await own.post('/account/sign-out', page, {});
    assert.deepEqual([again.status, titleOf(again)], [200, 'Signed out'], 'once more');
    assert.equal((await own.post('/account/sign-out', out, {})).status, 403, 'without the token of the form');
  });

  it('RED-8 no act without the token of the form, or from another site', async () => {
    const { own, page } = await opened();
    const cookie = [...own.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const form_token = own.fieldOf(page, 'form_token');
    const acts = ['profile', 'password', 'email', 'email/remove', 'sessions', 'data', 'delete'];
    for (const path of acts.map((name) => `/account/${name}`)) {
      const typed = {
        ...FLOW,
        display_name: 'Eve',
        end: 'all',
        understood: 'yes',
        email: 'eve@example.com',
        remove: ADA.identifier,
        current_password: ADA.password,
        new_password: 'a-newer-password-42',
      };
      assert.equal((await world.post(path, typed, { cookie })).status, 403, path);
      const headers = { 'sec-fetch-site': 'same-site' };
      assert.equal((await world.post(path, { ...typed, form_token }, { cookie, headers })).status, 403, path);
    }
    assert.notEqual((await identityOf()).displayName, 'Eve');
    assert.equal((await own.open('/account')).status, 200);
  });
});
