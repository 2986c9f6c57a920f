import assert from 'node:assert/strict';
import { LANGUAGES, type Language } from '../../server/src/kernel/language.ts';
import { ADA, type Answer, FLOW, type HttpWorld, httpWorld } from '../support/http_world.ts';

const SIGN_IN: Readonly<Record<Language, string>> = { en: 'Sign in', de: 'Anmelden', fr: 'Se connecter' };

describe('languages of the pages', () => {
  let world: HttpWorld;
  before(async () => {
    world = await httpWorld();
    await world.submit('/sign-up', ADA);
  });
  after(() => world.close());

  const query = (more: Readonly<Record<string, string>> = {}) => new URLSearchParams({ ...FLOW, ...more });
  const get = (headers: Record<string, string>, more = {}, path = '/sign-in') =>
    world.send('GET', `${path}?${query(more)}`, { headers });
  const languageOf = ({ body }: Answer) => /<html lang="([a-z]+)">/.exec(body)?.[1];
  const titleOf = ({ body }: Answer) => /<h1>([^<]*)<\/h1>/.exec(body)?.[1];
  const linksOf = ({ body }: Answer) =>
    new Map(
      [...body.matchAll(/<a href="([^"]*)" lang="([a-z]+)" hreflang="\2"/g)].map(([, href = '', language = '']) => [
        language,
        href.replaceAll('&amp;', '&'),
      ]),
    );

  it('RED-9 ui_locales, then the kept one, then Accept-Language, then English; in lang and in words', async () => {
    const kept = { cookie: 'trust_language=fr' };
    const header = { 'accept-language': 'it, de-CH;q=0.8, en;q=0.5' };
    for (const [language, headers, more] of [
      ['en', {}, {}],
      ['en', { 'accept-language': 'it, es' }, {}],
      ['de', header, {}],
      ['en', { 'accept-language': 'de;q=0, en;q=0.1' }, {}],
      ['fr', { ...header, ...kept }, {}],
      ['de', kept, { ui_locales: 'de' }],
      ['de', kept, { ui_locales: 'it de-AT en' }],
      ['fr', kept, { ui_locales: 'it' }],
      ['en', { cookie: 'trust_language=xx' }, { ui_locales: '../../etc' }],
    ] as const) {
      const answer = await get(headers as Record<string, string>, more);
      assert.deepEqual([languageOf(answer), titleOf(answer)], [language, SIGN_IN[language]], JSON.stringify(more));
    }
  });

  it('RED-9 the choice is kept in a cookie, which says a language and nothing else, and is given once', async () => {
    const cookies = async (headers: Record<string, string>, more: object) =>
      ((await get(headers, more)).headers['set-cookie'] ?? []).filter((line) => line.startsWith('trust_language'));
    const given = 'trust_language=de; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax';
    assert.deepEqual(await cookies({}, { ui_locales: 'de-DE' }), [given]);
    assert.deepEqual(await cookies({ cookie: 'trust_language=de' }, { ui_locales: 'de' }), []);
    for (const ui_locales of ['it', 'de%0d%0aSet-Cookie: x=y', '', `${'x '.repeat(300)}de`]) {
      assert.deepEqual(await cookies({}, { ui_locales }), [], ui_locales.slice(0, 32));
    }
    assert.deepEqual(await cookies({ 'accept-language': 'de' }, {}), []);
  });

  it('the picker names each language in itself, marks this one, and leads to the same page and flow', async () => {
    const page = await get({});
    assert.deepEqual([...linksOf(page).keys()], [...LANGUAGES]);
    assert.match(page.body, /lang="en" hreflang="en" aria-current="true">English</);
    for (const [language, href] of linksOf(page)) {
      const other = await world.send('GET', href);
      assert.deepEqual([other.status, languageOf(other)], [200, language]);
      const asked = new URL(href, world.publicUrl).searchParams;
      for (const [name, value] of Object.entries(FLOW)) assert.equal(asked.get(name), value);
      // However often one changes one's mind.
      assert.equal(
        linksOf(other)
          .get('fr')
          ?.match(/ui_locales/g)?.length,
        1,
      );
    }
  });

  it('a form that is shown again speaks the language, and its picker leads back to the form', async () => {
    const { cookie, fields } = await world.open();
    const held = `${cookie}; trust_language=de`;
    const answer = await world.post('/sign-in', { ...fields, ...ADA, password: 'wrong-password-42' }, { cookie: held });
    assert.equal(answer.status, 422);
    assert.match(answer.body, /role="alert">Das hat nicht geklappt\./);
    const again = await world.send('GET', linksOf(answer).get('fr') ?? '');
    assert.deepEqual([again.status, titleOf(again)], [200, 'Se connecter']);
  });

  it('RED-9 refusals speak it too', async () => {
    const german = { 'accept-language': 'de' };
    const titles = async (path: string) => titleOf(await world.send('GET', path, { headers: german }));
    assert.equal(await titles('/nowhere'), 'Seite nicht gefunden');
    assert.equal(await titles('/sign-in'), 'Dieser Link funktioniert nicht');
    assert.equal(await titles('/'), 'Hier gibt es nichts zu tun');
    const foreign = await world.post('/sign-in', { ...FLOW }, { headers: german });
    assert.deepEqual([foreign.status, titleOf(foreign)], [403, 'Bitte beginnen Sie von vorn']);
    world.tenant.settings = { ...world.tenant.settings, signUpOpen: false };
    assert.equal(titleOf(await get(german, {}, '/sign-up')), 'Die Registrierung ist geschlossen');
    world.tenant.settings = { ...world.tenant.settings, signUpOpen: true };
  });

  it('RED-1 no picker leads away: neither a path that looks like a host nor a refused return_to becomes a link', async () => {
    for (const path of [
      '//evil.example/x',
      '//evil.example/x?return_to=https://evil.example',
      `/sign-in?${query({ return_to: 'https://evil.example/auth/callback' })}`,
      '/sign-in?x="><a%20href="https://evil.example">',
    ]) {
      const answer = await world.send('GET', path);
      assert.ok(answer.status >= 400, path);
      for (const href of linksOf(answer).values()) assert.match(href, /^\?ui_locales=[a-z]{2}$/);
      assert.doesNotMatch(answer.body, /evil/, path);
    }
    const reflected = await world.send('GET', `/sign-in?${query()}&x="><script>`);
    assert.doesNotMatch(reflected.body, /<script>/);
  });
});
