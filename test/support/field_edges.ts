// Values at the edge of what a field takes, and beyond it.
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';

export type Edge = { readonly good: readonly JsonValue[]; readonly bad: readonly JsonValue[] };

export const a = (count: number, letter = 'a') => letter.repeat(count);
export const list = (count: number, item: (place: number) => JsonValue) =>
  Array.from({ length: count }, (_, place) => item(place));
export const map = (count: number, key: (place: number) => string, value = 'v') =>
  Object.fromEntries(list(count, key).map((name) => [String(name), value]));
export const hex = a(32, '0');

export const bytes = (max: number, required = false): Edge => ({
  good: [a(max), a(Math.floor(max / 2), 'é'), ...(required ? [] : [''])],
  bad: [a(max + 1), a(Math.floor(max / 2) + 1, 'é'), 'a\u0000', 'a\n', ...(required ? [''] : [])],
});
export const characters = (max: number): Edge => ({
  good: ['', a(max), a(max, 'é'), a(max, '😀')],
  bad: [a(max + 1), a(max + 1, '😀'), 'a\u0000b', '\u007f'],
});
export const id = (prefix: string): Edge => ({
  good: [`${prefix}_${hex}`],
  bad: [
    '',
    prefix,
    `${prefix}_${hex}0`,
    `${prefix}_${a(31, '0')}`,
    `${prefix}_${a(32, 'A')}`,
    `${prefix}_${a(32, 'g')}`,
  ],
});
export const secret: Edge = { good: ['x', a(256), a(128, 'é')], bad: ['', a(257), a(129, 'é'), a(60_000)] };
export const whole = (min: number, max: number, zero = true): Edge => ({
  good: [min, max, ...(zero ? [0] : [])],
  bad: [max + 1, 4_294_967_295, ...(min > 0 ? [min - 1 || 4_294_967_294] : []), ...(zero ? [] : [0])],
});
export const name: Edge = { good: ['a', a(63), 'a.b_c-9'], bad: ['', a(64), '-a', 'a-', 'A', 'a b', '.a', 'a\n', 'é'] };
export const email = (local: number) => `${a(local)}@${`${a(60)}.`.repeat(3)}example`;
export const identifier: Edge = {
  good: ['abc', a(64), `${a(64)}@example.com`, 'A@Example.com', ' abc '],
  bad: [
    '',
    'ab',
    a(65),
    a(255),
    `${a(65)}@example.com`,
    'a@b',
    email(64) + a(40),
    'a b c',
    'a\u0000bc',
    '+12',
    `+${a(16, '1')}`,
    'é@example.com',
  ],
};
export const address: Edge = {
  good: ['a@example.com', `${a(64)}@example.com`, ' A@Example.com '],
  bad: [
    '',
    a(255),
    'ab',
    '@example.com',
    'a@b',
    `${a(65)}@example.com`,
    'a\u0000@example.com',
    'a@example.com\nb',
    'a@example.com,b@example.com',
  ],
};
export const type: Edge = { good: ['IDENTIFIER_TYPE_USERNAME'], bad: [0, 4, 99, -1] };
export const roles: Edge = {
  good: [[], list(32, (n) => `r${n}`), [a(64)], ['A.b_c:d-9']],
  bad: [list(33, (n) => `r${n}`), [a(65)], [''], ['a b'], ['é'], ['a\n']],
};
export const textMap = (count: number, value: number): Edge => ({
  good: [{}, map(count, (n) => `k${n}`), { [a(64)]: a(value) }, { [a(32, 'é')]: '' }],
  bad: [map(count + 1, (n) => `k${n}`), { [a(65)]: 'v' }, { '': 'v' }, { k: a(value + 1) }, { k: 'a\u0000' }],
});
export const scope: Edge = {
  good: [[], list(32, (n) => `s${n}`), [a(64)], ["!#$%&'()*+,-./:;<=>?@[]^_`{|}~"]],
  bad: [list(33, (n) => `s${n}`), [a(65)], [''], ['a b'], ['"'], ['\\'], ['é']],
};
export const pageSize: Edge = { good: [0, 1, 100], bad: [101, 4_294_967_295] };
export const password: Edge = {
  good: ['violet-o', a(1_024), `${a(511, 'é')}xy`],
  bad: [a(1_025), `${a(512, 'é')}x`, a(50_000)],
};
export const device: Readonly<Record<string, Edge>> = {
  'device.user_agent': bytes(512),
  'device.ip_address': {
    good: ['', '192.0.2.1', '2001:db8::1', 'ABCD:ABCD:ABCD:ABCD:ABCD:ABCD:192.168.158.190'],
    bad: [a(45), '192.0.2.1 ', '192.0.2.256', '1.2.3', '::1%25', '192.0.2.1\u0000', 'localhost', a(46, '1')],
  },
  'device.label': characters(64),
};
export const client: Readonly<Record<string, Edge>> = {
  'client.user_agent': device['device.user_agent'] as Edge,
  'client.ip_address': device['device.ip_address'] as Edge,
};
export const verify: Readonly<Record<string, Edge>> = {
  session_id: { good: ['', 'x', a(256), a(128, 'é')], bad: [a(257), a(129, 'é'), a(60_000)] },
  ...client,
};
export const batchVerify: Readonly<Record<string, Edge>> = {
  session_ids: {
    good: [['x'], list(256, () => a(256))],
    bad: [[], list(257, () => 'x'), [a(257)], ['x', a(129, 'é')]],
  },
  'clients[0].user_agent': device['device.user_agent'] as Edge,
  'clients[0].ip_address': device['device.ip_address'] as Edge,
};
/** The device and the proof of what begins something. */
export const begun: Readonly<Record<string, Edge>> = { ...device, proof_of_work: bytes(2_048) };
/** Names of providers, callbacks of the caller, and what comes back to them. */
const provider: Edge = { good: ['acme', a(32)], bad: ['', a(33), 'Acme', '1a', 'a-b', 'a\n', 'é'] };
const redirectUri: Edge = {
  good: ['http://localhost/auth/callback', 'http://localhost:3000/auth/callback'],
  bad: ['', 'https://evil.example/', 'http://localhost/auth/callback?a=b', 'http://localhost/auth/callback/', a(2_049)],
};
export const oauthStart: Readonly<Record<string, Edge>> = {
  provider,
  redirect_uri: redirectUri,
  ip_address: device['device.ip_address'] as Edge,
};
export const callbackQuery: Edge = {
  good: ['code=c&state=s', a(8_192)],
  bad: ['', a(8_193), 'state=a&state=b', 'state=%ff', 'é', 'a\nb'],
};
export const now = Date.now();
export const instant = (ms: number) => new Date(now + ms).toISOString();
const lockEnd: Edge = {
  good: [instant(86_400_000), instant(366 * 86_400_000 - 1)],
  bad: [instant(-1), instant(367 * 86_400_000), '0001-01-01T00:00:00Z'],
};
export const standingEdges = {
  DisableIdentity: { identity_id: id('idn'), reason: characters(256) },
  LockIdentity: { identity_id: id('idn'), reason: characters(256), until: lockEnd },
};
export const url = (size: number) => `https://app.example/${a(size - 'https://app.example/'.length)}`;
export const token: Edge = { good: [a(8_192), 'x'], bad: ['', a(8_193), a(4_097, 'é')] };

export const subject: Readonly<Record<string, Edge>> = {
  'subject.session_id': secret,
  'subject.pending_token': secret,
};
export const credential: Edge = { good: ['{}', a(16_384)], bad: ['', a(16_385), a(8_193, 'é')] };

/** A PNG of so many bytes, in base64. */
export const logo = (size: number) =>
  Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(size - 8)]).toString('base64');
/** A link that a page may show. */
export const pageLink: Edge = {
  good: ['', 'https://app.example/terms?a=1', url(2_048)],
  bad: [
    'http://app.example/',
    '/terms',
    'javascript:alert(1)',
    'https://u@app.example/',
    'https://app.example/"',
    url(2_049),
  ],
};
const word = (max: number): Edge => ({
  good: ['a', a(max), 'A.b_c:d-9'],
  bad: ['', a(max + 1), 'a b', 'é', 'a\n'],
});
const words = (count: number, max: number): Edge => ({
  good: [[], list(count, (n) => `p${n}`), [a(max)]],
  bad: [list(count + 1, (n) => `p${n}`), [a(max + 1)], [''], ['a b'], ['a', 'a']],
});
const title: Edge = { good: ['x', a(128, '😀')], bad: ['', ' ', a(129), 'a\u0000b'] };
const role = (n: number, permissions: number, from = 0) => ({
  name: `r${n}`,
  permissions: list(permissions, (place) => `p${from + place}`),
});
const roleList: Edge = {
  good: [[], list(32, (n) => role(n, 1, n)), [role(1, 50)], list(32, (n) => role(n, 50))],
  bad: [
    list(33, (n) => role(n, 0)),
    [role(1, 51)],
    [role(1, 50), role(2, 1, 50)],
    [role(1, 0), role(1, 1)],
    [{ name: '', permissions: [] }],
    [{ name: 'r', permissions: [a(49)] }],
  ],
};

/** Edges of the fields of OrganisationService. Those that name a role or a member only go as far as their form. */
export const organisationEdges: Readonly<Record<string, Readonly<Record<string, Edge>>>> = {
  CreateOrganisation: {
    display_name: title,
    roles: roleList,
    'roles[0].name': word(64),
    'roles[0].permissions': words(50, 48),
    metadata: textMap(32, 512),
  },
  GetOrganisation: { organisation_id: id('org') },
  UpdateOrganisation: { organisation_id: id('org'), display_name: title, 'metadata.entries': textMap(32, 512) },
  DeleteOrganisation: { organisation_id: id('org') },
  ListOrganisations: { page_size: pageSize },
  PutRole: {
    organisation_id: id('org'),
    'role.name': word(64),
    'role.permissions': { ...words(40, 48), bad: words(50, 48).bad },
  },
  DeleteRole: { organisation_id: id('org'), role: word(64) },
  AddMember: { organisation_id: id('org'), identity_id: id('idn'), roles: words(8, 64) },
  UpdateMember: { organisation_id: id('org'), identity_id: id('idn'), roles: words(8, 64) },
  RemoveMember: { organisation_id: id('org'), identity_id: id('idn') },
  ListMembers: { organisation_id: id('org'), page_size: pageSize },
  ListMemberships: { identity_id: id('idn'), page_size: pageSize },
  SetActiveOrganisation: { session_id: secret, organisation_id: { good: [''], bad: id('org').bad.slice(1) } },
};

/** The request with another value at a path. */
export function put(request: JsonObject, path: string, value: JsonValue): JsonObject {
  const [head = '', ...rest] = path.split('.');
  const member = head.replace('[0]', '');
  const before = request[member];
  const inner = (before === undefined || before === null ? {} : before) as JsonObject;
  const after =
    rest.length === 0
      ? value
      : head.endsWith('[0]')
        ? [put((before as JsonObject[] | undefined)?.[0] ?? {}, rest.join('.'), value)]
        : put(inner, rest.join('.'), value);
  return { ...request, [member]: after };
}

const mail = { email: address, language: bytes(35), ...device };
const typed = { flow_token: secret, code: bytes(16, true), ...device };
/** Of what is done by mail, and the change of a password. */
export const MAIL_EDGES: Readonly<Record<string, Readonly<Record<string, Edge>>>> = {
  ChangePassword: {
    session_id: secret,
    current_password: { good: ['', a(1_024)], bad: password.bad },
    password,
    ...device,
  },
  StartEmailSignIn: { ...mail, ...begun },
  CompleteEmailSignIn: { ...typed, device_token: bytes(256) },
  StartPasswordReset: { ...mail, ...begun },
  CompletePasswordReset: { ...typed, password },
  StartEmailVerification: { ...mail, session_id: secret, replaces: { good: [''], bad: address.bad.slice(1) } },
  CompleteEmailVerification: typed,
};

/** Of the settings of a tenant. */
export const rateLimits: Readonly<Record<string, Edge>> = Object.fromEntries(
  ['account', 'address', 'tenant', 'mail', 'free_address', 'free_tenant'].flatMap((limit) => [
    [`settings.rate_limits.${limit}.burst`, whole(1, 1_000_000, false)],
    [`settings.rate_limits.${limit}.per_hour`, whole(1, 3_600_000, false)],
  ]),
);
