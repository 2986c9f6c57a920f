// Every RPC of the descriptor, called by those who may not: the right reason each time, and nothing happens.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { type DescMethod, fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { SCOPES, type Scope } from '../../server/src/features/service_key/service_key.ts';
import { toBase62 } from '../../server/src/kernel/base62.ts';
import { isSecret, newServiceKey } from '../../server/src/kernel/secret.ts';
import { pathOf, RPCS, RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { newService } from '../support/shared_server.ts';
import { byHarm, validRequests } from '../support/valid_requests.ts';
import { repeatableRandom } from '../support/world.ts';

const PROTO = new URL('../../proto/trust/v1/', import.meta.url);

/** The scope of each RPC as the comments of the contract tell it; undefined means any service of the tenant. */
function scopesOfContract(): ReadonlyMap<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  for (const file of readdirSync(PROTO)) {
    const text = readFileSync(new URL(file, PROTO), 'utf8');
    for (const [, head = '', body = ''] of text.matchAll(/((?:\/\/ .*\n)+)service \w+ \{\n([\s\S]*?)\n\}/g)) {
      for (const [, comment = '', name = ''] of body.matchAll(/((?: {2}\/\/ .*\n)+) {2}rpc (\w+)\(/g)) {
        const own = scopeIn(comment) ?? scopeIn(head);
        const split = head.includes('Reads need scope') && scopeIn(comment) === undefined;
        const read = /^(Get|Find|List)/.test(name);
        found.set(name, /Any\s+service/.test(comment) ? undefined : split && !read ? 'identities:write' : own);
      }
    }
  }
  return found;
}

const scopeIn = (comment: string) =>
  /[Ss]cope\s+(?:\/\/ )?`([a-z:-]+)`/.exec(comment.replaceAll(/\n\s*\/\//g, ''))?.[1];

describe('attack: unauthenticated calls', function () {
  this.timeout(60_000);
  const scopes = scopesOfContract();
  let server: ServerProcess;
  let rpc: RpcCaller;
  let requests: Readonly<Record<string, JsonValue>>;
  const lacking = new Map<Scope, string>();
  let revoked: string;
  let expired: string;

  const send = (method: DescMethod, authorization: string | null, more: Record<string, JsonValue> = {}) => {
    // The tenant of a Watch stands in its first message.
    const request = { ...(requests[method.name] as object), ...(method.name === 'Watch' ? { start: more } : more) };
    const json = request as JsonValue;
    return rpc.raw(pathOf(method), toBinary(method.input, fromJson(method.input, json)), { authorization });
  };

  before(async () => {
    server = await startServer();
    rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
    for (const scope of SCOPES) {
      const others = SCOPES.filter((one) => one !== scope);
      lacking.set(scope, (await newService(rpc, others, ['dev', 'orders'])).key);
    }
    const ended = await newService(rpc, SCOPES);
    await rpc.ok('ServiceKeyService', 'revokeServiceKey', { keyId: ended.keyId });
    revoked = ended.key;
    const replaced = await newService(rpc, SCOPES);
    await rpc.ok('ServiceKeyService', 'rotateServiceKey', { keyId: replaced.keyId, overlapSeconds: 0 });
    expired = replaced.key;
    requests = await validRequests(rpc);
  });
  after(() => server?.remove());

  /** Everything that an RPC could have changed: the audit trail holds each act, and what it acts on is read beside it. */
  const state = async (): Promise<string> => {
    const identityId = (requests.GetIdentity as { identity_id: string }).identity_id;
    const sessionId = (requests.Verify as { session_id: string }).session_id;
    const [events, identity, tenant, keys, verdict] = await Promise.all([
      rpc.ok('AuditService', 'listAuditEvents', { pageSize: 1 }),
      rpc.ok('IdentityService', 'getIdentity', { identityId }),
      rpc.ok('TenantService', 'getTenant', {}),
      rpc.ok('SigningKeyService', 'listSigningKeys', {}),
      rpc.ok('SessionService', 'verify', { sessionId }),
    ]);
    const active = verdict.verdict?.answer?.$case;
    const facts = [events.events[0]?.id, identity.identity?.version, tenant.tenant?.version, keys.keys, active];
    return JSON.stringify(facts, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  };

  /** Refused for each RPC, for the reason, without a trace. */
  async function refusedEverywhere(
    expected: (method: DescMethod) => string | undefined,
    credential: (method: DescMethod) => string | null,
    more: Record<string, JsonValue> = {},
  ): Promise<void> {
    const before = await state();
    const wrong: string[] = [];
    for (const method of RPCS) {
      const reason = expected(method);
      if (reason === undefined) continue;
      const { failure } = await send(method, credential(method), more);
      if (failure?.reason !== reason) wrong.push(`${method.name}: ${failure?.reason ?? 'answered'}, not ${reason}`);
    }
    assert.deepEqual(wrong, []);
    assert.equal(await state(), before, 'nothing happened');
  }

  it('the descriptor, the contract and this table name the same RPCs', () => {
    assert.ok(RPCS.length >= 38);
    assert.deepEqual(RPCS.map(({ name }) => name).toSorted(), [...scopes.keys()].toSorted());
    assert.deepEqual(Object.keys(requests).toSorted(), [...scopes.keys()].toSorted());
    const named = new Set([...scopes.values()].filter((scope) => scope !== undefined));
    assert.deepEqual([...named].toSorted(), SCOPES.toSorted());
  });

  it('no key at all', () =>
    refusedEverywhere(
      () => 'SERVICE_KEY_MISSING',
      () => null,
    ));

  it('a well-formed key that nobody has', () => {
    const { key } = newServiceKey(repeatableRandom('nobody'));
    return refusedEverywhere(
      () => 'SERVICE_KEY_REJECTED',
      () => `Bearer ${key}`,
    );
  });

  it('the id of a live key with a secret that is not its own, well-formed', () => {
    const { key } = newServiceKey(repeatableRandom('nobody'));
    const text = server.serviceKey.slice(0, 21) + key.slice(21, -6);
    const forged = text + toBase62(BigInt(crc32(text)), 6);
    assert.ok(isSecret('service_key', forged));
    return refusedEverywhere(
      () => 'SERVICE_KEY_REJECTED',
      () => `Bearer ${forged}`,
    );
  });

  it('a revoked key', () =>
    refusedEverywhere(
      () => 'SERVICE_KEY_REJECTED',
      () => `Bearer ${revoked}`,
    ));

  it('an expired key', () =>
    refusedEverywhere(
      () => 'SERVICE_KEY_REJECTED',
      () => `Bearer ${expired}`,
    ));

  it('another spelling of a live key, and other schemes', async () => {
    const key = server.serviceKey;
    const verify = RPCS.find(({ name }) => name === 'Verify');
    assert.ok(verify);
    const spellings = [
      '',
      'Bearer',
      key,
      `Basic ${Buffer.from(`dev:${key}`).toString('base64')}`,
      `Token ${key}`,
      `BearerX ${key}`,
      `Bearer  , ${key}`,
      `Bearer ${key},`,
      `Bearer ${key}, Bearer ${key}`,
      `Bearer ${key} ${key}`,
      `Bearer ${key}x`,
      `Bearer ${key}=`,
      `Bearer ${key.slice(0, -1)}`,
      `Bearer ${key.slice(0, -6)}`,
      `Bearer ${key.toLowerCase()}`,
      `Bearer ${key.toUpperCase()}`,
      `Bearer ${swapCase(key)}`,
      `Bearer "${key}"`,
      `Bearer ${key.replace('tlk_', 'ts_')}`,
      `Bearer tlk_${'0'.repeat(16)}_${'0'.repeat(49)}`,
      `Bearer null`,
      `Bearer undefined`,
      `Bearer ' or '1'='1`,
      `Bearer ${encodeURIComponent(`${key}\n`)}`,
    ];
    for (const authorization of spellings) {
      const { failure } = await send(verify, authorization);
      assert.equal(failure?.reason, 'SERVICE_KEY_REJECTED', `spelling ${spellings.indexOf(authorization)}`);
    }
  });

  it('a key whose service lacks the scope of the RPC, and no other', () =>
    refusedEverywhere(
      ({ name }) => (scopes.get(name) === undefined ? undefined : 'SCOPE_MISSING'),
      ({ name }) => `Bearer ${lacking.get(scopes.get(name) as Scope)}`,
    ));

  it('a scope that is missing is named', async () => {
    for (const method of RPCS.filter(({ name }) => scopes.get(name) !== undefined)) {
      const scope = scopes.get(method.name) as Scope;
      const { failure } = await send(method, `Bearer ${lacking.get(scope)}`);
      assert.deepEqual(failure?.metadata, { scope }, method.name);
    }
  });

  it('TERM-2 the id of another tenant', () =>
    refusedEverywhere(
      () => 'TENANT_NOT_ALLOWED',
      () => `Bearer ${server.serviceKey}`,
      { tenant_id: 'other' },
    ));

  it('TERM-2 a tenant that is none', async () => {
    for (const tenantId of [
      'Default',
      'default ',
      ' default',
      'default\n',
      'default\u0000',
      'x'.repeat(64),
      '../default',
      '*',
    ]) {
      await refusedEverywhere(
        () => 'INVALID_FIELD',
        () => `Bearer ${server.serviceKey}`,
        { tenant_id: tenantId },
      );
    }
  });

  it('a refused caller learns nothing of the request: an unreadable message is answered by the missing key', async () => {
    for (const method of RPCS.filter(({ methodKind }) => methodKind === 'unary')) {
      const { failure } = await rpc.raw(pathOf(method), Buffer.from('ffff', 'hex'), { authorization: null });
      assert.equal(failure?.reason, 'SERVICE_KEY_MISSING', method.name);
    }
  });

  it('the requests above are good ones: with the key and the scope each is answered', async () => {
    for (const method of RPCS.toSorted(byHarm)) {
      const { failure } = await send(method, `Bearer ${server.serviceKey}`);
      const expected = REFUSED[method.name];
      assert.equal(failure?.reason, expected, `${method.name} ${JSON.stringify(failure?.fields)}`);
    }
  });
});

/** What nobody can have without a sign-in: refused by what it says, not for who asks. */
const REFUSED: Readonly<Record<string, string>> = {
  ExchangeSignInCode: 'SIGN_IN_CODE_REJECTED',
  ProveTotp: 'PENDING_SIGN_IN_REJECTED',
  ProveRecoveryCode: 'PENDING_SIGN_IN_REJECTED',
  CompleteTotpEnrollment: 'CREDENTIAL_REJECTED',
  RegenerateRecoveryCodes: 'STEP_UP_REQUIRED',
  ChangePassword: 'SESSION_REJECTED',
  StartEmailVerification: 'SESSION_REJECTED',
  CompleteEmailSignIn: 'CREDENTIAL_REJECTED',
  CompletePasswordReset: 'CREDENTIAL_REJECTED',
  CompleteEmailVerification: 'CREDENTIAL_REJECTED',
  RemoveFactor: 'FACTOR_NOT_FOUND',
  RevokeInvitation: 'INVITATION_NOT_FOUND',
  GetInvitation: 'INVITATION_REJECTED',
  AcceptInvitation: 'INVITATION_REJECTED',
  CompletePasskeyRegistration: 'CREDENTIAL_REJECTED',
  CompletePasskeySignIn: 'CREDENTIAL_REJECTED',
  StartOauthSignIn: 'FEATURE_NOT_CONFIGURED',
  CompleteOauthSignIn: 'OAUTH_REJECTED',
  StartAccountLink: 'FEATURE_NOT_CONFIGURED',
  CompleteAccountLink: 'OAUTH_REJECTED',
  UnlinkAccount: 'ACCOUNT_NOT_FOUND',
  GetProviderTokens: 'ACCOUNT_NOT_FOUND',
};

const swapCase = (text: string) =>
  text.replaceAll(/[a-z]/gi, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()));
