// Tokens whose header must be refused: algorithm confusion, key injection, members that should not be there.
import { createPublicKey } from 'node:crypto';
import { hmac, type Jwk, key, publicJwk } from './keys.ts';
import { type Claims, header, type Parts, token, type Vector, withMembers } from './token.ts';

type Hash = 'sha256' | 'sha384' | 'sha512';

const ed = key('ed_1');
const es = key('es_1');

export function make(kind: string, rule: string, expect: string) {
  return (name: string, parts: Parts): Vector => ({ name, rule, class: kind, token: token(parts), expect });
}

/** A change of the header of an otherwise right token. */
function changed(kind: string, rule: string, expect: string) {
  return (name: string, changes: Claims, jwk: Jwk = ed): Vector =>
    make(kind, rule, expect)(name, { key: jwk, header: header(jwk, changes) });
}

function pem(jwk: Jwk): string {
  return createPublicKey({ key: publicJwk(jwk), format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString();
}

function der(jwk: Jwk): Buffer {
  return createPublicKey({ key: publicJwk(jwk), format: 'jwk' }).export({ type: 'spki', format: 'der' });
}

export function algorithms(): Vector[] {
  const alg = make('algorithm', 'TOK-14', 'TOKEN_ALGORITHM');
  const named = (name: string, value: string, jwk: Jwk = ed) =>
    alg(name, { key: jwk, header: header(jwk, { alg: value }) });
  const mac = (name: string, jwk: Jwk, secret: Uint8Array | string, value = 'HS256', hash: Hash = 'sha256') =>
    alg(name, { header: header(jwk, { alg: value }), sign: (input) => hmac(hash, secret, input) });
  const swap = make('algorithm', 'TOK-16', 'TOKEN_ALGORITHM');
  const p384 = key('p384_as_es384');
  const rsa = key('rsa_as_rs256');
  return [
    named('none, signature of the key', 'none'),
    named('None', 'None'),
    named('NONE', 'NONE'),
    named('nOnE', 'nOnE'),
    alg('none, one byte as signature', { header: header(ed, { alg: 'none' }), sign: () => Buffer.from([0]) }),
    named('empty alg', ''),
    named('alg in lower case', 'eddsa'),
    named('alg in upper case', 'EDDSA'),
    named('alg es256 in lower case', 'es256', es),
    named('alg with a trailing space', 'EdDSA '),
    named('alg with a trailing NUL', 'ES256\0', es),
    named('Ed25519 as name of the algorithm', 'Ed25519'),
    named('Ed448', 'Ed448'),
    named('ES256K', 'ES256K', es),
    named('ES512', 'ES512', es),
    named('several algorithms in one string', 'EdDSA,ES256'),
    mac('HS256 with the raw Ed25519 public key', ed, Buffer.from(ed.x ?? '', 'base64url')),
    mac('HS256 with the base64url text of the Ed25519 public key', ed, ed.x ?? ''),
    mac('HS256 with the PEM of the Ed25519 public key', ed, pem(ed)),
    mac('HS256 with the PEM of the P-256 public key', es, pem(es)),
    mac('HS256 with the PEM without its last newline', es, pem(es).trimEnd()),
    mac('HS256 with the DER of the P-256 public key', es, der(es)),
    mac('HS256 with the JWK text of the P-256 public key', es, JSON.stringify(publicJwk(es))),
    mac('HS256 with an empty secret', es, ''),
    mac('HS384 with the PEM of the P-256 public key', es, pem(es), 'HS384', 'sha384'),
    mac('HS512 with the PEM of the P-256 public key', es, pem(es), 'HS512', 'sha512'),
    mac(
      'HS256 with a listed symmetric key',
      key('oct_as_hs256'),
      Buffer.from(key('oct_as_hs256').k ?? '', 'base64url'),
    ),
    alg('RS256 with a listed RSA key', { key: rsa }),
    alg('PS256 named with a listed RSA key', { key: rsa, header: header(rsa, { alg: 'PS256' }) }),
    alg('ES384 with a listed P-384 key', { key: p384 }),
    alg('ES384 named for a P-256 key', { key: es, header: header(es, { alg: 'ES384' }) }),
    alg('Ed25519 named with a listed key of that alg', { key: key('ed_as_ed25519') }),
    swap('ES256 named for an Ed25519 key, signed by that key', { key: ed, header: header(ed, { alg: 'ES256' }) }),
    swap('EdDSA named for a P-256 key, signed by that key', { key: es, header: header(es, { alg: 'EdDSA' }) }),
    swap('ES256 named for an Ed25519 key, signed by the P-256 key', { key: es, header: header(es, { kid: ed.kid }) }),
    swap('EdDSA named for a P-256 key, signed by the Ed25519 key', { key: ed, header: header(ed, { kid: es.kid }) }),
  ];
}

export function injections(): Vector[] {
  const more = changed('key_injection', 'TOK-12', 'TOKEN_HEADER');
  const own = key('ed_attacker');
  const ownEs = key('es_attacker');
  const x5c = [der(ownEs).toString('base64')];
  return [
    more('jwk of the attacker', { jwk: publicJwk(own) }, own),
    more('jwk of the attacker under a listed kid', { jwk: publicJwk(own), kid: ed.kid }, own),
    more('jwk of the attacker, ES256', { jwk: publicJwk(ownEs), kid: es.kid }, ownEs),
    more('jwk that is the listed key', { jwk: publicJwk(ed) }),
    more('jwk with a symmetric key', { jwk: { kty: 'oct', k: 'AAAA' } }),
    more('jku', { jku: 'https://attacker.example/jwks.json' }, own),
    more('jku of the issuer itself', { jku: 'https://trust.example/.well-known/jwks.json' }),
    more('x5u', { x5u: 'https://attacker.example/cert.pem' }, ownEs),
    more('x5c', { x5c, kid: es.kid }, ownEs),
    more('x5t', { x5t: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA' }),
    more('x5t#S256', { 'x5t#S256': 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }),
  ];
}

export function kids(): Vector[] {
  const own = key('ed_attacker');
  const unknown = changed('kid', 'TOK-15', 'TOKEN_KEY_UNKNOWN');
  const odd = (name: string, kid: string) => unknown(`kid ${name}`, { kid }, own);
  const ignored = (name: string, jwk: Jwk, alg = jwk.alg): Vector =>
    make('ignored_key', 'TOK-26', 'TOKEN_KEY_UNKNOWN')(name, { key: jwk, header: header(jwk, { alg }) });
  return [
    unknown('kid of no key', { kid: 'sgk_00000000000000000000000000000000' }),
    unknown('key that is no longer listed, EdDSA', {}, key('ed_retired')),
    unknown('key that is no longer listed, ES256', {}, key('es_retired')),
    unknown('key of the attacker', {}, own),
    unknown('kid in upper case', { kid: ed.kid.toUpperCase() }),
    unknown('kid with a trailing space', { kid: `${ed.kid} ` }),
    unknown('kid with a trailing NUL', { kid: `${ed.kid}\0` }),
    unknown('kid cut by one character', { kid: ed.kid.slice(0, -1) }),
    unknown('kid without its prefix', { kid: ed.kid.slice(4) }),
    odd('empty', ''),
    odd('65 characters long', 'k'.repeat(65)),
    odd('4000 characters long', 'k'.repeat(4_000)),
    odd('path traversal', '../../../../../../dev/null'),
    odd('absolute path', '/proc/sys/kernel/randomize_va_space'),
    odd('URL', 'https://attacker.example/key.pem'),
    odd('SQL', "x' UNION SELECT 'AAAA' -- "),
    odd('shell', '$(id)|`id`;id'),
    odd('line break', `${ed.kid}\r\nx: y`),
    odd('__proto__', '__proto__'),
    odd('constructor', 'constructor'),
    odd('undefined, with a listed key that has none', 'undefined'),
    odd('null as text', 'null'),
    odd('0', '0'),
    odd('lookalike letter', ed.kid.replace('k', '\u03ba')),
    ignored('P-384 key listed as ES256', key('p384_as_es256')),
    ignored('secp256k1 key listed as ES256', key('secp256k1_as_es256')),
    ignored('Ed25519 key listed as ES256', key('ed_as_es256')),
    ignored('Ed25519 key listed as ES256, token says EdDSA', key('ed_as_es256'), 'EdDSA'),
    ignored('P-256 key listed as EdDSA', key('es_as_eddsa')),
    ignored('P-256 key listed as EdDSA, token says ES256', key('es_as_eddsa'), 'ES256'),
    ignored('symmetric key listed as EdDSA', key('oct_as_eddsa')),
    ignored('symmetric key listed as HS256, token says EdDSA', key('oct_as_hs256'), 'EdDSA'),
    ignored('RSA key listed as RS256, token says ES256', key('rsa_as_rs256'), 'ES256'),
    ignored('P-384 key listed as ES384, token says ES256', key('p384_as_es384'), 'ES256'),
    ignored('Ed25519 key listed with alg Ed25519, token says EdDSA', key('ed_as_ed25519'), 'EdDSA'),
  ];
}

export function members(): Vector[] {
  const refused = changed('header', 'TOK-12', 'TOKEN_HEADER');
  const out: Vector[] = [];
  for (const name of ['typ', 'alg', 'kid']) {
    out.push(refused(`${name} absent`, { [name]: undefined }));
    const right = header(ed)[name];
    const wrong = { null: null, 'a number': 7, 'a boolean': true, 'a list': [right], 'an object': { value: right } };
    for (const [label, value] of Object.entries(wrong)) out.push(refused(`${name} is ${label}`, { [name]: value }));
    const upper = name.toUpperCase();
    const title = `${upper[0]}${name.slice(1)}`;
    out.push(refused(`${title} instead of ${name}`, { [name]: undefined, [title]: right }));
    out.push(refused(`${upper} beside ${name}`, { [upper]: right }));
  }
  const extra: Claims = {
    crit: ['exp'],
    b64: false,
    cty: 'JWT',
    zip: 'DEF',
    enc: 'A256GCM',
    epk: publicJwk(es),
    p2c: 1_000_000,
    iss: 'https://trust.example',
    nonce: 'n',
    url: 'https://trust.example/',
    'x-extra': null,
    '': 'empty name',
  };
  for (const [name, value] of Object.entries(extra))
    out.push(refused(`member ${name || 'with an empty name'}`, { [name]: value }));
  out.push(
    refused('crit, an empty list', { crit: [] }),
    refused('crit that names b64, b64 true', { crit: ['b64'], b64: true }),
    refused('crit that names a known member', { crit: ['alg'] }),
    refused('empty header object', { typ: undefined, alg: undefined, kid: undefined }),
    refused('kid with a Kelvin sign as k', { kid: undefined, '\u212aid': ed.kid }),
    make(
      'header',
      'TOK-12',
      'TOKEN_HEADER',
    )('__proto__ that holds the members', {
      header: `{"__proto__":${JSON.stringify(header(ed))}}`,
    }),
    make(
      'header',
      'TOK-12',
      'TOKEN_HEADER',
    )('__proto__ beside the members', {
      header: withMembers(header(ed), '"__proto__":{"x":1}'),
    }),
  );
  return out;
}

export function types(): Vector[] {
  const refused = changed('type', 'TOK-13', 'TOKEN_TYPE');
  const values = [
    'JWT',
    'jwt',
    'at+jwt',
    'Trust+JWT',
    'TRUST+JWT',
    'application/trust+jwt',
    'txntoken+jwt',
    'logout+jwt',
    'JOSE',
    'trust',
    'trust+jwt ',
    ' trust+jwt',
    'trust+jwt\0',
    'trust+jwt;v=1',
    'trust jwt',
    'trust\u2795jwt',
    'tru\u017ft+jwt',
    '',
  ];
  return [
    ...values.map((typ) => refused(`typ ${JSON.stringify(typ)}`, { typ })),
    refused('typ JWT, ES256', { typ: 'JWT' }, es),
  ];
}
