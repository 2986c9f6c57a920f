import assert from 'node:assert/strict';
import { CookieJar, cookieValues, originOf } from './cookies.ts';

const quiet = () => {};

describe('cookies', () => {
  it('RED-5 keeps the session in a __Host- cookie with exactly these attributes', () => {
    const jar = new CookieJar('https://app.example', quiet);
    assert.equal(jar.setSession('v'), '__Host-session_id=v; Path=/; Secure; HttpOnly; SameSite=Lax');
    assert.equal(jar.clearSession(), '__Host-session_id=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0');
  });

  it('RED-4 keeps the flow for at most 600 s', () => {
    const jar = new CookieJar('https://app.example', quiet);
    assert.equal(jar.setFlow('v'), '__Host-trust_flow=v; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600');
  });

  it('RED-5 drops prefix and Secure only on plain HTTP with a loopback host, and says so once', () => {
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    for (const url of ['http://127.0.0.1:3000', 'http://localhost:3000/', 'http://[::1]:3000']) {
      const jar = new CookieJar(url, log);
      assert.equal(jar.setSession('v'), 'session_id=v; Path=/; HttpOnly; SameSite=Lax');
      assert.equal(jar.setFlow('v'), 'trust_flow=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=600');
    }
    assert.equal(lines.length, 1);
    for (const url of [
      'https://127.0.0.1:3000',
      'http://app.example',
      'http://localhost.app.example',
      'http://0.0.0.0',
    ]) {
      assert.match(new CookieJar(url, log).setSession('v'), /^__Host-session_id=v; Path=\/; Secure; /);
    }
    assert.equal(lines.length, 1);
  });

  it('SDK-21 more than one cookie of the name is no session', () => {
    const jar = new CookieJar('https://app.example', quiet);
    const name = '__Host-session_id';
    assert.equal(jar.readSession(`a=b; ${name}=v; c=d`), 'v');
    assert.equal(jar.readSession(`${name}=v; ${name}=w`), undefined);
    assert.equal(jar.readSession(`${name}=v; ${name}=v`), undefined);
    assert.equal(jar.readSession([`${name}=v`, `${name}=w`]), undefined);
    assert.equal(jar.readSession(`${name}=; ${name}=v`), undefined);
    assert.equal(jar.readFlow('__Host-trust_flow=a; __Host-trust_flow=b'), undefined);
    assert.equal(jar.readSession(undefined), undefined);
  });

  it('SDK-21 a name is compared byte by byte: no case twin, no white space of Unicode, no lost prefix', () => {
    const jar = new CookieJar('https://app.example', quiet);
    for (const twin of [
      '__host-session_id',
      '__HOST-SESSION_ID',
      'session_id',
      '\u00a0__Host-session_id',
      '\u2000__Host-session_id',
      '__Host-session_id\u00a0',
      '\u000b__Host-session_id',
      '"__Host-session_id"',
      '$__Host-session_id',
    ]) {
      assert.equal(jar.readSession(`${twin}=v`), undefined, JSON.stringify(twin));
      assert.equal(jar.readSession(`${twin}=w; __Host-session_id=v`), 'v', JSON.stringify(twin));
    }
    assert.deepEqual(cookieValues(' \t__Host-session_id \t=\t v=w ', '__Host-session_id'), ['v=w']);
    assert.deepEqual(cookieValues('__Host-session_id', '__Host-session_id'), []);
  });

  it('SDK-23 the public URL is an origin', () => {
    assert.equal(originOf('https://app.example/'), 'https://app.example');
    for (const url of [
      'https://app.example/a',
      'https://a:b@app.example',
      'https://app.example/?x',
      'ftp://app.example',
      'app.example',
      '',
    ]) {
      assert.throws(() => originOf(url), TypeError, url);
    }
  });
});
