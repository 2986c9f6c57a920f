// Tokens whose header is not JSON as it should be, and tokens with several faults.
import { make } from './hostile_header.ts';
import { key, signature } from './keys.ts';
import { header, type Part, type Parts, type Vector, withMembers } from './token.ts';

const ed = key('ed_1');

export function headerJson(): Vector[] {
  const good = JSON.stringify(header(ed));
  const refused = (name: string, text: Part) =>
    make('json', 'TOK-11', 'TOKEN_MALFORMED')(`header ${name}`, { header: text });
  const twice = (name: string, more: string) =>
    make('duplicate', 'TOK-11', 'TOKEN_MALFORMED')(`header ${name}`, { header: withMembers(header(ed), more) });
  return [
    refused('is a list', [header(ed)]),
    refused('is a string', JSON.stringify(good)),
    refused('is null', 'null'),
    refused('is a number', '42'),
    refused('is true', 'true'),
    refused('is white space', ' '),
    refused('is not JSON', 'typ=trust+jwt'),
    refused('begins with a byte order mark', `\ufeff${good}`),
    refused('is in UTF-16', Buffer.from(good, 'utf16le')),
    refused(
      'with an invalid UTF-8 byte',
      Buffer.concat([Buffer.from(good.slice(0, -2)), Buffer.from([0xff]), Buffer.from('"}')]),
    ),
    refused(
      'with an over-long UTF-8 form',
      Buffer.concat([Buffer.from(good.slice(0, -2)), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
    ),
    refused('with a trailing comma', `${good.slice(0, -1)},}`),
    refused('with a line comment', `${good.slice(0, -1)}//x\n}`),
    refused('with a block comment', `/**/${good}`),
    refused('with single quotes', good.replaceAll('"', "'")),
    refused('with names without quotes', good.replace('"typ"', 'typ')),
    refused('with text after it', `${good}x`),
    refused('followed by a second object', `${good}${good}`),
    refused('followed by a NUL', `${good}\0`),
    refused('cut short', good.slice(0, -1)),
    refused('with a raw line break in a string', good.replace('trust+jwt', 'trust+jwt\n')),
    refused('with an unknown escape', good.replace('trust+jwt', String.raw`trust\x2bjwt`)),
    refused('with NaN', `${good.slice(0, -1)},"x":NaN}`),
    refused('open 2000 deep', `${good.slice(0, -1)},"x":${'['.repeat(2_000)}`),
    twice('with alg twice', '"alg":"EdDSA"'),
    twice('with alg twice, the second none', '"alg":"none"'),
    twice('with kid twice', `"kid":"${key('ed_2').kid}"`),
    twice('with typ twice', '"typ":"JWT"'),
    twice('with alg twice, once escaped', String.raw`"\u0061lg":"none"`),
    twice('with a duplicate inside an unknown member', '"jwk":{"kty":"OKP","kty":"EC"}'),
    twice('with an unknown member twice', '"crit":[],"crit":[]'),
  ];
}

/** Several faults in one token: the first check that fails gives the code. */
export function headerOrder(): Vector[] {
  const bad = () => new Uint8Array(64);
  const o = (name: string, rule: string, expect: string, parts: Parts) => make('order', rule, expect)(name, parts);
  return [
    o('duplicate member before unknown member', 'TOK-11', 'TOKEN_MALFORMED', {
      header: withMembers(header(ed, { jku: 'x' }), '"typ":"JWT"'),
    }),
    o('unknown member before typ', 'TOK-12', 'TOKEN_HEADER', {
      header: header(ed, { typ: 'JWT', jku: 'x' }),
      sign: bad,
    }),
    o('typ before alg', 'TOK-13', 'TOKEN_TYPE', { header: header(ed, { typ: 'JWT', alg: 'none' }), sign: bad }),
    o('alg before kid', 'TOK-14', 'TOKEN_ALGORITHM', { header: header(ed, { alg: 'none', kid: 'x' }), sign: bad }),
    o('kid before alg of the key', 'TOK-15', 'TOKEN_KEY_UNKNOWN', {
      header: header(ed, { alg: 'ES256', kid: 'x' }),
      sign: bad,
    }),
    o('alg of the key before signature', 'TOK-16', 'TOKEN_ALGORITHM', {
      header: header(ed, { alg: 'ES256' }),
      sign: bad,
    }),
    o('signature before payload', 'TOK-17', 'TOKEN_SIGNATURE', { payload: 'not JSON', sign: bad }),
    o('signature by the right key over another payload', 'TOK-17', 'TOKEN_SIGNATURE', {
      payload: '{}',
      sign: () => signature(ed, 'x.y'),
    }),
  ];
}
