import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { ADA, FLOW, type HttpWorld, httpWorld, redirected } from '../support/http_world.ts';

describe('forms', () => {
  let world: HttpWorld;
  before(async () => {
    world = await httpWorld({ limits: { headersTimeout: 300, requestTimeout: 600, maxConnections: 8 } });
    await world.submit('/sign-up', ADA);
  });
  after(() => world.close());

  const encoded = (fields: Readonly<Record<string, string>>) => new URLSearchParams(fields).toString();

  it('takes 16 kB of url-encoded text; more is 413, declared or not, other types are 415', async () => {
    const { cookie, fields } = await world.open();
    const good = { ...fields, ...ADA };
    const filled = (size: number) => {
      const body = `${encoded(good)}&x=`;
      return body + 'x'.repeat(size - body.length);
    };
    assert.equal((await world.post('/sign-in', good, { cookie, body: filled(16_384) })).status, 303);
    assert.equal((await world.post('/sign-in', good, { cookie, body: filled(16_385) })).status, 413);
    const chunked = { 'transfer-encoding': 'chunked' };
    assert.equal((await world.post('/sign-in', good, { cookie, body: filled(100_000), headers: chunked })).status, 413);
    for (const type of [
      'application/json',
      'multipart/form-data; boundary=x',
      'text/plain',
      'application/x-www-form-urlencoded; charset=utf-16',
      '',
    ]) {
      assert.equal(
        (await world.post('/sign-in', good, { cookie, headers: { 'content-type': type } })).status,
        415,
        type,
      );
    }
    const packed = { 'content-encoding': 'gzip' };
    assert.equal((await world.post('/sign-in', good, { cookie, headers: packed })).status, 415);
  });

  it('refuses a field that comes twice, in body and query, and what is not UTF-8', async () => {
    const { cookie, fields } = await world.open();
    const good = encoded({ ...fields, ...ADA });
    for (const more of [
      '&identifier=eve',
      '&password=x',
      '&return_to=https%3A%2F%2Fevil.example',
      '&%70assword=x',
      '&x=%ff',
      '&x=%',
      '&x=\u00e9',
      '&x=%C0%AE',
    ]) {
      const answer = await world.post('/sign-in', {}, { cookie, body: good + more });
      assert.deepEqual([answer.status, answer.headers.location], [400, undefined], more);
    }
    for (const more of ['&return_to=https%3A%2F%2Fevil.example', '&state=x', '&x=%ff', '&return%5Fto=x']) {
      assert.equal((await world.send('GET', `/sign-in?${encoded(FLOW)}${more}`)).status, 400, more);
    }
    assert.equal((await world.send('GET', `/sign-in?${encoded(FLOW)}&utm_source=mail`)).status, 200);
  });

  it('objects where texts belong stay texts', async () => {
    for (const name of ['identifier[$ne]', 'password[]', '__proto__', 'constructor', 'toString']) {
      const { cookie, fields } = await world.open();
      const answer = await world.post('/sign-in', { ...fields, [name]: 'x' }, { cookie });
      assert.equal(answer.status, 422, name);
    }
    assert.equal(({} as Record<string, unknown>).x, undefined);
  });

  it('a slow client is cut off while it sends headers and while it sends its body', async () => {
    const head =
      'POST /sign-in HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n';
    for (const start of [head, `${head}\r\nidentifier=`]) {
      const socket = connect(world.port, '127.0.0.1');
      const begun = performance.now();
      socket.on('error', () => {}).resume();
      socket.write(start);
      const drip = setInterval(() => socket.write('x'), 100);
      await once(socket, 'close');
      clearInterval(drip);
      assert.ok(performance.now() - begun < 15_000);
    }
    assert.equal((await world.send('GET', '/healthz')).status, 200);
  });

  it('takes so many connections and no more', async () => {
    const sockets = Array.from({ length: 16 }, () => connect(world.port, '127.0.0.1').on('error', () => {}));
    const closed = sockets.map((socket) => once(socket.resume(), 'close').then(() => 'closed'));
    const early = closed.map((end) => Promise.race([end, new Promise((resolve) => setTimeout(resolve, 200, 'open'))]));
    const states = await Promise.all(early);
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
    assert.ok(states.filter((state) => state === 'closed').length >= 8);
  });

  it('Host and Forwarded headers build no link, and a wrong Host changes nothing', async () => {
    const headers = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example;proto=https',
      'x-forwarded-proto': 'https',
    };
    for (const path of ['/', `/sign-in?${encoded(FLOW)}`, '/.well-known/trust-layer', '/nowhere']) {
      const answer = await world.send('GET', path, { headers });
      assert.doesNotMatch(JSON.stringify(answer), /evil\.example/, path);
    }
    const { cookie, fields } = await world.open();
    const answer = await world.post('/sign-in', { ...fields, ...ADA }, { cookie, headers });
    assert.equal(redirected(answer).place, FLOW.return_to);
  });

  it('ERR-5 an unexpected failure is a 500 page with a request number that the log has too, and nothing of the inside', async () => {
    world.stores.control.failure = new Error('inner canary: SELECT secret');
    const { cookie, fields } = await world.open();
    const answer = await world.post('/sign-in', { ...fields, ...ADA }, { cookie });
    world.stores.control.failure = undefined;
    assert.equal(answer.status, 500);
    assert.doesNotMatch(answer.body, /canary|SELECT/);
    const [, id = ''] = /Request ([0-9a-f]{16})/.exec(answer.body) ?? [];
    const line = world.logged.findLast(({ level }) => level === 'error');
    assert.ok(line !== undefined && id !== '');
    assert.equal((line.fields as { request_id?: string }).request_id, id);
  });

  it('closing ends idle connections at once and lets a request in progress end', async () => {
    const other = await httpWorld();
    const idle = connect(other.port, '127.0.0.1');
    await once(idle, 'connect');
    const { cookie, fields } = await other.open();
    const answer = other.post('/sign-in', { ...fields, ...ADA }, { cookie });
    await new Promise((resolve) => setTimeout(resolve, 10));
    const begun = performance.now();
    await Promise.all([other.close(), assert.doesNotReject(answer)]);
    assert.equal((await answer).status, 422);
    assert.ok(performance.now() - begun < 15_000);
    await assert.rejects(other.send('GET', '/healthz'));
    idle.destroy();
  });
});
