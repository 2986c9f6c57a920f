import assert from 'node:assert/strict';
import { repeatableRandom } from '../../../../test/support/world.ts';
import { dummyLike, parseForeignHash, verifyForeignHash } from './foreign_hash.ts';

// bcrypt and argon2: vectors of jBCrypt and of the reference implementation. PBKDF2 and scrypt: computed by Python's hashlib.
const HASHES: readonly (readonly [hash: string, password: string])[] = [
  ['$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i', 'abc'],
  ['$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc', 'password'],
  ['pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=', 'correct horse'],
  ['pbkdf2_sha1$1000$seasalt$iQvkNOF1wEL4Khh8eogJ8rUhipM=', 'correct horse'],
  [
    'pbkdf2:sha512:1000$seasalt$081c76ae4a6f8f2100a28a4d56e45958e3b14d3470a15e898eb1c04590265a84467fb06597ff8deadb55ff8816bed775e8d27de0ea55a591e6e3821d32b1542e',
    'correct horse',
  ],
  ['$pbkdf2-sha256$1000$8PHy8/T19vf4.fr7/P3./w$JwgcbJZlHBoE0uPBMy9SZsCsIJXsYLx/8XwH97PVwMU', 'correct horse'],
  ['$scrypt$ln=10,r=8,p=1$8PHy8/T19vf4+fr7/P3+/w$2rA3VVxBi7JUdeKlENqV7JZ3kUPnS38wnsDB+xWehuw', 'correct horse'],
  [
    'scrypt:1024:8:1$seasalt$6fdbea39ed01e47661d9fd7443d44f37d38534fb666fe7b3a7960e96766c250d2f4392377aaf19b7b18532ea90e7cc42c5322f54bd5008bfcf4d7116afe44d1c',
    'correct horse',
  ],
  [
    'scrypt$1024$seasalt$8$1$b9vqOe0B5HZh2f10Q9RPN9OFNPtmb+ezp5YOlnZsJQ0vQ5I3eq8Zt7GFMuqQ58xCxTIvVL1QCL/PTXEWr+RNHA==',
    'correct horse',
  ],
];

const parsed = (text: string) => {
  const hash = parseForeignHash(text);
  assert.ok(hash !== undefined, text);
  return hash;
};

describe('hashes of other programs', () => {
  it('UST-5 are read in the forms that are in use, and hold their password alone', async () => {
    for (const [text, password] of HASHES) {
      assert.equal(await verifyForeignHash(parsed(text), password), true, text);
      for (const other of [`${password} `, password.slice(1), password.toUpperCase(), ''])
        assert.equal(await verifyForeignHash(parsed(text), other), false, text);
    }
  });

  it('UST-5 are refused unseen where they would cost too much, or are in no form', () => {
    const tail = '$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    const refused = [
      '$2a$15$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i',
      '$2a$31$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i',
      '$2a$03$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i',
      `$argon2id$v=19$m=262145,t=1,p=1${tail}`,
      `$argon2id$v=19$m=262144,t=5,p=1${tail}`,
      `$argon2id$v=19$m=65536,t=0,p=1${tail}`,
      `$argon2id$v=19$m=65536,t=2,p=17${tail}`,
      'pbkdf2_sha256$2000001$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=',
      'pbkdf2_sha256$0$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=',
      'pbkdf2_md5$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=',
      '$scrypt$ln=18,r=8,p=1$8PHy8/T19vf4+fr7/P3+/w$2rA3VVxBi7JUdeKlENqV7JZ3kUPnS38wnsDB+xWehuw',
      '$scrypt$ln=10,r=8,p=5$8PHy8/T19vf4+fr7/P3+/w$2rA3VVxBi7JUdeKlENqV7JZ3kUPnS38wnsDB+xWehuw',
      'scrypt:1000:8:1$seasalt$6fdbea39ed01e47661d9fd7443d44f37d38534fb666fe7b3a7960e96766c250d',
      'scrypt:1024:8:1$seasalt$6fdb',
      'correct horse',
      '',
      '*',
      '$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i\n',
      `pbkdf2_sha256$1000$${'s'.repeat(600)}$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=`,
    ];
    for (const text of refused) assert.equal(parseForeignHash(text), undefined, text);
  });

  it('UST-6 by bcrypt take no part of a password for the whole of it', async () => {
    const { hash } = await import('@node-rs/bcrypt');
    const long = 'x'.repeat(72);
    const stored = parsed(await hash(long, 4));
    assert.equal(await verifyForeignHash(stored, long), true);
    assert.equal(await verifyForeignHash(stored, `${long}y`), false);
    const cut = parsed(await hash('abc', 4));
    assert.equal(await verifyForeignHash(cut, 'abc\0def'), false);
  });

  it('UST-4 have a dummy of the same cost, which no password opens', async () => {
    const random = repeatableRandom();
    for (const [text, password] of HASHES) {
      const hash = parsed(text);
      const dummy = dummyLike(hash, random);
      assert.deepEqual({ ...dummy, text: '', salt: 0, key: 0 }, { ...hash, text: '', salt: 0, key: 0 });
      if ('text' in dummy) {
        assert.deepEqual(parseForeignHash(dummy.text), dummy);
        assert.equal(dummy.text.length, text.length);
        assert.equal(dummy.text.split('$').slice(0, 3).join('$'), text.split('$').slice(0, 3).join('$'));
      } else if ('key' in hash) assert.equal(dummy.key.length, hash.key.length);
      assert.equal(await verifyForeignHash(dummy, password), false);
    }
  });
});
