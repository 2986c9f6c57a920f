// Every field of every request at its edge: the longest and largest that the contract allows is accepted, one more is refused and named (ERR-3, ERR-6).
import assert from 'node:assert/strict';
import { type DescMessage, fromJson, type JsonObject, type JsonValue, toBinary } from '@bufbuild/protobuf';
import {
  a,
  batchVerify,
  begun,
  bytes,
  callbackQuery,
  characters,
  client,
  credential,
  device,
  type Edge,
  hex,
  id,
  identifier,
  instant,
  list,
  logo,
  MAIL_EDGES,
  name,
  oauthStart,
  organisationEdges,
  pageLink,
  pageSize,
  password,
  put,
  rateLimits,
  roles,
  scope,
  secret,
  standingEdges,
  subject,
  textMap,
  token,
  type,
  url,
  verify,
  whole,
} from '../support/field_edges.ts';
import { invitationEdges } from '../support/invitation_edges.ts';
import { pathOf, RPCS, RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { freshName, newService, newSession } from '../support/shared_server.ts';
import { tenantEdges } from '../support/tenant_edges.ts';
import { validRequests } from '../support/valid_requests.ts';

const actor: Edge = { good: ['a', a(64), 'A.b_c:d-9'], bad: ['', a(65), 'a@b', 'a b', '-a', 'é'] };
const optionalOrganisation: Edge = { good: [''], bad: id('org').bad.slice(1) };

/** The edges of each field, by RPC. A field that is any value of its type is in ANY. */
const EDGES: Readonly<Record<string, Readonly<Record<string, Edge>>>> = {
  ...organisationEdges,
  ...tenantEdges,
  ...invitationEdges,
  CreateSession: {
    identity_id: id('idn'),
    acr: { good: ['', 'aal1', 'aal2'], bad: ['aal3', 'AAL1', 'aal1 ', a(1_000)] },
    amr: {
      good: [[], list(8, (n) => `m${n}`), [a(16)]],
      bad: [list(9, (n) => `m${n}`), [a(17)], [''], ['PWD'], ['a b'], ['é']],
    },
    authenticated_at: {
      good: [instant(-83_000_000), instant(-1_000)], // not at the edges, which unit tests hold: a suite takes minutes
      bad: [instant(3_600_000), instant(-86_500_000), '0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z'],
    },
    idle_timeout_seconds: { good: [0, 60], bad: [59, 1, 31_536_001, 4_294_967_295] },
    absolute_timeout_seconds: { good: [0, 60], bad: [59, 1, 31_536_001, 4_294_967_295] },
    organisation_id: optionalOrganisation,
    ...device,
  },
  Verify: verify,
  BatchVerify: batchVerify,
  RevokeSession: { session_id: secret, handle: id('ses') },
  RevokeIdentitySessions: { identity_id: id('idn') },
  StartImpersonation: {
    identity_id: id('idn'),
    operator: actor,
    reason: { good: [a(8), a(256), a(256, '😀')], bad: ['', a(7), `${a(6)}   `, a(257), `${a(8)}\u0000`] },
    lifetime_seconds: whole(60, 3_600, false),
    ...device,
  },
  StartDelegation: {
    session_id: secret,
    agent: actor,
    scope: { good: [['x'], list(32, (n) => `s${n}`), [a(64)]], bad: [[], list(33, (n) => `s${n}`), [a(65)], ['a b']] },
    lifetime_seconds: whole(60, 86_400, false),
    ...device,
  },
  ListSessions: { identity_id: id('idn'), page_size: pageSize },
  RotateSession: { session_id: secret },
  IssueTrustToken: {
    session_id: secret,
    audience: name,
    scope,
    lifetime_seconds: whole(5, 300),
    transaction_context: textMap(16, 256),
    request_context: textMap(16, 256),
    ...client,
  },
  ExchangeTrustToken: { trust_token: token, audience: name, scope, lifetime_seconds: whole(5, 300) },
  CreateGuest: { display_name: characters(128), metadata: textMap(32, 512), ...begun },
  CreateIdentity: {
    identifiers: {
      good: [list(10, () => ({ type: 3, value: freshName('i') }))],
      bad: [
        [],
        list(11, () => ({ type: 3, value: freshName('i') })),
        [
          { type: 3, value: 'twice' },
          { type: 3, value: 'TWICE ' },
        ],
      ],
    },
    'identifiers[0].type': type,
    'identifiers[0].value': { good: [a(64), 'abc'], bad: identifier.bad },
    display_name: characters(128),
    roles,
    metadata: textMap(32, 512),
  },
  GetIdentity: { identity_id: id('idn') },
  FindIdentity: { type, value: { good: ['abc', a(64)], bad: identifier.bad } },
  UpdateIdentity: {
    identity_id: id('idn'),
    display_name: characters(128),
    'roles.values': roles,
    'metadata.entries': textMap(32, 512),
  },
  ...standingEdges,
  EnableIdentity: { identity_id: id('idn') },
  DeleteIdentity: { identity_id: id('idn') },
  RequestDeletion: { session_id: secret },
  ExportIdentity: { identity_id: id('idn') },
  ListIdentities: { page_size: pageSize },
  AddIdentifier: {
    identity_id: id('idn'),
    identifier: { good: [{ type: 1, value: 'new@example.com' }], bad: [null] },
    'identifier.type': type,
    'identifier.value': { good: ['abc'], bad: identifier.bad },
  },
  RemoveIdentifier: { identity_id: id('idn'), type, value: { good: ['abc'], bad: identifier.bad } },
  SignUpWithPassword: {
    identifier_type: type,
    identifier: { good: [], bad: ['', a(255), 'ab', 'a\u0000'] },
    password: { good: password.good.slice(1), bad: [...password.bad, '', 'seven77'] },
    display_name: characters(128),
    guest_session_id: { good: [''], bad: [a(257), a(129, 'é'), 'a\u0000'] },
    ...begun,
  },
  SignInWithPassword: {
    identifier_type: type,
    identifier: { good: [a(254), 'x'], bad: ['', a(255), 'a\u0000'] },
    password,
    device_token: bytes(256),
    ...begun,
  },
  ProveTotp: { pending_token: secret, code: bytes(16), ...device },
  ProveRecoveryCode: { pending_token: secret, recovery_code: bytes(64), ...device },
  StartStepUp: { session_id: secret },
  StartTotpEnrollment: subject,
  CompleteTotpEnrollment: {
    ...subject,
    enrollment_token: bytes(512, true),
    code: bytes(16),
    label: characters(64),
    ...device,
  },
  RegenerateRecoveryCodes: { session_id: secret },
  ListFactors: { identity_id: id('idn') },
  RemoveFactor: { identity_id: id('idn'), factor_id: id('fac'), ...device },
  ForgetDevices: { identity_id: id('idn') },
  StartPasskeyRegistration: subject,
  CompletePasskeyRegistration: { ...subject, credential_json: credential, label: characters(64), ...device },
  StartPasskeySignIn: { pending_token: bytes(256) },
  CompletePasskeySignIn: { pending_token: bytes(256), credential_json: credential, ...device },
  StartOauthSignIn: oauthStart,
  CompleteOauthSignIn: {
    attempt_token: secret,
    callback_query: callbackQuery,
    ...device,
    device_token: bytes(256),
  },
  StartAccountLink: { ...subject, ...oauthStart },
  CompleteAccountLink: { attempt_token: secret, callback_query: callbackQuery, ...device },
  ListLinkedAccounts: { identity_id: id('idn') },
  UnlinkAccount: { identity_id: id('idn'), account_id: id('lac'), ...device },
  GetProviderTokens: { identity_id: id('idn'), account_id: id('lac') },
  SetPassword: {
    identity_id: id('idn'),
    password: { good: password.good.slice(1), bad: [...password.bad, '', 'seven77'] },
  },
  ...MAIL_EDGES,
  ExchangeSignInCode: {
    code: secret,
    code_verifier: {
      good: [a(43), a(128), `${a(39)}-._~`],
      bad: ['', a(42), a(129), `${a(42)}=`, `${a(42)} `, a(43, 'é')],
    },
    return_to: bytes(2_048, true),
    previous_session_id: { good: ['', a(256)], bad: [a(257), a(129, 'é'), 'a\u0000'] },
    ...device,
  },
  PutService: {
    name,
    scopes: {
      good: [[], ['sessions:verify']],
      bad: [['nothing'], [''], ['sessions:verify '], list(33, () => 'sessions:verify')],
    },
    audiences: { good: [[], list(64, (n) => `a${n}`), [a(63)]], bad: [list(65, (n) => `a${n}`), ['A'], [''], [a(64)]] },
    certificate_names: {
      good: [[], list(8, (n) => `h${n}.example`), [`spiffe://example.org/${a(234)}`]],
      bad: [
        list(9, (n) => `h${n}.example`),
        [`spiffe://example.org/${a(235)}`],
        ['*.example'],
        ['Example.org'],
        ['http://x'],
        [''],
      ],
    },
  },
  ListServices: { page_size: pageSize },
  DeleteService: { name },
  CreateServiceKey: { service: name, lifetime_seconds: whole(60, 63_072_000) },
  RotateServiceKey: {
    key_id: { good: [a(16)], bad: ['', a(15), a(17), 'é'.repeat(8), `${a(15)}-`] },
    overlap_seconds: { good: [0, 604_800], bad: [604_801, 4_294_967_295] },
    lifetime_seconds: whole(60, 63_072_000),
  },
  RevokeServiceKey: { key_id: { good: [a(16)], bad: ['', a(15), a(17), `${a(15)}_`] } },
  ListServiceKeys: { service: name },
  RotateSigningKey: { alg: { good: ['', 'EdDSA', 'ES256'], bad: ['none', 'HS256', 'eddsa', 'RS256', a(5_000)] } },
  RetireSigningKey: { kid: id('sgk') },
  UpdateTenant: {
    settings: { good: [], bad: [null] },
    'settings.display_name': { good: ['T', a(64)], bad: ['', ' ', a(65), 'a\u0000'] },
    'settings.mfa_roles': roles,
    'settings.remember_device_days': { good: [0, 365], bad: [366, 4_294_967_295] },
    'settings.max_sessions': { good: [0, 1_000], bad: [1_001, 4_294_967_295] },
    'settings.reauthentication_seconds': whole(60, 86_400),
    'settings.deletion_wait_days': { good: [0, 90], bad: [91, 4_294_967_295] },
    'settings.return_to': {
      good: [[], list(64, (n) => `https://app.example/${n}`), [url(2_048)]],
      bad: [
        list(65, (n) => `https://app.example/${n}`),
        [url(2_049)],
        [''],
        ['x'],
        ['http://app.example/'],
        ['https://app.example/#x'],
        ['https://u@app.example/'],
        ['javascript:alert(1)'],
      ],
    },
    'settings.session_idle_timeout_seconds': whole(60, 31_536_000, false),
    'settings.session_absolute_timeout_seconds': whole(60, 31_536_000, false),
    'settings.trust_token_lifetime_seconds': whole(5, 300, false),
    'settings.branding.accent_color': {
      good: ['', '#0a1B2c'],
      bad: ['#fff', 'red', '#1234567', '#12345g', '#123456;'],
    },
    'settings.branding.logo': { good: ['', logo(24_576)], bad: [logo(24_577), 'PHN2Zy8+'] },
    'settings.branding.terms_url': pageLink,
    'settings.branding.privacy_url': pageLink,
    'settings.branding.support_url': {
      good: [...pageLink.good, 'mailto:help@app.example'],
      bad: [...pageLink.bad, 'mailto:a@b?body=x', 'mailto:x'],
    },
    ...rateLimits,
  },
  CreateWebhook: {
    url: {
      good: ['https://hooks.example.com', `https://hooks.example.com/${a(2_022)}`],
      bad: ['', 'hooks', `https://hooks.example.com/${a(2_023)}`, 'http://hooks.example.com/', 'https://10.0.0.1/'],
    },
    actions: { good: [[], list(64, () => a(64))], bad: [list(65, () => 'a'), [a(65)], [''], ['a\n']] },
  },
  DeleteWebhook: { webhook_id: id('whk') },
  // One of the right form that is not there is refused too.
  RotateWebhookSecret: { webhook_id: { good: [], bad: id('whk').bad }, overlap_seconds: whole(0, 604_800) },
  ReplayWebhook: { webhook_id: { good: [], bad: id('whk').bad } },
  ExplainSession: { session_id: secret, handle: id('ses') },
  ListAuditEvents: {
    identity_id: { good: ['', `idn_${hex}`], bad: [`idn_${a(31, '0')}`, 'x'] },
    action: bytes(64),
    page_size: pageSize,
  },
};

/** Fields without an edge, or held elsewhere (tenants: unauthenticated.test.ts; page tokens: page_tokens.test.ts). */
const ANY =
  /(^|\.)(tenant_id|page_token|consistency|expected_version|verified|immediate|sign_up_open|remember_device|mfa_policy|session_overflow|session_binding\.(network|device)|new_device_mail|sign_in_methods\.(mail|passkey|oauth)|after_seq|claim_email)$|^RevokeSession\.identity_id$|^Watch\./;

function fieldsOf(desc: DescMessage, prefix = ''): string[] {
  return desc.fields.flatMap((field) => {
    const path = `${prefix}${field.name}${field.fieldKind === 'list' && field.message ? '[0]' : ''}`;
    const inner = field.fieldKind === 'map' ? undefined : field.message;
    if (inner === undefined || inner.typeName.startsWith('google.')) return [path];
    return fieldsOf(inner, `${path}.`);
  });
}

describe('attack: bounds of every field', function () {
  this.timeout(90_000);
  // Its own: the settings of the tenant are among the fields.
  let server: ServerProcess;
  let rpc: RpcCaller;
  let requests: Readonly<Record<string, JsonValue>>;

  after(() => server?.remove());
  before(async () => {
    server = await startServer();
    rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
    requests = await validRequests(rpc);
  });

  it('each field of each request of the descriptor has its edges, or none', () => {
    const missing = RPCS.flatMap(({ name: rpc, input }) =>
      fieldsOf(input)
        .filter((path) => !ANY.test(`${rpc}.${path}`) && !ANY.test(path) && EDGES[rpc]?.[path] === undefined)
        .map((path) => `${rpc} ${path}`),
    );
    assert.deepEqual(missing, []);
  });

  it('what is within is accepted, what is beyond is refused with INVALID_FIELD and named; its value never is', async () => {
    const wrong: string[] = [];
    let tried = 0;
    for (const [name, fields] of Object.entries(EDGES)) {
      const method = RPCS.find((one) => one.name === name);
      assert.ok(method, name);
      for (const [path, { good, bad }] of Object.entries(fields)) {
        const ask = async (value: JsonValue) => {
          tried += 1;
          // Exactly one name of a session: the other of the two has to go.
          const { session_id: _, ...others } = requests[name] as JsonObject;
          const whole = path.startsWith('subject.') ? { ...others, subject: {} } : (requests[name] as JsonObject);
          const base = path === 'handle' ? others : whole;
          const request = put(base, path, value);
          const bytesOfIt = toBinary(method.input, fromJson(method.input, request));
          return (await rpc.raw(pathOf(method), bytesOfIt)).failure;
        };
        for (const value of good) {
          const failure = await ask(value);
          if (failure?.reason === 'INVALID_FIELD' || failure?.reason === 'UNKNOWN')
            wrong.push(`${name} ${path}: ${shown(value)} was refused: ${JSON.stringify(failure.fields)}`);
          if (['INTERNAL', 'DATABASE_UNAVAILABLE'].includes(failure?.reason ?? ''))
            wrong.push(`${name} ${path}: ${shown(value)} was answered ${failure?.reason}`);
        }
        for (const value of bad) {
          const failure = await ask(value);
          const named = failure?.fields.some(({ field }) => field.startsWith(path)) ?? false;
          if (failure?.reason !== 'INVALID_FIELD' || !named)
            wrong.push(
              `${name} ${path}: ${shown(value)} was answered ${failure?.reason ?? 'OK'} ${JSON.stringify(failure?.fields)}`,
            );
          if (typeof value === 'string' && value.length > 12 && JSON.stringify(failure ?? '').includes(value))
            wrong.push(`${name} ${path}: the value is in the error`);
        }
      }
    }
    console.log(`      ${tried} requests`);
    assert.deepEqual(wrong, []);
  });

  it('TERM-4 an enum value that the server does not know is no value', async () => {
    const { sessionId } = await newSession(rpc);
    for (const consistency of [3, 99, -1]) {
      const { verdict } = await rpc.ok('SessionService', 'verify', { sessionId, consistency: consistency as 0 });
      assert.equal(verdict?.answer?.$case, 'active', 'the strictest reading answers every consistency');
    }
  });

  it('RevokeSession: an owner goes with a handle only, and a target is required', async () => {
    const { sessionId, handle, identityId } = await newSession(rpc);
    const refused = async (request: Parameters<typeof rpc.refused<'SessionService', 'revokeSession'>>[2]) => {
      const { reason, fields } = await rpc.refused('SessionService', 'revokeSession', request);
      return [reason, fields[0]?.field];
    };
    assert.deepEqual(await refused({}), ['INVALID_FIELD', 'target']);
    const owner = ['INVALID_FIELD', 'identity_id'];
    assert.deepEqual(await refused({ target: { $case: 'sessionId', value: sessionId }, identityId }), owner);
    assert.deepEqual(await refused({ target: { $case: 'handle', value: handle }, identityId: 'x' }), owner);
  });

  it('a message of more bytes than its RPC takes is refused whole', async () => {
    const service = await newService(rpc, ['sessions:verify', 'tenants:admin']);
    for (const method of RPCS.filter(({ methodKind }) => methodKind === 'unary')) {
      const padding = Buffer.concat([Buffer.from([0xfa, 0x3f, 0x80, 0x80, 0x08]), Buffer.alloc(131_072)]);
      const { failure } = await rpc.raw(pathOf(method), Buffer.concat([padding, padding]), {
        authorization: `Bearer ${service.key}`,
      });
      assert.equal(failure?.code, 'RESOURCE_EXHAUSTED', method.name);
    }
  });
});

const shown = (value: JsonValue) => (JSON.stringify(value) ?? '').slice(0, 60);
