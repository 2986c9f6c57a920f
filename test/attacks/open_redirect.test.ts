import assert from 'node:assert/strict';
import { ADA, FLOW, type HttpWorld, httpWorld } from '../support/http_world.ts';

/** What attackers write for "somewhere else", beside the listed URLs of `httpWorld`. */
const SPELLINGS: readonly string[] = [
  'https://evil.example/auth/callback',
  'http://app.example.com/auth/callback',
  'https://app.example.com.evil.example/auth/callback',
  'https://evil.example/app.example.com/auth/callback',
  'https://evilapp.example.com/auth/callback',
  'https://app.example.com@evil.example/auth/callback',
  'https://app.example.com:443@evil.example/auth/callback',
  'https://app.example.com%40evil.example/auth/callback',
  'https://evil.example#app.example.com/auth/callback',
  'https://evil.example?app.example.com/auth/callback',
  'https://evil.example\\app.example.com/auth/callback',
  'https://evil.example\\@app.example.com/auth/callback',
  'https:\\\\app.example.com\\auth\\callback',
  'https:/app.example.com/auth/callback',
  'https:app.example.com/auth/callback',
  'https:///app.example.com/auth/callback',
  '//app.example.com/auth/callback',
  '//evil.example/auth/callback',
  '/\\evil.example',
  '/auth/callback',
  'auth/callback',
  '',
  ' https://app.example.com/auth/callback',
  'https://app.example.com/auth/callback ',
  '\thttps://app.example.com/auth/callback',
  'https://app.example.com/auth/callback\n',
  'https://app.example.com/auth/callback\r\nSet-Cookie: x=1',
  'https://app.example.com/auth/callback\0',
  'ht\ntps://app.example.com/auth/callback',
  'HTTPS://app.example.com/auth/callback',
  'https://APP.example.com/auth/callback',
  'https://app.example.com./auth/callback',
  'https://app.example.com:443/auth/callback',
  'https://app.example.com:8443/auth/callback',
  'https://app.example.com/auth/callback/',
  'https://app.example.com/auth/Callback',
  'https://app.example.com/auth/callback?',
  'https://app.example.com/auth/callback?next=//evil.example',
  'https://app.example.com/auth/callback#',
  'https://app.example.com/auth/callback#@evil.example',
  'https://app.example.com/auth/callback/../../evil',
  'https://app.example.com/x/../auth/callback',
  'https://app.example.com/./auth/callback',
  'https://app.example.com//auth/callback',
  'https://app.example.com/auth/%63allback',
  'https://app.example.com/auth/callback%2f..',
  'https://app.example.com/auth/callback%00',
  'https://app.example.com/auth/callback;x=1',
  'https://аpp.example.com/auth/callback',
  'https://app。example.com/auth/callback',
  'https://ａpp.example.com/auth/callback',
  'https://app.example.com\u2044auth/callback',
  'https://user:pass@app.example.com/auth/callback',
  'https://@app.example.com/auth/callback',
  'javascript:alert(1)',
  'javascript://app.example.com/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'file:///etc/passwd',
  'ftp://app.example.com/auth/callback',
  'ws://localhost/auth/callback',
  'blob:https://app.example.com/auth/callback',
  'https://localhost:3000/auth/callback',
  'http://localhost:3000/auth/callback/x',
  'http://localhost:99999/auth/callback',
  'http://localhost:03000/auth/callback',
  'http://localhost:/auth/callback',
  'http://localhost:3000:4000/auth/callback',
  'http://localhost:3000@evil.example/auth/callback',
  'http://localhost.evil.example:3000/auth/callback',
  'http://127.0.0.1:3000/auth/callback',
  'http://127.1:3000/auth/callback',
  'http://2130706433:3000/auth/callback',
  'http://0x7f.0.0.1/auth/callback',
  'http://0.0.0.0:3000/auth/callback',
  'http://[::1]:3000/auth/callback',
  'http://[::ffff:127.0.0.1]:3000/auth/callback',
  'http://LOCALHOST:3000/auth/callback',
  'http://localhost%2eevil.example/auth/callback',
];

describe('attack: open redirect', () => {
  let world: HttpWorld;
  before(async () => {
    world = await httpWorld();
    await world.submit('/sign-up', ADA);
  });
  after(() => world.close());

  it('has at least 60 spellings, and the listed ones pass', async () => {
    assert.ok(new Set(SPELLINGS).size >= 60);
    for (const return_to of ['https://app.example.com/auth/callback', 'http://localhost:1/auth/callback']) {
      assert.equal((await world.submit('/sign-in', ADA, { ...FLOW, return_to })).status, 303);
    }
  });

  it('RED-1 none gets a form, a redirect, or a mention in a page, when it opens the page', async () => {
    for (const return_to of SPELLINGS) {
      for (const path of ['/sign-in', '/sign-up']) {
        const { answer } = await world.open(path, { ...FLOW, return_to });
        assert.deepEqual([answer.status, answer.headers.location], [400, undefined], return_to);
        assert.doesNotMatch(answer.body, /<form|evil/, return_to);
        assert.equal(answer.headers['set-cookie'], undefined, return_to);
      }
    }
  });

  it('RED-1 none gets a code when it is put into a form of ours', async () => {
    const { cookie, fields } = await world.open();
    world.stores.calls.length = 0;
    for (const return_to of SPELLINGS) {
      const answer = await world.post('/sign-in', { ...fields, ...ADA, return_to }, { cookie });
      assert.deepEqual([answer.status, answer.headers.location], [400, undefined], return_to);
    }
    assert.deepEqual(world.stores.calls, [], 'no password was even looked at');
  });

  it('a state with line breaks or further parameters never reaches the Location header', async () => {
    const { cookie, fields } = await world.open();
    for (const state of [
      `${FLOW.state}\r\nX-Evil: 1`,
      `${FLOW.state}&code=tc_forged`,
      `${FLOW.state}#x`,
      `${FLOW.state}/../x`,
    ]) {
      const opened = await world.open('/sign-in', { ...FLOW, state });
      const posted = await world.post('/sign-in', { ...fields, ...ADA, state }, { cookie });
      for (const { status, headers } of [opened.answer, posted])
        assert.deepEqual([status, headers.location], [400, undefined]);
    }
  });
});
