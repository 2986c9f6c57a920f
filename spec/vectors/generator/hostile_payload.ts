// Tokens with a right signature whose payload must be refused.
import { key } from './keys.ts';
import {
  actors,
  type Claims,
  claims,
  deep,
  header,
  NOW,
  type Part,
  requiredNames,
  token,
  type Vector,
  withMembers,
} from './token.ts';
import { nested } from './valid.ts';

type Make = (name: string, changes: Claims) => Vector;

export function make(kind: string, rule: string, expect: string): Make {
  return (name, changes) => ({ name, rule, class: kind, token: token({ payload: claims(changes) }), expect });
}

export function payloadJson(): Vector[] {
  const good = JSON.stringify(claims());
  const raw =
    (kind: string) =>
    (name: string, payload: Part): Vector => ({
      name: `payload ${name}`,
      rule: 'TOK-18',
      class: kind,
      token: token({ payload }),
      expect: 'TOKEN_MALFORMED',
    });
  const refused = raw('json');
  const twice = (name: string, more: string) => raw('duplicate')(name, withMembers(claims(), more));
  const bytes = (...values: number[]) =>
    Buffer.concat([Buffer.from(`${good.slice(0, -1)},"x":"`), Buffer.from(values), Buffer.from('"}')]);
  return [
    refused('escapes half a surrogate pair in a value', `${good.slice(0, -1)},"x":"\\ud800"}`),
    refused('escapes half a surrogate pair in a name', `${good.slice(0, -1)},"\\udc00":1}`),
    refused('nested 65 deep', claims({ extra: nested(64) })),
    refused('is a list', [claims()]),
    refused('is a string', JSON.stringify(good)),
    refused('is null', 'null'),
    refused('is a number', '1'),
    refused('is not JSON', 'sub=idn_1'),
    refused('is white space', '\n'),
    refused('begins with a byte order mark', `\ufeff${good}`),
    refused('is in UTF-16', Buffer.from(good, 'utf16le')),
    refused('with a lone continuation byte', bytes(0x80)),
    refused('with a cut UTF-8 sequence', bytes(0xe2, 0x82)),
    refused('with an over-long UTF-8 form', bytes(0xc0, 0x80)),
    refused('with a surrogate in UTF-8', bytes(0xed, 0xa0, 0x80)),
    refused('with a code point beyond Unicode', bytes(0xf4, 0x90, 0x80, 0x80)),
    refused('in Latin-1', bytes(0xfc)),
    refused('with a trailing comma', `${good.slice(0, -1)},}`),
    refused('with a trailing comma in a list', good.replace('["pwd"]', '["pwd",]')),
    refused('with a comment', `${good.slice(0, -1)}/*x*/}`),
    refused('with single quotes', good.replaceAll('"', "'")),
    refused('with NaN', `${good.slice(0, -1)},"x":NaN}`),
    refused('with Infinity', `${good.slice(0, -1)},"x":Infinity}`),
    refused('with -Infinity', `${good.slice(0, -1)},"x":-Infinity}`),
    refused('with a leading zero', `${good.slice(0, -1)},"x":01}`),
    refused('with a plus sign', `${good.slice(0, -1)},"x":+1}`),
    refused('with a number that ends in a dot', `${good.slice(0, -1)},"x":1.}`),
    refused('with a number that begins with a dot', `${good.slice(0, -1)},"x":.5}`),
    refused('with a hexadecimal number', `${good.slice(0, -1)},"x":0x10}`),
    refused('with True', `${good.slice(0, -1)},"x":True}`),
    refused('with undefined', `${good.slice(0, -1)},"x":undefined}`),
    refused('with a raw tab in a string', `${good.slice(0, -1)},"x":"\t"}`),
    refused('with a raw NUL in a string', `${good.slice(0, -1)},"x":"\0"}`),
    refused('with a cut escape', `${good.slice(0, -1)},"x":"\\u12"}`),
    refused('with an unknown escape', String.raw`${good.slice(0, -1)},"x":"\q"}`),
    refused('with a no-break space outside strings', `${good}\u00a0`),
    refused('with a form feed outside strings', `${good}\f`),
    refused('with text after it', `${good}]`),
    refused('followed by a second object', `${good}\n${good}`),
    refused('followed by a NUL', `${good}\0`),
    refused('cut short', good.slice(0, -1)),
    refused('with a missing comma', good.replace('","aud"', '""aud"')),
    refused('open 2000 deep', `${good.slice(0, -1)},"x":${'['.repeat(2_000)}`),
    twice('with exp twice', `"exp":${NOW + 50}`),
    twice('with exp twice, the second later', `"exp":${NOW + 200}`),
    twice('with aud twice', '"aud":"billing"'),
    twice('with sub twice', '"sub":"idn_ffffffffffffffffffffffffffffffff"'),
    twice('with sub twice, once escaped', String.raw`"s\u0075b":"idn_ffffffffffffffffffffffffffffffff"`),
    twice('with an unknown name twice', '"x":1,"x":1'),
    twice('with an empty name twice', '"":1,"":1'),
    twice('with a duplicate in tctx', '"tctx":{"a":"1","a":"2"}'),
    twice('with a duplicate in act', '"act":{"sub":"web","sub":"admin"}'),
    twice('with a duplicate in act, 2 deep', '"act":{"sub":"web","act":{"sub":"a","sub":"b"}}'),
    twice('with a duplicate in an object in a list', '"x":[[{"a":1},{"b":1,"b":2}]]'),
    twice('with a duplicate 20 deep', `"x":${deep(20, '{"b":1,"b":2}')}`),
    twice('with __proto__ twice', '"__proto__":1,"__proto__":2'),
  ];
}

const NUMBERS = ['iat', 'exp', 'auth_time', 'ver', 'epoch'];

function wrongTypes(name: string): Claims {
  const right = claims()[name];
  if (name === 'amr') {
    return {
      'a string': 'pwd',
      'an object': { 0: 'pwd' },
      'a list with a number': ['pwd', 1],
      'a list with null': [null],
      'a list in a list': [['pwd']],
    };
  }
  if (NUMBERS.includes(name)) {
    return {
      'a string': String(right),
      'with a real fraction': Number(right) + 0.5,
      negative: -1,
      '2^53': 2 ** 53,
      'a boolean': true,
      'a list': [right],
    };
  }
  return { 'a number': 1, 'a boolean': true, 'a list of one': [right], 'an object': { value: right }, empty: '' };
}

export function required(): Vector[] {
  const refused = make('claims', 'TOK-19', 'TOKEN_CLAIMS');
  const out: Vector[] = [];
  for (const name of requiredNames) {
    out.push(refused(`${name} absent`, { [name]: undefined }), refused(`${name} null`, { [name]: null }));
    for (const [label, value] of Object.entries(wrongTypes(name)))
      out.push(refused(`${name} ${label}`, { [name]: value }));
    out.push(
      refused(`${name.toUpperCase()} instead of ${name}`, { [name]: undefined, [name.toUpperCase()]: claims()[name] }),
    );
  }
  const raw = (name: string, payload: string): Vector => ({ ...refused(name, {}), token: token({ payload }) });
  out.push(
    refused('aud a list of two', { aud: ['orders', 'billing'] }),
    refused('aud an empty list', { aud: [] }),
    refused('ver 0', { ver: 0 }),
    refused('epoch 0', { epoch: 0 }),
    raw('no claims', '{}'),
    raw('exp 1e400', JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":1e400')),
    raw('exp of 400 digits', JSON.stringify(claims()).replace(/"exp":\d+/, `"exp":${'9'.repeat(400)}`)),
    raw('__proto__ that holds the claims', `{"__proto__":${JSON.stringify(claims())}}`),
    raw('claims inside another object', JSON.stringify({ claims: claims() })),
    raw('sub with a lookalike letter', JSON.stringify(claims()).replace('"sub"', '"\u017fub"')),
  );
  return out;
}

export function optional(): Vector[] {
  const refused = make('optional_claims', 'TOK-19', 'TOKEN_CLAIMS');
  const act = make('act', 'TOK-19', 'TOKEN_CLAIMS');
  const out: Vector[] = [];
  for (const name of ['scope', 'roles', 'act', 'tctx', 'rctx']) {
    out.push(
      refused(`${name} null`, { [name]: null }),
      refused(`${name} a number`, { [name]: 1 }),
      refused(`${name} true`, { [name]: true }),
    );
  }
  return [
    ...out,
    refused('scope a list', { scope: ['orders:read'] }),
    refused('scope an object', { scope: { 0: 'orders:read' } }),
    refused('roles a string', { roles: 'admin' }),
    refused('roles an object', { roles: { 0: 'admin' } }),
    refused('roles with a number', { roles: ['admin', 7] }),
    refused('roles with null', { roles: [null] }),
    refused('roles with a list', { roles: [['admin']] }),
    refused('tctx a list', { tctx: ['a'] }),
    refused('tctx a string', { tctx: 'a=b' }),
    refused('tctx with a number', { tctx: { amount: 12 } }),
    refused('tctx with null', { tctx: { amount: null } }),
    refused('tctx with an object', { tctx: { a: { b: 'c' } } }),
    refused('tctx with a list', { tctx: { a: ['b'] } }),
    refused('rctx a list', { rctx: [] }),
    refused('rctx with a boolean', { rctx: { a: true } }),
    act('act a string', { act: 'web' }),
    act('act a list', { act: [{ sub: 'web' }] }),
    act('act empty', { act: {} }),
    act('act without sub', { act: { act: { sub: 'web' } } }),
    act('act with an empty sub', { act: { sub: '' } }),
    act('act with a number as sub', { act: { sub: 1 } }),
    act('act with null as sub', { act: { sub: null } }),
    act('act with SUB', { act: { SUB: 'web' } }),
    act('act in act null', { act: { sub: 'web', act: null } }),
    act('act in act a string', { act: { sub: 'web', act: 'edge' } }),
    act('act in act a list', { act: { sub: 'web', act: [] } }),
    act('act 8 deep, the innermost without sub', { act: actors(8, {}) }),
    act('act 8 deep, the innermost with an empty sub', { act: actors(8, { sub: '' }) }),
    act('act 9 deep', { act: actors(9) }),
    act('act 40 deep', { act: actors(40) }),
  ];
}

export function values(): Vector[] {
  const iss = make('issuer', 'TOK-20', 'TOKEN_ISSUER');
  const aud = make('audience', 'TOK-21', 'TOKEN_AUDIENCE');
  const tid = make('tenant', 'TOK-22', 'TOKEN_TENANT');
  return [
    ...[
      'https://trust.example/',
      'http://trust.example',
      'https://TRUST.example',
      'HTTPS://trust.example',
      'https://trust.example:443',
      'https://trust.example.attacker.example',
      'https://trust.exampl',
      ' https://trust.example',
      'https://trust.example\0',
      'https://tru\u0455t.example',
      'x',
    ].map((value) => iss(`iss ${JSON.stringify(value)}`, { iss: value })),
    ...[
      'billing',
      'Orders',
      'ORDERS',
      'order',
      'orders ',
      ' orders',
      'orders\0',
      'orders,billing',
      'orders billing',
      'orders/',
      '*',
      '.*',
      'https://orders',
      'order\u0455',
    ].map((value) => aud(`aud ${JSON.stringify(value)}`, { aud: value })),
    ...['other', 'Default', 'default ', 'default\0', '*'].map((value) =>
      tid(`tid ${JSON.stringify(value)}`, { tid: value }),
    ),
  ];
}

export function times(): Vector[] {
  const life = make('lifetime', 'TOK-23', 'TOKEN_LIFETIME');
  const early = make('time', 'TOK-24', 'TOKEN_NOT_YET_VALID');
  const late = make('time', 'TOK-25', 'TOKEN_EXPIRED');
  return [
    life('lifetime of 301 s', { iat: NOW - 10, exp: NOW + 291 }),
    life('lifetime of 0 s', { iat: NOW, exp: NOW }),
    life('exp 1 s before iat', { iat: NOW + 1, exp: NOW }),
    life('exp far before iat', { iat: NOW, exp: NOW - 86_400 }),
    life('lifetime of an hour', { iat: NOW - 10, exp: NOW + 3_590 }),
    life('iat 0, exp in the future', { iat: 0, exp: NOW + 60 }),
    life('exp 2^53-1', { exp: 2 ** 53 - 1 }),
    life('exp 0', { exp: 0 }),
    life('iat 2^53-1', { iat: 2 ** 53 - 1 }),
    life('exp in milliseconds', { exp: (NOW + 50) * 1_000 }),
    early('iat 1 s beyond now + leeway', { iat: NOW + 6, exp: NOW + 66 }),
    early('iat an hour ahead', { iat: NOW + 3_600, exp: NOW + 3_660 }),
    early('iat and exp in milliseconds', { iat: NOW * 1_000, exp: NOW * 1_000 + 60 }),
    early('iat and exp at the end of the range', { iat: 2 ** 53 - 2, exp: 2 ** 53 - 1 }),
    late('exp at now - leeway', { iat: NOW - 65, exp: NOW - 5 }),
    late('exp 1 s before now - leeway', { iat: NOW - 66, exp: NOW - 6 }),
    late('expired a day ago', { iat: NOW - 86_460, exp: NOW - 86_400 }),
    late('iat 0, exp 60', { iat: 0, exp: 60 }),
  ];
}

/** Several faults in one token: the first check that fails gives the code. */
export function payloadOrder(): Vector[] {
  const o = (name: string, rule: string, expect: string, changes: Claims) => make('order', rule, expect)(name, changes);
  const gone = { iat: NOW - 1_000, exp: NOW - 900 };
  return [
    {
      name: 'duplicate before claims',
      rule: 'TOK-18',
      class: 'order',
      token: token({ payload: '{"sub":1,"sub":2}' }),
      expect: 'TOKEN_MALFORMED',
    },
    o('claims before issuer', 'TOK-19', 'TOKEN_CLAIMS', { jti: '', iss: 'https://other.example' }),
    o('claims before everything', 'TOK-19', 'TOKEN_CLAIMS', { roles: 1, iss: 'x', aud: 'x', tid: 'x', ...gone }),
    o('issuer before audience', 'TOK-20', 'TOKEN_ISSUER', { iss: 'https://other.example', aud: 'billing' }),
    o('audience before tenant', 'TOK-21', 'TOKEN_AUDIENCE', { aud: 'billing', tid: 'other' }),
    o('audience before expiry', 'TOK-21', 'TOKEN_AUDIENCE', { aud: 'billing', ...gone }),
    o('tenant before lifetime', 'TOK-22', 'TOKEN_TENANT', { tid: 'other', exp: NOW + 3_600 }),
    o('lifetime before iat', 'TOK-23', 'TOKEN_LIFETIME', { iat: NOW + 3_600, exp: NOW + 7_200 }),
    o('lifetime before expiry', 'TOK-23', 'TOKEN_LIFETIME', { iat: NOW - 4_000, exp: NOW - 400 }),
    {
      name: 'unknown key before expiry',
      rule: 'TOK-15',
      class: 'order',
      token: token({ key: key('ed_retired'), header: header(key('ed_retired')), payload: claims(gone) }),
      expect: 'TOKEN_KEY_UNKNOWN',
    },
  ];
}
