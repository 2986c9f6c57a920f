import assert from 'node:assert/strict';
import { httpWorld } from '../support/http_world.ts';

describe('well-known documents', () => {
  it('TOK-27 the JWKS is public JSON with an ETag, kept for 60 s', async () => {
    let jwks = '{"keys":[{"kid":"one"}]}';
    const world = await httpWorld({ jwks: async () => jwks });
    try {
      const { status, headers, body } = await world.send('GET', '/.well-known/jwks.json');
      assert.deepEqual([status, body, headers['content-type']], [200, jwks, 'application/json']);
      const etag = headers.etag ?? '';
      const again = await world.send('GET', '/.well-known/jwks.json', {
        headers: { 'if-none-match': `"x", W/${etag}` },
      });
      assert.deepEqual([again.status, again.body, again.headers['cache-control']], [304, '', 'public, max-age=60']);
      jwks = '{"keys":[]}';
      const changed = await world.send('GET', '/.well-known/jwks.json', { headers: { 'if-none-match': etag } });
      assert.deepEqual([changed.status, changed.body], [200, jwks]);
    } finally {
      await world.close();
    }
  });

  it('the discovery document names issuer, JWKS, pages and contract by PUBLIC_URL', async () => {
    const world = await httpWorld({ publicUrl: 'https://login.example.com' });
    try {
      const { body } = await world.send('GET', '/.well-known/trust-layer');
      assert.deepEqual(JSON.parse(body), {
        issuer: 'https://login.example.com',
        jwks_uri: 'https://login.example.com/.well-known/jwks.json',
        sign_in_url: 'https://login.example.com/sign-in',
        sign_up_url: 'https://login.example.com/sign-up',
        contract_version: 'trust.v1',
        trust_token: { typ: 'trust+jwt', alg_values_supported: ['EdDSA', 'ES256'], max_lifetime_seconds: 300 },
        code_challenge_methods_supported: ['S256'],
      });
    } finally {
      await world.close();
    }
  });

  it('is healthy while it runs and ready while the database answers; an unreadable JWKS is an error, not an empty one', async () => {
    let failure: Error | undefined;
    const fail = async () => {
      if (failure) throw failure;
      return '{"keys":[]}';
    };
    const world = await httpWorld({ ping: fail, jwks: fail });
    try {
      const states = async () => {
        const answers = await Promise.all(
          ['/healthz', '/readyz', '/.well-known/jwks.json'].map((path) => world.send('GET', path)),
        );
        return answers.map(({ status }) => status);
      };
      assert.deepEqual(await states(), [200, 200, 200]);
      failure = new Error('away');
      assert.deepEqual(await states(), [200, 503, 500]);
    } finally {
      await world.close();
    }
  });

  it('the home page says what to do next in development, and where to go otherwise', async () => {
    for (const [dev, words] of [
      [true, /npm run starter:express/],
      [false, /Nothing to do here/],
    ] as const) {
      const world = await httpWorld({ dev });
      assert.match((await world.send('GET', '/')).body, words);
      await world.close();
    }
  });
});
