import assert from 'node:assert/strict';
import { ADA, FLOW, type HttpWorld, httpWorld } from '../support/http_world.ts';

const CSP = (formAction: string, script = '') =>
  `default-src 'none'; style-src 'self'; ${script}img-src 'self'; form-action ${formAction}; frame-ancestors 'none'; base-uri 'none'`;

describe('page headers', () => {
  let world: HttpWorld;
  before(async () => {
    world = await httpWorld({ dev: true });
  });
  after(() => world.close());

  const everyAnswer = async () => {
    const page = `/sign-in?${new URLSearchParams(FLOW)}`;
    const style = /href="(\/assets\/style-[^"]+)"/.exec((await world.send('GET', '/')).body)?.[1] ?? '';
    const paths = [
      '/',
      page,
      '/sign-in',
      '/nowhere',
      style,
      '/assets/style-0000000000000000.css',
      '/healthz',
      '/readyz',
    ];
    const answers = await Promise.all([...paths, '/.well-known/jwks.json'].map((path) => world.send('GET', path)));
    answers.push(
      await world.send('PUT', '/sign-in'),
      await world.post('/sign-in', {}),
      await world.submit('/sign-up', { ...ADA }),
    );
    return answers;
  };

  it('every answer of every kind carries the security headers, and no page allows a foreign script, a frame or a base', async () => {
    const answers = await everyAnswer();
    assert.deepEqual(
      [...new Set(answers.map(({ status }) => status))].sort(),
      [200, 303, 400, 403, 404, 405].filter((s) => s !== 403),
    );
    for (const { headers, body } of answers) {
      // Our own file, and only where the page asks for it: on those that have a place for a passkey.
      const script = String(headers['content-security-policy']).includes('script-src');
      assert.deepEqual(
        body
          .match(/<script[^>]*>/g)
          ?.map((tag) => /^<script src="\/assets\/passkey-[0-9a-f]{16}\.js" nonce="[\w+/]{22}==" defer>$/.test(tag)),
        script ? [true] : undefined,
      );
      assert.match(
        String(headers['content-security-policy']),
        /^default-src 'none'; style-src 'self'; (script-src 'nonce-[\w+/]{22}=='; )?img-src 'self'; form-action /,
      );
      assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'; base-uri 'none'$/);
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['x-frame-options'], 'DENY');
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
      assert.match(String(headers['permissions-policy']), /camera=\(\)/);
      assert.equal(headers['access-control-allow-origin'], undefined);
      assert.equal(headers.server, undefined);
      assert.equal(headers['x-powered-by'], undefined);
    }
  });

  it('pages and refusals are never stored; assets are for ever, keys for a minute', async () => {
    for (const path of [
      '/',
      `/sign-in?${new URLSearchParams(FLOW)}`,
      '/sign-in',
      '/nowhere',
      '/assets/style-0000000000000000.css',
      '/healthz',
    ]) {
      assert.equal((await world.send('GET', path)).headers['cache-control'], 'no-store', path);
    }
    const { body } = await world.send('GET', '/');
    for (const [, path = ''] of body.matchAll(/href="(\/assets\/[^"]+)"/g)) {
      const { status, headers } = await world.send('GET', path);
      assert.deepEqual([status, headers['cache-control']], [200, 'public, max-age=31536000, immutable']);
    }
    for (const path of ['/.well-known/jwks.json', '/.well-known/trust-layer']) {
      assert.equal((await world.send('GET', path)).headers['cache-control'], 'public, max-age=60');
    }
  });

  it('a form may lead to itself and to its return_to, other pages have none', async () => {
    assert.equal((await world.open()).answer.headers['content-security-policy'], CSP("'self' http://localhost:3000"));
    const shop = { ...FLOW, return_to: 'https://app.example.com/auth/callback' };
    assert.equal(
      (await world.open('/sign-up', shop)).answer.headers['content-security-policy'],
      CSP("'self' https://app.example.com"),
    );
    assert.equal((await world.send('GET', '/')).headers['content-security-policy'], CSP("'none'"));
    world.tenant.settings = { ...world.tenant.settings, returnTo: ['http://[::1]/cb'] };
    const v6 = { ...FLOW, return_to: 'http://[::1]:3000/cb' };
    assert.equal((await world.open('/sign-in', v6)).answer.headers['content-security-policy'], CSP("'self' http:"));
  });

  it('the one script runs by a nonce of its answer, on pages that have a place for a passkey', async () => {
    const named = await httpWorld({ publicUrl: 'http://localhost:8080' });
    const answers = [(await named.open()).answer, (await named.open()).answer];
    await named.close();
    const nonces = answers.map(({ headers, body }) => {
      const [, nonce = ''] =
        /<script src="\/assets\/passkey-[0-9a-f]{16}\.js" nonce="([\w+/]{22}==)" defer>/.exec(body) ?? [];
      const script = `script-src 'nonce-${nonce}'; `;
      assert.equal(headers['content-security-policy'], CSP("'self' http://localhost:3000", script));
      return nonce;
    });
    assert.notEqual(nonces[0], nonces[1]);
  });

  it('browsers are told where to report what the policy stopped, if there is a place', async () => {
    const reporting = await httpWorld({ cspReportUrl: 'https://reports.example.com/csp' });
    const answers = [(await reporting.open()).answer, await reporting.send('GET', '/nowhere')];
    await reporting.close();
    for (const { headers } of answers)
      assert.match(String(headers['content-security-policy']), /; report-uri https:\/\/reports\.example\.com\/csp$/);
  });

  it('HSTS and the prefix of the cookie come with an https PUBLIC_URL, and only then', async () => {
    const plain = await world.send('GET', '/');
    assert.equal(plain.headers['strict-transport-security'], undefined);
    const secure = await httpWorld({ publicUrl: 'https://login.example.com' });
    try {
      const { answer } = await secure.open();
      assert.equal(answer.headers['strict-transport-security'], 'max-age=31536000; includeSubDomains');
      const pattern = /^__Host-trust_txn=[A-Za-z0-9_-]{43}; Max-Age=1800; Path=\/; Secure; HttpOnly; SameSite=Lax$/;
      assert.match(answer.headers['set-cookie']?.[0] ?? '', pattern);
    } finally {
      await secure.close();
    }
  });

  it('only form pages set a cookie, and it is HttpOnly, Lax and of 30 min', async () => {
    for (const path of ['/', '/sign-in', '/.well-known/jwks.json', '/healthz']) {
      assert.equal((await world.send('GET', path)).headers['set-cookie'], undefined, path);
    }
  });
});
