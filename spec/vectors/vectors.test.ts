// The vectors are what the generator makes, hold enough of each class, and the accepted ones convince an outside library.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { returnPaths } from './generator/return_paths.ts';
import { sessionIds } from './generator/session_ids.ts';
import { type TrustTokens, trustTokens } from './generator/trust_tokens.ts';

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const tokens = read('trust_tokens.json') as TrustTokens;
const vectors = tokens.groups.flatMap((group) =>
  group.vectors.map((vector) => ({ ...vector, verifier: group.verifier })),
);

const CODES = [
  'TOKEN_SIZE',
  'TOKEN_MALFORMED',
  'TOKEN_HEADER',
  'TOKEN_TYPE',
  'TOKEN_ALGORITHM',
  'TOKEN_KEY_UNKNOWN',
  'TOKEN_SIGNATURE',
  'TOKEN_CLAIMS',
  'TOKEN_ISSUER',
  'TOKEN_AUDIENCE',
  'TOKEN_TENANT',
  'TOKEN_LIFETIME',
  'TOKEN_NOT_YET_VALID',
  'TOKEN_EXPIRED',
];

const CLASSES = [
  'valid',
  'size',
  'form',
  'encoding',
  'json',
  'duplicate',
  'header',
  'key_injection',
  'type',
  'algorithm',
  'kid',
  'ignored_key',
  'signature',
  'claims',
  'optional_claims',
  'act',
  'issuer',
  'audience',
  'tenant',
  'lifetime',
  'time',
  'order',
  'organisation',
];

describe('vectors', () => {
  it('are what the generator makes', () => {
    assert.deepEqual(plain(trustTokens()), tokens);
    assert.deepEqual(plain(sessionIds()), read('session_ids.json'));
    assert.deepEqual(plain(returnPaths()), read('return_paths.json'));
  });

  it('hold at least 140 hostile tokens, each class and each code', () => {
    assert.ok(vectors.filter((vector) => vector.expect !== 'ok').length >= 140);
    assert.deepEqual([...new Set(vectors.map((vector) => vector.class))].sort(), [...CLASSES].sort());
    assert.deepEqual([...new Set(vectors.map((vector) => vector.expect))].sort(), ['ok', ...CODES].sort());
  });

  it('are named once, and no token stands for two answers of one verifier', () => {
    assert.equal(new Set(vectors.map((vector) => `${vector.class}/${vector.name}`)).size, vectors.length);
    const answers = new Map(
      vectors.map((vector) => [
        `${vector.verifier.audience} ${vector.verifier.leeway_seconds} ${vector.token}`,
        vector.expect,
      ]),
    );
    for (const vector of vectors) {
      assert.equal(
        answers.get(`${vector.verifier.audience} ${vector.verifier.leeway_seconds} ${vector.token}`),
        vector.expect,
        vector.name,
      );
    }
  });

  it('name a rule of chapter 3 each, and together all rules of the verification', () => {
    const rules = new Set(vectors.map((vector) => vector.rule));
    for (let rule = 10; rule <= 26; rule += 1) assert.ok(rules.has(`TOK-${rule}`), `TOK-${rule}`);
  });

  it('keep sizes on the right side of TOK-10', () => {
    for (const { name, token, expect } of vectors) {
      const size = Buffer.byteLength(token, 'utf8');
      assert.equal(size < 1 || size > 8_192, expect === 'TOKEN_SIZE', name);
    }
  });

  it('have accepted tokens that an outside library accepts', async () => {
    for (const vector of vectors.filter(({ expect }) => expect === 'ok')) {
      const { alg } = decodeProtectedHeader(vector.token);
      const keySet = createLocalJWKSet(tokens.jwks as JSONWebKeySet);
      const { payload } = await jwtVerify(vector.token, keySet, {
        typ: 'trust+jwt',
        algorithms: ['EdDSA', 'ES256'],
        issuer: vector.verifier.issuer,
        audience: vector.verifier.audience,
        // This library looks at `nbf`, which a Trust Token does not have.
        clockTolerance: vector.name.startsWith('nbf') ? 4_000 : vector.verifier.leeway_seconds,
        currentDate: new Date(vector.verifier.now * 1_000),
      });
      assert.ok(alg);
      for (const [name, value] of Object.entries(vector.claims ?? {}))
        assert.deepEqual(payload[name], value, vector.name);
    }
  });

  it('have hostile tokens with right signatures where only the claims are wrong', async () => {
    const keySet = createLocalJWKSet(tokens.jwks as JSONWebKeySet);
    const late = ['TOKEN_CLAIMS', 'TOKEN_ISSUER', 'TOKEN_AUDIENCE', 'TOKEN_TENANT', 'TOKEN_LIFETIME', 'TOKEN_EXPIRED'];
    for (const vector of vectors.filter(({ expect }) => late.includes(expect))) {
      const failure = await jwtVerify(vector.token, keySet).catch((error: { code: string }) => error.code);
      assert.notEqual(failure, 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED', vector.name);
      assert.notEqual(failure, 'ERR_JWKS_NO_MATCHING_KEY', vector.name);
    }
  });

  it('hold 12 well-formed session_ids with their digests and 40 malformed ones (SEC-1, SEC-2, SEC-3, SEC-4, SEC-5)', () => {
    const { vectors: ids } = read('session_ids.json') as ReturnType<typeof sessionIds>;
    const good = ids.filter((id) => id.well_formed);
    assert.ok(good.length >= 12);
    assert.ok(ids.length - good.length >= 40);
    assert.equal(new Set(ids.map((id) => id.session_id)).size, ids.length);
    for (const { session_id: text, digest } of good) {
      assert.match(text, /^ts_[0-9A-Za-z]{49}$/);
      assert.equal(createHash('sha256').update(`trust-layer:session_id:${text}`).digest('hex'), digest);
    }
  });

  it('hold at least 60 paths to return to (RED-6)', () => {
    const { vectors: paths } = read('return_paths.json') as ReturnType<typeof returnPaths>;
    assert.ok(paths.length >= 60);
    assert.equal(new Set(paths.map(({ path }) => path)).size, paths.length);
    for (const { path, expect } of paths) assert.ok(expect === path || expect === '/', path);
  });
});
