import assert from 'node:assert/strict';
import { decodeBase64url, parseStrictObject, splitToken } from './token_form.ts';

const parse = (text: string) => parseStrictObject(Buffer.from(text));

describe('token form', () => {
  it('TOK-11 base64url is canonical', () => {
    assert.deepEqual(decodeBase64url('YQ'), Buffer.from('a'));
    for (const text of ['', 'Y', 'YR', 'YQ==', 'YQ=', 'Y Q', 'YQ\n', '+w', '/w', 'YQ\u0000', 'ｙQ']) {
      assert.equal(decodeBase64url(text), undefined, JSON.stringify(text));
    }
  });

  it('TOK-11 has three parts that are not empty', () => {
    assert.equal(splitToken('YQ.YQ.YQ')?.length, 3);
    for (const text of ['YQ', 'YQ.YQ', 'YQ.YQ.', '.YQ.YQ', 'YQ..YQ', 'YQ.YQ.YQ.YQ', 'YQ.YQ.YQ\n', ' YQ.YQ.YQ']) {
      assert.equal(splitToken(text), undefined, JSON.stringify(text));
    }
  });

  it('TOK-11 refuses duplicate member names at any depth, however they are written', () => {
    for (const text of [
      '{"a":1,"a":1}',
      '{"a":1,"\\u0061":1}',
      '{"x":{"a":1,"a":2}}',
      '{"x":[[{"a":1,"a":2}]]}',
      '{"__proto__":1,"__proto__":2}',
      '{"a":{"b":1},"c":[{"d":1},{"d":1,"d":1}]}',
    ]) {
      assert.equal(parse(text), undefined, text);
    }
    assert(parse('{"a":{"a":[{"a":1},{"a":2}]},"b":{"a":1}}'));
  });

  it('TOK-11 is a JSON object in UTF-8 and nothing else', () => {
    for (const text of [
      '',
      '[]',
      'null',
      '1',
      '"a"',
      '{',
      '{}x',
      '{a:1}',
      "{'a':1}",
      '{"a":1,}',
      '/**/{}',
      '{"a":01}',
      '\ufeff{}',
      '{"a":NaN}',
    ]) {
      assert.equal(parse(text), undefined, text);
    }
    assert.equal(parseStrictObject(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), undefined);
    assert.equal(parseStrictObject(Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d])), undefined);
  });

  it('TOK-18 keeps its numbers as written', () => {
    const numbers = parse('{"a":1.0,"b":-0,"c":[9],"d":{"e":8},"f":"7"}')?.numbers;
    assert.deepEqual(
      numbers,
      new Map([
        ['a', '1.0'],
        ['b', '-0'],
      ]),
    );
  });

  it('TOK-11 nesting as deep as a token can be neither crashes nor takes long', () => {
    const started = performance.now();
    parse(`{"a":${'['.repeat(3_000)}${']'.repeat(3_000)}}`);
    parse(`${'{"a":'.repeat(1_300)}1${'}'.repeat(1_300)}`);
    assert(performance.now() - started < 500);
  });
});
