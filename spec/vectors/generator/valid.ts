// Tokens that must be accepted.
import { key, signature } from './keys.ts';
import {
  actors,
  type Claims,
  claims,
  header,
  known,
  NOW,
  type Parts,
  type Settings,
  token,
  type Vector,
  withMembers,
} from './token.ts';

const ORG = 'org_0192f5a7c3d47e8f9a0b1c2d3e4f5a6b';
const OF_ORGANISATION = { org: ORG, org_ver: 3, org_roles: ['owner'], permissions: ['orders:read', 'orders:write'] };

const EVERY_OPTIONAL: Claims = {
  scope: 'orders:read orders:write',
  roles: ['admin', 'a.b_c:d-E9'],
  ...OF_ORGANISATION,
  act: { sub: 'web', act: { sub: 'edge' } },
  tctx: { order: '4711', note: 'grüße, 世界 🌍' },
  rctx: { ip: '2001:db8::1', empty: '' },
};

/** An accepted token; the payload may be written in its own way as long as it means `payload`. */
function ok(name: string, rule: string, payload: Claims = claims(), parts: Parts = {}): Vector {
  return { name, rule, class: 'valid', token: token({ payload, ...parts }), expect: 'ok', claims: known(payload) };
}

function optional(name: string, value: unknown, label = name): Vector {
  return ok(`optional claim ${label}`, 'TOK-2', claims({ [name]: value }));
}

function ignored(name: string, rule: string, members: string): Vector {
  return ok(name, rule, claims(), { payload: withMembers(claims(), members) });
}

/** A token of exactly `size` bytes, filled up by a claim that is ignored and, for the last bytes, white space. */
export function sized(size: number): string {
  const jwk = key('ed_1');
  for (let blanks = 0; blanks < 4; blanks += 1) {
    const head = `${JSON.stringify(header(jwk))}${' '.repeat(blanks)}`;
    for (let fill = size; fill > 0; fill = fill > 6_500 ? 6_500 : fill - 1) {
      const made = token({ header: head, payload: claims({ fill: 'x'.repeat(fill) }) });
      if (made.length === size) return made;
      if (made.length < size) break;
    }
  }
  throw new Error(`no token of ${size} bytes`);
}

const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

/** r and n-s: as valid as r and s, since RFC 7518 does not ask for the lower one. */
export function otherS(input: string): Uint8Array {
  const bytes = Buffer.from(signature(key('es_1'), input));
  const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  return Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
}

/** Lists nested `depth` deep. */
export function nested(depth: number): unknown {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth));
}

export function valid(): Vector[] {
  const es = key('es_1');
  const ed = key('ed_1');
  const big = sized(8_192);
  const reversed = Object.fromEntries(Object.entries(claims()).reverse());
  return [
    ok('EdDSA, first key', 'TOK-17'),
    ok('EdDSA, second key', 'TOK-15', claims(), { key: key('ed_2') }),
    ok('ES256, first key', 'TOK-17', claims(), { key: es }),
    ok('ES256, second key', 'TOK-15', claims(), { key: key('es_2') }),
    ok('ES256 with the other of the two values of s', 'TOK-17', claims(), { key: es, sign: otherS }),
    ok('every optional claim, EdDSA', 'TOK-2', claims(EVERY_OPTIONAL)),
    ok('every optional claim, ES256', 'TOK-2', claims(EVERY_OPTIONAL), { key: es }),
    ok('payload nested 64 deep', 'TOK-18', claims({ extra: nested(63) })),
    optional('scope', 'orders:read'),
    optional('roles', ['admin', 'auditor']),
    optional('roles', [], 'roles, an empty list'),
    ok('an organisation', 'ORG-10', claims({ org: ORG, org_ver: 3 })),
    ok('an organisation with roles and permissions', 'ORG-10', claims(OF_ORGANISATION)),
    ok('an organisation with empty lists', 'ORG-10', claims({ ...OF_ORGANISATION, org_roles: [], permissions: [] })),
    optional('act', { sub: 'web' }, 'act, 1 deep'),
    optional('act', actors(8), 'act, 8 deep'),
    optional('tctx', { order: '4711' }),
    optional('tctx', {}, 'tctx, an empty object'),
    optional('rctx', { ip: '192.0.2.1' }),
    ok('amr with several methods', 'TOK-19', claims({ amr: ['pwd', 'otp', 'mfa'], acr: 'aal2' })),
    ok('ver and epoch at 2^53-1', 'TOK-19', claims({ ver: 9_007_199_254_740_991, epoch: 9_007_199_254_740_991 })),
    ok('auth_time 0', 'TOK-19', claims({ auth_time: 0 })),
    ok('lifetime of 300 s', 'TOK-23', claims({ iat: NOW - 10, exp: NOW + 290 })),
    ok('lifetime of 1 s', 'TOK-23', claims({ iat: NOW, exp: NOW + 1 })),
    ok('iat at now + leeway', 'TOK-24', claims({ iat: NOW + 5, exp: NOW + 65 })),
    ok('exp at now', 'TOK-25', claims({ iat: NOW - 60, exp: NOW })),
    ok('exp 1 s inside the leeway', 'TOK-25', claims({ iat: NOW - 64, exp: NOW - 4 })),
    ok(
      'oldest that can be: lifetime 300 s, exp 1 s inside the leeway',
      'TOK-25',
      claims({ iat: NOW - 304, exp: NOW - 4 }),
    ),
    ok('newest that can be: iat at now + leeway, lifetime 300 s', 'TOK-24', claims({ iat: NOW + 5, exp: NOW + 305 })),
    ok('unicode in values', 'TOK-18', claims({ tctx: { имя: 'Ωmega', 𝒦: '👩‍🚀' }, jti: 'ж-1' })),
    ok('escapes in JSON text', 'TOK-18', claims({ tctx: { 'a"b\\c/': '\u0001\n\t\u00e9' } }), {
      payload: withMembers(claims(), String.raw`"t\u0063tx":{"a\"b\\c\/":"\u0001\n\t\u00e9"}`),
    }),
    ok('escapes in header values', 'TOK-13', claims(), {
      header: String.raw`{"typ":"trust\u002bjwt","\u0061lg":"\u0045dDSA","kid":"${ed.kid}"}`,
    }),
    ok('header members in another order', 'TOK-12', claims(), {
      header: { kid: ed.kid, alg: ed.alg, typ: 'trust+jwt' },
    }),
    ok('claims in another order', 'TOK-18', reversed),
    ok('white space between JSON tokens of header and payload', 'TOK-11', claims(), {
      header: ` {\r\n\t"typ" : "trust+jwt" , "alg" : "EdDSA" , "kid" : "${ed.kid}" } \n`,
      payload: `\n${JSON.stringify(claims(), null, 2)}\r\n\t `,
    }),
    ignored(
      'unknown claims of every JSON type',
      'TOK-2',
      '"x":null,"y":[1,2.5,-3e-7,true,{"z":"z"}],"https://example.com/c":"v"',
    ),
    ignored(
      'unknown claim that differs from a known one in case only',
      'TOK-2',
      `"EXP":1,"Aud":"billing","ISS":"https://other.example"`,
    ),
    ignored(
      'unknown claim that differs by Unicode case folding only',
      'TOK-2',
      '"\u017fub":"idn_ffffffffffffffffffffffffffffffff","to\u212aen":"x"',
    ),
    ignored('nbf is a claim of another name', 'TOK-2', `"nbf":${NOW + 3_600}`),
    ignored('header names as claims', 'TOK-2', '"alg":"none","kid":"x","typ":"JWT","jwk":{"kty":"oct"}'),
    ignored('claims named like members of an object', 'TOK-2', '"constructor":"x","toString":"y","hasOwnProperty":1'),
    ignored('same name in different objects', 'TOK-18', '"x":{"a":1,"b":{"a":2}},"y":{"a":[{"a":1},{"a":2}]}'),
    { name: 'exactly 8192 bytes', rule: 'TOK-10', class: 'valid', token: big, expect: 'ok', claims: known(claims()) },
  ];
}

/** Small groups with other settings, so that none of them is built in. */
export function otherSettings(): { verifier: Settings; vectors: Vector[] }[] {
  const acme: Settings = {
    issuer: 'https://id.acme.example/trust/eu',
    audience: 'billing.v2',
    tenant_id: 'acme',
    leeway_seconds: 5,
    now: NOW + 86_400,
  };
  const mine = { iss: acme.issuer, aud: acme.audience, tid: acme.tenant_id, iat: acme.now, exp: acme.now + 60 };
  const strict: Settings = {
    issuer: 'https://trust.example',
    audience: 'orders',
    tenant_id: 'default',
    leeway_seconds: 0,
    now: NOW,
  };
  const bad = (name: string, rule: string, kind: string, expect: string, changes: Claims): Vector => ({
    name,
    rule,
    class: kind,
    token: token({ payload: claims(changes) }),
    expect,
  });
  return [
    {
      verifier: acme,
      vectors: [
        ok('other issuer, audience and tenant', 'TOK-22', claims(mine)),
        bad('issuer of the first group', 'TOK-20', 'issuer', 'TOKEN_ISSUER', { ...mine, iss: 'https://trust.example' }),
        bad('issuer without its path', 'TOK-20', 'issuer', 'TOKEN_ISSUER', { ...mine, iss: 'https://id.acme.example' }),
        bad('audience whose dot is another character', 'TOK-21', 'audience', 'TOKEN_AUDIENCE', {
          ...mine,
          aud: 'billing-v2',
        }),
        bad('tenant default', 'TOK-22', 'tenant', 'TOKEN_TENANT', { ...mine, tid: 'default' }),
        bad('expired by a day', 'TOK-25', 'time', 'TOKEN_EXPIRED', { ...mine, iat: NOW, exp: NOW + 60 }),
      ],
    },
    {
      verifier: strict,
      vectors: [
        ok('iat at now without leeway', 'TOK-24', claims({ iat: NOW, exp: NOW + 60 })),
        ok('exp 1 s after now without leeway', 'TOK-25', claims({ iat: NOW - 59, exp: NOW + 1 })),
        bad('iat 1 s after now without leeway', 'TOK-24', 'time', 'TOKEN_NOT_YET_VALID', {
          iat: NOW + 1,
          exp: NOW + 61,
        }),
        bad('exp at now without leeway', 'TOK-25', 'time', 'TOKEN_EXPIRED', { iat: NOW - 60, exp: NOW }),
      ],
    },
  ];
}
