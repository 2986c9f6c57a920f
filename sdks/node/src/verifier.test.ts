import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { StaticKeySource, TrustTokenError, Verifier } from './index.ts';
import { claims, hostileKeySource, jwks, NOW, sign, token, verifierOf } from './testing/tokens.ts';

interface VectorFile {
  readonly jwks: { readonly keys: readonly object[] };
  readonly groups: readonly {
    readonly verifier: {
      readonly issuer: string;
      readonly audience: string;
      readonly tenant_id: string;
      readonly leeway_seconds: number;
      readonly now: number;
    };
    readonly vectors: readonly {
      readonly name: string;
      readonly rule: string;
      readonly token: string;
      readonly expect: string;
      readonly claims?: object;
    }[];
  }[];
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'ok';
  } catch (error) {
    assert(error instanceof TrustTokenError);
    return error.code;
  }
}

describe('verifier: spec/vectors/trust_tokens.json', () => {
  const url = new URL('../../../spec/vectors/trust_tokens.json', import.meta.url);
  const file = JSON.parse(readFileSync(url, 'utf8')) as VectorFile;
  for (const { verifier: given, vectors } of file.groups) {
    const verifier = new Verifier({
      issuer: given.issuer,
      audience: given.audience,
      tenantId: given.tenant_id,
      leewaySeconds: given.leeway_seconds,
      clock: () => given.now * 1_000,
      keySource: new StaticKeySource(file.jwks),
    });
    for (const vector of vectors) {
      it(`${vector.rule} ${given.audience}, leeway ${given.leeway_seconds}: ${vector.name}`, async () => {
        if (vector.expect === 'ok') {
          assert.deepEqual(await verifier.verify(vector.token), vector.claims);
        } else {
          assert.equal(await codeOf(verifier.verify(vector.token)), vector.expect);
        }
      });
    }
  }
});

describe('verifier', () => {
  it('SDK-10 gives the claims that have a meaning and no others', async () => {
    assert.deepEqual(await verifierOf().verify(token({ payload: claims({ extra: 1 }) })), claims());
  });

  it('TOK-15 any failure of the key source is KEYS_UNAVAILABLE, never a crash', async () => {
    const verifier = verifierOf({ keySource: hostileKeySource });
    assert.equal(await codeOf(verifier.verify(token())), 'KEYS_UNAVAILABLE');
  });

  it('TOK-10 what is not a text is refused by size', async () => {
    for (const value of [undefined, null, 1, {}, [token()]]) {
      assert.equal(await codeOf(verifierOf().verify(value as never)), 'TOKEN_SIZE');
    }
  });

  it('TOK-25 a clock that gives no number accepts nothing', async () => {
    assert.equal(await codeOf(verifierOf({ clock: () => Number.NaN }).verify(token())), 'TOKEN_NOT_YET_VALID');
  });

  it('TOK-19 numbers written with fraction or exponent are refused where JSON.parse hides it', async () => {
    for (const written of ['1.0', '1e0', '-0', '10e-1']) {
      const payload = JSON.stringify(claims()).replace('"ver":1', `"ver":${written}`);
      assert.equal(await codeOf(verifierOf().verify(token({ payload }))), 'TOKEN_CLAIMS', written);
    }
  });

  it('TOK-19 act holds strings only beside the next act', async () => {
    const payload = claims({ act: { sub: 'web', iss: 1 } });
    assert.equal(await codeOf(verifierOf().verify(token({ payload }))), 'TOKEN_CLAIMS');
  });

  it('TOK-16 a source that names another algorithm for the key decides, not the token', async () => {
    const source = new StaticKeySource(jwks);
    const lying = {
      get: (kid: string) => {
        const key = source.get(kid);
        return key && { ...key, alg: 'ES256' as const };
      },
    };
    assert.equal(await codeOf(verifierOf({ keySource: lying }).verify(token())), 'TOKEN_ALGORITHM');
  });

  it('TOK-17 the signature covers the bytes as received', async () => {
    const [header, payload] = token().split('.');
    const other = sign(`${header}.${payload} `);
    assert.equal(await codeOf(verifierOf().verify(`${header}.${payload}.${other}`)), 'TOKEN_SIGNATURE');
  });

  it('SDK-7 the error holds no piece of the token', async () => {
    const hostile = token({ payload: claims({ exp: NOW - 100, iat: NOW - 200 }) });
    await assert.rejects(verifierOf().verify(hostile), (error: Error) => {
      assert(!`${error.stack}${JSON.stringify(error)}`.includes(hostile.slice(0, 12)));
      return true;
    });
  });

  it('SDK-10 refuses leeways over 5 s and options that are missing', () => {
    assert.throws(() => verifierOf({ leewaySeconds: 5.1 }), RangeError);
    assert.throws(() => verifierOf({ leewaySeconds: -1 }), RangeError);
    assert.throws(() => verifierOf({ leewaySeconds: Number.NaN }), RangeError);
    assert.throws(() => verifierOf({ issuer: '' }), TypeError);
    assert.throws(() => verifierOf({ audience: undefined as never }), TypeError);
    assert.throws(() => verifierOf({ keySource: undefined as never }), TypeError);
  });
});
