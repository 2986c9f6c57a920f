import assert from 'node:assert/strict';
import { NO_BRANDING } from '../../server/src/features/tenant/branding.ts';
import { FLOW, type HttpWorld, httpWorld } from '../support/http_world.ts';

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.from('<script>alert(1)</script>')]);

describe('branding', () => {
  let world: HttpWorld;
  before(async () => {
    world = await httpWorld();
  });
  after(() => world.close());

  const SIGN_IN = `/sign-in?${new URLSearchParams(FLOW)}`;
  const brand = (change: object, displayName = 'Shop') => {
    world.tenant.settings = { ...world.tenant.settings, displayName, branding: { ...NO_BRANDING, ...change } };
  };
  const filesOf = (body: string) =>
    [...body.matchAll(/(?:href|src)="(\/assets\/(?:brand|logo)-[^"]+)"/g)].map(([, path = '']) => path);

  it('without one the pages are as they come', async () => {
    brand({}, 'Shop & <b>Sons</b>');
    const { body } = await world.send('GET', SIGN_IN);
    assert.match(body, /<span>Shop &amp; &lt;b&gt;Sons&lt;\/b&gt;<\/span>/);
    assert.deepEqual(filesOf(body), []);
    assert.doesNotMatch(body, /class="legal"/);
  });

  it('RED-10 shows logo, colour and links, on refusals too; the policy of the page is what it was', async () => {
    brand({});
    const before = (await world.send('GET', SIGN_IN)).headers['content-security-policy'];
    brand({
      accentColor: '#E4572E',
      logo: PNG.toString('base64'),
      termsUrl: 'https://shop.example/terms?a=1&b=2',
      supportUrl: 'mailto:help@shop.example',
    });
    for (const path of [SIGN_IN, '/nowhere']) {
      const { body, headers } = await world.send('GET', path);
      assert.equal(filesOf(body).length, 3, 'style sheet, icon and picture');
      assert.match(body, /<img class="logo" src="[^"]+" alt="Shop">/);
      assert.match(body, /<a href="https:\/\/shop\.example\/terms\?a=1&amp;b=2" rel="noreferrer">Terms<\/a>/);
      assert.match(body, /<a href="mailto:help@shop\.example" rel="noreferrer">Help<\/a>/);
      assert.doesNotMatch(body, /Privacy|<style|style=/);
      if (path === SIGN_IN) assert.equal(headers['content-security-policy'], before);
    }
  });

  it('RED-10 its files are a style sheet and a picture and nothing else, for ever, under their hash only', async () => {
    brand({ accentColor: '#e4572e', logo: PNG.toString('base64') });
    const [style = '', logo = ''] = [...new Set(filesOf((await world.send('GET', SIGN_IN)).body))].toSorted();
    const [sheet, picture] = await Promise.all([world.send('GET', style), world.send('GET', logo)]);
    assert.equal(sheet.headers['content-type'], 'text/css; charset=utf-8');
    assert.match(
      sheet.body,
      /^:root\{(--[a-z-]+:#[0-9a-f]{6};?)+\}\n@media \(prefers-color-scheme:dark\)\{:root\{[^{}]+\}\}\n$/,
    );
    assert.equal(picture.headers['content-type'], 'image/png');
    for (const { headers } of [sheet, picture]) {
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
      assert.match(String(headers['content-security-policy']), /^default-src 'none';/);
    }
    brand({});
    for (const path of [style, logo, '/assets/logo-0000000000000000.png']) {
      const gone = await world.send('GET', path);
      assert.deepEqual([gone.status, gone.headers['cache-control']], [404, 'no-store'], path);
    }
  });

  it('while the settings cannot be read a refusal has the standard looks', async () => {
    const down = await httpWorld({ settings: () => Promise.reject(new Error('down')) });
    const { status, body } = await down.send('GET', SIGN_IN);
    await down.close();
    assert.equal(status, 500);
    assert.match(body, /<span>Trust Layer<\/span>/);
  });
});
