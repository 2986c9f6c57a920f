import assert from 'node:assert/strict';
import { createPublicKey, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { repeatableRandom } from '../../../../test/support/world.ts';
import { idMaker } from '../../kernel/ids.ts';
import { keySealer, newSigningKey, sealContext } from './keys.ts';

const random = repeatableRandom();
const newId = idMaker(() => 1_700_000_000_000, random);
const sealer = keySealer({ masterKey: Buffer.alloc(32, 1), random });
const make = await newSigningKey({ sealer, originOf: async () => 'https://a.example', newId })('default');

const context = fc.record({
  kid: fc.string(),
  alg: fc.string(),
  use: fc.string(),
  issuer: fc.string(),
  tenantId: fc.string(),
});

describe('signing keys at rest', () => {
  for (const [alg, crv, hash] of [
    ['EdDSA', 'Ed25519', null],
    ['ES256', 'P-256', 'sha256'],
  ] as const) {
    it(`TOK-41 keeps the private half of ${alg} sealed, and the public one as a JWK with kid, alg and use`, () => {
      const key = make(alg, 5);
      const jwk = JSON.parse(key.publicJwk);
      assert.deepEqual([jwk.kid, jwk.alg, jwk.use, jwk.crv, jwk.d], [key.kid, alg, 'sig', crv, undefined]);
      const privateKey = sealer.open(key.sealed, sealContext('https://a.example', key));
      const signature = sign(hash, Buffer.from('text'), privateKey);
      assert.ok(verify(hash, Buffer.from('text'), createPublicKey({ key: jwk, format: 'jwk' }), signature));
      const d = privateKey.export({ format: 'jwk' }).d ?? '';
      assert.ok(
        !key.sealed.includes(d) && !Buffer.from(key.sealed.slice(3), 'base64url').includes(Buffer.from(d, 'base64url')),
      );
    });
  }

  it('TOK-41 opens under its own kid, alg, use, issuer and tenant only, however they are cut', () => {
    const key = make('EdDSA', 5);
    const privateKey = sealer.open(key.sealed, sealContext('https://a.example', key));
    const name = fc.constantFrom('kid', 'alg', 'use', 'issuer', 'tenantId');
    fc.assert(
      fc.property(context, name, fc.string(), (given, changed, value) => {
        const sealed = sealer.seal(privateKey, given);
        assert.ok(sealer.open(sealed, given).equals(privateKey));
        if (given[changed] !== value) assert.throws(() => sealer.open(sealed, { ...given, [changed]: value }));
      }),
    );
    const named = { kid: 'ab', alg: 'c', use: 'sig', issuer: 'i', tenantId: 't' };
    const sealed = sealer.seal(privateKey, named);
    for (const twin of [
      { ...named, kid: 'a', alg: 'bc' },
      { ...named, issuer: 'it', tenantId: '' },
      { ...named, kid: 'ab","c', alg: '' },
    ]) {
      assert.throws(() => sealer.open(sealed, twin));
    }
  });

  it('TOK-41 does not open under another master key, nor once a bit is changed', () => {
    const key = make('EdDSA', 5);
    const bound = sealContext('https://a.example', key);
    const other = keySealer({ masterKey: Buffer.alloc(32, 2), random });
    assert.throws(() => other.open(key.sealed, bound));
    const bytes = Buffer.from(key.sealed.slice(3), 'base64url');
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      assert.throws(() => sealer.open(`v1.${changed.toString('base64url')}`, bound));
    }
    for (const text of ['', 'v1.', key.sealed.slice(3), key.sealed.slice(0, -4)]) {
      assert.throws(() => sealer.open(text, bound));
    }
  });

  it('seals with a new nonce each time, and takes no short master key', () => {
    const key = make('EdDSA', 5);
    const bound = sealContext('https://a.example', key);
    assert.notEqual(sealer.seal(sealer.open(key.sealed, bound), bound), key.sealed);
    assert.throws(() => keySealer({ masterKey: Buffer.alloc(31), random }), RangeError);
  });
});
