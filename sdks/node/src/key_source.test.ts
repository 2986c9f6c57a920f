import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { JwksKeySource, StaticKeySource } from './key_source.ts';

const ed = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const ec384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
const x = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });

const edKey = (kid: string) => ({ ...ed, kid, alg: 'EdDSA' });

describe('static key source', () => {
  it('SDK-11 TOK-26 takes the two kinds of keys', () => {
    const source = new StaticKeySource({ keys: [edKey('a'), { ...ec, kid: 'b', alg: 'ES256', use: 'sig' }] });
    assert.equal(source.get('a')?.alg, 'EdDSA');
    assert.equal(source.get('b')?.alg, 'ES256');
    assert.equal(source.get('c'), undefined);
    assert.equal(source.get('__proto__'), undefined);
  });

  const ignored: Record<string, unknown> = {
    'ES256 on an OKP key': { ...ed, alg: 'ES256' },
    'EdDSA on an EC key': { ...ec, alg: 'EdDSA' },
    'ES256 on P-384': { ...ec384, alg: 'ES256' },
    'EdDSA on X25519': { ...x, alg: 'EdDSA' },
    RS256: { ...rsa, alg: 'RS256' },
    HS256: { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' },
    'alg none': { ...ed, alg: 'none' },
    'alg of a prototype': { ...ed, alg: 'toString' },
    'no alg': ed,
    'use enc': { ...ed, alg: 'EdDSA', use: 'enc' },
    'x cut short': { ...ed, x: String(ed.x).slice(4), alg: 'EdDSA' },
    'no x': { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA' },
    'a point off the curve': { ...ec, y: ec.x, alg: 'ES256' },
  };
  for (const [name, jwk] of Object.entries(ignored)) {
    it(`TOK-26 ignores ${name}`, () => {
      const source = new StaticKeySource({ keys: [{ ...(jwk as object), kid: 'bad' }, edKey('good')] });
      assert.equal(source.get('bad'), undefined);
      assert(source.get('good'));
    });
  }

  it('TOK-26 ignores keys without a name of 1 to 64 characters, and what is no object', () => {
    const keys = [
      null,
      1,
      'x',
      [],
      { ...ed, alg: 'EdDSA' },
      edKey(''),
      edKey('k'.repeat(65)),
      { ...edKey('n'), kid: 1 },
    ];
    const source = new StaticKeySource({ keys: keys as object[] });
    assert.equal(source.get(''), undefined);
    assert.equal(source.get('k'.repeat(65)), undefined);
  });

  it('TOK-15 a name of two keys names neither', () => {
    const source = new StaticKeySource({ keys: [edKey('a'), { ...ec, kid: 'a', alg: 'ES256' }] });
    assert.equal(source.get('a'), undefined);
  });

  it('TOK-26 keeps public members only', () => {
    const pair = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    const key = new StaticKeySource({ keys: [{ ...pair, kid: 'a', alg: 'EdDSA' }] }).get('a');
    assert.equal(key?.key.type, 'public');
  });

  it('SDK-11 refuses what is no JWKS', () => {
    for (const jwks of [undefined, null, {}, { keys: {} }, []]) {
      assert.throws(() => new StaticKeySource(jwks as never), TypeError);
    }
  });
});

describe('JWKS key source', () => {
  let now = 0;
  let reads = 0;
  let serve: () => Promise<Response> | Response = () => Response.json({ keys: [] });
  const clock = () => now;
  const fake = async () => {
    reads += 1;
    return serve();
  };
  const source = () => new JwksKeySource('https://trust.example/jwks', { clock, fetch: fake });
  const publish = (...kids: string[]) => {
    serve = () => Response.json({ keys: kids.map(edKey) });
  };
  const down = () => {
    serve = () => new Response('', { status: 503 });
  };
  beforeEach(() => {
    now = 1_000_000;
    reads = 0;
    publish('a');
  });

  it('SDK-10 TOK-27 does no I/O and no waiting while a key is known and fresh', async () => {
    const keys = source();
    assert(await keys.get('a'));
    now += 59_999;
    assert.equal(keys.get('a') instanceof Promise, false);
    assert.equal(reads, 1);
  });

  it('TOK-27 reads again after 60 s, and a key that is gone is gone', async () => {
    const keys = source();
    await keys.get('a');
    publish('b');
    now += 60_000;
    assert.equal(await keys.get('a'), undefined);
    assert(await keys.get('b'));
    assert.equal(reads, 2);
  });

  it('TOK-27 reads at once at an unknown kid, at most once in 10 s however many arrive', async () => {
    const keys = source();
    await keys.get('a');
    publish('a', 'b');
    assert(await keys.get('b'));
    assert.equal(reads, 2);
    for (let i = 0; i < 50; i += 1) {
      await Promise.all([keys.get(`x${i}`), keys.get(`y${i}`)]);
      now += 100;
    }
    assert.equal(reads, 2);
    now += 5_000;
    await Promise.all(Array.from({ length: 50 }, (_, i) => keys.get(`z${i}`)));
    assert.equal(reads, 3);
  });

  it('TOK-27 a flood of unknown kids upon an empty source is one reading', async () => {
    const keys = source();
    await Promise.all(Array.from({ length: 50 }, (_, i) => keys.get(`x${i}`)));
    await keys.get('y');
    assert.equal(reads, 1);
  });

  it('TOK-27 known keys serve until 300 s after the last success, then KEYS_UNAVAILABLE', async () => {
    const keys = source();
    await keys.get('a');
    down();
    for (now += 60_000; now < 1_300_000; now += 5_000) {
      assert(await keys.get('a'), String(now));
    }
    assert(reads > 10 && reads < 30, String(reads));
    now = 1_300_000;
    await assert.rejects(async () => keys.get('a'));
    publish('a');
    now += 10_000;
    assert(await keys.get('a'));
  });

  it('TOK-27 nobody waits for a key that still serves while the issuer hangs', async () => {
    const keys = source();
    await keys.get('a');
    down();
    now += 60_000;
    await keys.get('a');
    serve = () => new Promise(() => {});
    now += 10_000;
    const soon = new Promise((resolve) => setTimeout(resolve, 500, 'waited'));
    assert.notEqual(await Promise.race([keys.get('a'), soon]), 'waited');
    assert.equal(reads, 3);
  });

  it('TOK-15 of an unknown kid nothing is said while the issuer cannot be asked', async () => {
    const keys = source();
    await keys.get('a');
    down();
    await assert.rejects(async () => keys.get('b'));
    await assert.rejects(async () => keys.get('b'));
    assert(await keys.get('a'));
    assert.equal(reads, 2);
  });

  it('TOK-27 never read and failing: asks at most once in 10 s', async () => {
    down();
    const keys = source();
    await assert.rejects(async () => keys.get('a'));
    publish('a');
    now += 9_999;
    await assert.rejects(async () => keys.get('a'));
    now += 1;
    assert(await keys.get('a'));
    assert.equal(reads, 2);
  });

  it('TOK-27 a clock set back makes the keys stale, not eternal', async () => {
    const keys = source();
    await keys.get('a');
    publish('b');
    now -= 3_600_000;
    assert.equal(await keys.get('a'), undefined);
  });

  it('TOK-27 what cannot be read as a JWKS is a failure and replaces nothing', async () => {
    const keys = source();
    await keys.get('a');
    for (const body of ['', '{}', '[]', 'null', '{"keys":{}}', '<html>']) {
      serve = () => new Response(body);
      now += 60_000;
      assert(await keys.get('a'), body);
      now = 1_000_000;
      publish('a');
      await keys.get('a');
    }
  });

  it('SDK-11 refuses other schemes', () => {
    for (const url of ['file:///etc/passwd', 'data:application/json,{}', 'jwks', '']) {
      assert.throws(() => new JwksKeySource(url), TypeError);
    }
  });
});

describe('JWKS key source over HTTP', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const body = (size: number) => JSON.stringify({ keys: [edKey('a')], fill: 'x'.repeat(size) });

  it('TOK-27 reads at most 256 kB', async () => {
    const good = await serve((_req, res) => res.end(body(255_000)));
    const bad = await serve((_req, res) => res.end(body(262_144)));
    assert(await new JwksKeySource(good).get('a'));
    await assert.rejects(async () => new JwksKeySource(bad).get('a'));
  });

  it('TOK-27 follows no redirects', async () => {
    let reached = 0;
    const there = await serve((_req, res) => {
      reached += 1;
      res.end(body(0));
    });
    for (const code of [301, 302, 303, 307, 308]) {
      const here = await serve((_req, res) => res.writeHead(code, { location: there }).end());
      await assert.rejects(async () => new JwksKeySource(here).get('a'));
    }
    assert.equal(reached, 0);
  });

  it('TOK-27 gives up after 5 s, also within a body that trickles', async () => {
    const slow = await serve((_req, res) => {
      const timer = setInterval(() => res.write(' '), 200);
      res.on('close', () => clearInterval(timer));
    });
    const started = performance.now();
    await assert.rejects(async () => new JwksKeySource(slow).get('a'));
    const took = performance.now() - started;
    assert(took > 4_500 && took < 8_000, String(took));
  });
});
