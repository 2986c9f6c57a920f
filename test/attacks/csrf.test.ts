import assert from 'node:assert/strict';
import { ADA, type Fields, FLOW, type HttpWorld, httpWorld } from '../support/http_world.ts';

describe('attack: forged forms', () => {
  let world: HttpWorld;
  before(async () => {
    world = await httpWorld();
    await world.submit('/sign-up', ADA);
  });
  after(() => world.close());

  /** What came of a form: done, or refused with nothing looked at. */
  const outcome = async (post: Promise<{ status: number; headers: { location?: string | undefined } }>) => {
    world.stores.calls.length = 0;
    const { status, headers } = await post;
    if (status !== 303) assert.deepEqual([headers.location, world.stores.calls], [undefined, []]);
    return status;
  };

  it('RED-8 takes a form whose Sec-Fetch-Site is same-origin, and of no other site, on both pages', async () => {
    for (const path of ['/sign-in', '/sign-up']) {
      for (const [site, taken] of [
        ['same-origin', true],
        ['same-site', false],
        ['cross-site', false],
        ['none', false],
        ['', false],
        ['Same-Origin', false],
        ['same-origin, cross-site', false],
      ] as const) {
        const { cookie, fields } = await world.open(path);
        const typed = path === '/sign-in' ? ADA : { ...ADA, identifier: `${site.length}${taken}@example.com` };
        const headers = { 'sec-fetch-site': site, origin: world.publicUrl };
        const status = await outcome(world.post(path, { ...fields, ...typed }, { cookie, headers }));
        assert.equal(status, taken ? 303 : 403, `${path} ${site}`);
      }
    }
  });

  it('RED-8 without Sec-Fetch-Site takes the Origin of PUBLIC_URL and no other', async () => {
    const post = async (origin: string | undefined) => {
      const { cookie, fields } = await world.open();
      const body = new URLSearchParams({ ...fields, ...ADA }).toString();
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      const headers = {
        ...type,
        cookie,
        ...(origin === undefined ? {} : { origin }),
        referer: `${world.publicUrl}/sign-in`,
      };
      return outcome(world.send('POST', '/sign-in', { headers, body }));
    };
    assert.equal(await post(world.publicUrl), 303);
    const others = [
      undefined,
      'null',
      '',
      'https://evil.example',
      `${world.publicUrl}.evil.example`,
      `${world.publicUrl}/`,
    ];
    for (const origin of [
      ...others,
      world.publicUrl.replace('http:', 'https:'),
      'http://127.0.0.1',
      world.publicUrl.toUpperCase(),
    ]) {
      assert.equal(await post(origin), 403, origin);
    }
  });

  it('RED-8 needs the token that was made for this browser: none, forged, cut, or of another browser is refused', async () => {
    const victim = await world.open();
    const attacker = await world.open();
    const good: Fields = { ...victim.fields, ...ADA };
    const token = victim.fields.form_token ?? '';
    const flipped = token.slice(0, -2) + (token.at(-2) === 'A' ? 'B' : 'A') + token.at(-1);
    const later = `${Number(token.slice(0, 13)) + 1}${token.slice(13)}`;
    const { form_token: _, ...without } = good;
    assert.equal(await outcome(world.post('/sign-in', without, { cookie: victim.cookie })), 403);
    for (const form_token of [
      '',
      'x',
      flipped,
      later,
      token.slice(0, -1),
      `${token}A`,
      ` ${token}`,
      attacker.fields.form_token ?? '',
    ]) {
      assert.equal(await outcome(world.post('/sign-in', { ...good, form_token }, { cookie: victim.cookie })), 403);
    }
    assert.equal(await outcome(world.post('/sign-in', good, { cookie: victim.cookie })), 303);
  });

  it('RED-8 needs the cookie of the transaction: none, another, two of its name or a malformed one is refused', async () => {
    const { cookie, fields } = await world.open();
    const other = await world.open();
    const good = { ...fields, ...ADA };
    for (const held of [
      undefined,
      other.cookie,
      `${cookie}; ${cookie}`,
      `${other.cookie}; ${cookie}`,
      'trust_txn=',
      `${cookie}x`,
      cookie.replace('trust_txn', 'Trust_Txn'),
    ]) {
      const sent = held === undefined ? {} : { cookie: held };
      assert.equal(await outcome(world.post('/sign-in', good, sent)), 403, held);
    }
    assert.equal(await outcome(world.post('/sign-in', good, { cookie: `a=b; ${cookie}; c=d` })), 303);
  });

  it('login CSRF: a form that an attacker opened, with cookie and token, does not pass in the browser of a victim', async () => {
    const attacker = await world.open();
    const victim = await world.open();
    const forged = world.post('/sign-in', { ...attacker.fields, ...ADA }, { cookie: victim.cookie });
    assert.equal(await outcome(forged), 403);
  });

  it('a form lives 30 min; a second tab shares the transaction; a finished one is over', async () => {
    const first = await world.open();
    const second = await world.open('/sign-in', { ...FLOW, state: 'b'.repeat(32) }, first.cookie);
    assert.equal(second.cookie, first.cookie);
    world.time.now += 30 * 60_000 - 1;
    const done = await world.post('/sign-in', { ...first.fields, ...ADA }, { cookie: first.cookie });
    assert.equal(done.status, 303);
    assert.match(done.headers['set-cookie']?.[0] ?? '', /^trust_txn=; Max-Age=0; Path=\/; HttpOnly; SameSite=Lax$/);
    world.time.now += 1;
    const late = await world.post('/sign-in', { ...second.fields, ...ADA }, { cookie: second.cookie });
    assert.equal(late.status, 403);
    const [, again = ''] = /<a class="button" href="([^"]+)"/.exec(late.body) ?? [];
    assert.equal(new URL(again.replaceAll('&amp;', '&'), world.publicUrl).searchParams.get('state'), 'b'.repeat(32));
  });

  it('a cookie that somebody else planted is replaced unless it has the form of ours; GET changes nothing in the store', async () => {
    world.stores.calls.length = 0;
    for (const planted of ['trust_txn=planted', 'trust_txn=a; trust_txn=b', `trust_txn=${'x'.repeat(44)}`]) {
      const { cookie } = await world.open('/sign-in', FLOW, planted);
      assert.match(cookie, /^trust_txn=[A-Za-z0-9_-]{43}$/);
      assert.ok(!cookie.includes('planted'));
    }
    const query = new URLSearchParams({ ...FLOW, ...ADA, form_token: 'x' });
    assert.equal((await world.send('GET', `/sign-in?${query}`)).status, 200);
    assert.deepEqual(world.stores.calls, []);
  });
});
