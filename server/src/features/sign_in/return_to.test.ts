import assert from 'node:assert/strict';
import { isAllowedReturnTo, isReturnTo, redirectTarget } from './return_to.ts';

const LISTED = [
  'https://app.example.com/auth/callback',
  'https://app.example.com/auth/callback?from=trust',
  'https://shop.example.com:8443/cb',
  'http://localhost/auth/callback',
  'http://127.0.0.1/auth/callback',
  'http://[::1]/auth/callback',
  'http://localhost:4000/fixed',
  'https://bare.example.com',
];
const allowed = (text: string) => isAllowedReturnTo(LISTED, text);

describe('return_to', () => {
  it('RED-1 takes what is listed, byte by byte', () => {
    for (const text of LISTED) assert.ok(allowed(text), text);
  });

  it('RED-1 takes any port of a listed loopback host without port', () => {
    for (const port of [1, 80, 3000, 65_535].filter((port) => port !== 80)) {
      for (const host of ['localhost', '127.0.0.1', '[::1]'])
        assert.ok(allowed(`http://${host}:${port}/auth/callback`));
    }
  });

  it('RED-1 a listed loopback URL with a port, and a listed host that is not loopback, match that port only', () => {
    for (const text of [
      'http://localhost:4001/fixed',
      'http://localhost/fixed',
      'https://app.example.com:8443/auth/callback',
      'https://shop.example.com/cb',
      'https://shop.example.com:8444/cb',
    ]) {
      assert.ok(!allowed(text), text);
    }
  });

  it('RED-1 refuses the same place in another form than the listed one', () => {
    for (const text of [
      'https://localhost:3000/auth/callback',
      'http://127.0.0.2:3000/auth/callback',
      'http://localhost:3000/auth/callback/',
      'http://localhost:3000/auth/callback?x=1',
      'http://localhost:3000/other',
      'https://bare.example.com/',
    ]) {
      assert.ok(!allowed(text), text);
    }
  });

  it('RED-1 nothing is allowed where nothing is listed', () => {
    assert.ok(!isAllowedReturnTo([], LISTED[0] ?? ''));
    assert.ok(!isAllowedReturnTo([''], ''));
  });

  it('RED-1 what has no form of a return_to is refused even if somebody listed it', () => {
    for (const text of [
      'http://app.example.com/cb',
      'ftp://app.example.com/cb',
      'javascript://app.example.com/%0aalert(1)',
      'app.example:/cb',
      '/auth/callback',
      '//app.example.com/cb',
      'https://user@app.example.com/cb',
      'https://user:secret@app.example.com/cb',
      'https://app.example.com/cb#',
      'https://app.example.com/cb#fragment',
      'https://app.example.com/cb?code=1',
      'https://app.example.com/cb?a=1&%73tate=2',
      'https://app.example.com/a b',
      'https://app.example.com/ü',
      `https://app.example.com/${'a'.repeat(2_048)}`,
    ]) {
      assert.ok(!isReturnTo(text), text);
      assert.ok(!isAllowedReturnTo([text], text), text);
    }
  });

  it('adds code and state to the query that is there', () => {
    assert.equal(redirectTarget('https://a.example/cb', 'tc_1', 's~.-'), 'https://a.example/cb?code=tc_1&state=s~.-');
    assert.equal(redirectTarget('https://a.example/cb?x=%20y', 'c', 's'), 'https://a.example/cb?x=%20y&code=c&state=s');
  });
});
