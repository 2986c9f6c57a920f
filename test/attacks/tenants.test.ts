// TEN-2: nothing of one tenant can be reached from another. Every RPC of the descriptor, called with the key of one tenant and what is another's,
// answers as it does for what nobody has, and leaves the other's rows as they were.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DescMethod, fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import Database from 'libsql';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { SCOPES } from '../../server/src/features/service_key/service_key.ts';
import { type ComposedServer, composedServer, RETURN_TO } from '../support/composed_server.ts';
import { fakeProvider } from '../support/fake_provider.ts';
import { pathOf, RPCS, RpcCaller } from '../support/rpc_caller.ts';
import { freshName, newIdentity, newOrganisation } from '../support/shared_server.ts';
import { idsIn, ofNobody } from '../support/strangers.ts';
import { byHarm, validRequests } from '../support/valid_requests.ts';

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const PASSWORD = 'violet-otter-battery';

type Requests = Record<string, JsonValue>;
type Party = { readonly id: string; readonly rpc: RpcCaller; readonly requests: Requests };

describe('attack: from one tenant into another', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'tenants_'));
  const file = join(folder, 'trust-layer.db');
  const provider = fakeProvider('acme').provider;
  let server: ComposedServer;
  let alpha: Party;
  let beta: Party;

  before(async () => {
    server = await composedServer({
      databaseUrl: `file:${file}`,
      mail: true,
      oauthProviders: [{ ...provider, tenants: ['default', 'alpha', 'beta'] }],
    });
    alpha = await party('alpha');
    beta = await party('beta');
  });
  after(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A tenant with a service that may do everything, and one good request for each RPC. */
  async function party(id: string): Promise<Party> {
    const { serviceKey } = await server.rpc.ok('TenantService', 'createTenant', { id });
    const admin = new RpcCaller(server.address, serviceKey, id);
    await admin.ok('ServiceKeyService', 'putService', {
      name: 'dev',
      scopes: [...SCOPES],
      audiences: ['dev', 'orders'],
    });
    const made = await admin.ok('ServiceKeyService', 'createServiceKey', { service: 'dev' });
    admin.close();
    const rpc = new RpcCaller(server.address, made.serviceKey, id);
    return { id, rpc, requests: { ...(await validRequests(rpc)), ...(await heldRequests(id, rpc)) } };
  }

  /** Requests with what a person holds in the middle of something: codes, pending sign-ins, attempts. */
  async function heldRequests(tenantId: string, rpc: RpcCaller): Promise<Requests> {
    const person = async () => {
      const identityId = await newIdentity(rpc);
      const email = `${freshName('mail')}@example.com`;
      const identifier = { type: IdentifierType.EMAIL, value: email, verified: true };
      await rpc.ok('IdentityService', 'addIdentifier', { identityId, identifier });
      await rpc.ok('PasswordService', 'setPassword', { identityId, password: PASSWORD });
      return { identityId, email };
    };
    const { identityId, email } = await person();
    // A new password ends all that is held beside it.
    const forgetful = (await person()).email;
    const { sessionId } = await rpc.ok('SessionService', 'createSession', { identityId });
    const identity = (await server.store.identities.read(tenantId, identityId)) ?? assert.fail();
    const request = { codeChallenge: CHALLENGE, returnTo: RETURN_TO, state: 's', loginHint: '', acrValues: '' };
    const by = { tenantId, actor: 'web', identity };
    const { code } = await server.node.pages.issueSignInCode({
      ...{ ...by, request: request as never },
      ...{ acr: 'aal1', amr: ['pwd'] },
    });
    const begun = async () =>
      (await server.node.pages.mfa.beginSignIn({ ...by, method: 'password', hold: true })).pending?.token ?? '';
    const mailed = async (flowToken: string) => {
      const [mail] = (await server.node.readOutbox?.(tenantId, 1)) ?? [];
      return { flow_token: flowToken, code: /\d{4} \d{4}/.exec(mail?.text ?? '')?.[0] ?? assert.fail('no code') };
    };
    const { flowToken } = await rpc.ok('EmailService', 'startEmailSignIn', { email });
    const signIn = await mailed(flowToken);
    const reset = await mailed((await rpc.ok('EmailService', 'startPasswordReset', { email: forgetful })).flowToken);
    const started = await rpc.ok('EmailService', 'startEmailVerification', { sessionId, email });
    const verification = await mailed(started.flowToken);
    const organisationId = await newOrganisation(rpc);
    const invite = async (to: string) => {
      const { invitation } = await rpc.ok('InvitationService', 'inviteMember', { organisationId, email: to });
      const [mail] = (await server.node.readOutbox?.(tenantId, 1)) ?? [];
      return { id: invitation?.id ?? '', token: /ti_\w+/.exec(mail?.text ?? '')?.[0] ?? assert.fail('no link') };
    };
    const [mine, stranger] = [await invite(email), await invite(`${freshName('stranger')}@example.com`)];
    const withdrawn = await invite(`${freshName('withdrawn')}@example.com`);
    const webhooks = await rpc.ok('WebhookService', 'listWebhooks', {});
    return {
      ExchangeSignInCode: { code, code_verifier: VERIFIER, return_to: RETURN_TO },
      CompleteEmailSignIn: signIn,
      CompletePasswordReset: { ...reset, password: `${PASSWORD}-2` },
      CompleteEmailVerification: verification,
      StartEmailVerification: { session_id: sessionId, email },
      StartEmailSignIn: { email },
      StartPasswordReset: { email },
      SignInWithPassword: { identifier_type: 'IDENTIFIER_TYPE_EMAIL', identifier: email, password: PASSWORD },
      StartTotpEnrollment: { subject: { pending_token: await begun() } },
      ProveTotp: { pending_token: await begun(), code: '000000' },
      StartPasskeyRegistration: { subject: { pending_token: await begun() } },
      GetInvitation: { invitation_token: stranger.token },
      AcceptInvitation: { invitation_token: mine.token, session_id: sessionId },
      RevokeInvitation: { organisation_id: organisationId, invitation_id: withdrawn.id },
      DeleteWebhook: { webhook_id: webhooks.webhooks[0]?.id ?? assert.fail() },
    };
  }

  const send = (method: DescMethod, { rpc }: Party, request: JsonValue, tenantId: string) => {
    const named = { tenant_id: tenantId };
    const json = { ...(request as object), ...(method.name === 'Watch' ? { start: named } : named) } as JsonValue;
    return rpc.raw(pathOf(method), toBinary(method.input, fromJson(method.input, json)));
  };

  /** All rows of a tenant, in every table that knows tenants. */
  function rowsOf(tenantId: string): Readonly<Record<string, readonly unknown[]>> {
    const sql = new Database(file, { readonly: true });
    const tables = sql.prepare("select name from sqlite_master where type = 'table'").all() as { name: string }[];
    const rows: Record<string, readonly unknown[]> = {};
    for (const { name } of tables) {
      const columns = (sql.prepare(`pragma table_info('${name}')`).all() as { name: string }[]).map((one) => one.name);
      const key = name === 'tenant' ? 'id' : 'tenant_id';
      if (!columns.includes(key)) continue;
      rows[name] = sql.prepare(`select * from "${name}" where "${key}" = ? order by 1, 2, 3`).all(tenantId);
    }
    sql.close();
    assert.ok(Object.keys(rows).length > 15, 'the tables were found');
    return rows;
  }

  it('TEN-2 there is a request for each RPC', () => {
    assert.deepEqual(Object.keys(alpha.requests).toSorted(), RPCS.map(({ name }) => name).toSorted());
  });

  it('TEN-2 TERM-2 what is another tenant’s is answered as what nobody has, and stays as it was', async () => {
    await Promise.all(Object.values(server.node.flushes).map((flush) => flush()));
    const before = rowsOf('alpha');
    const known = idsIn(JSON.stringify(before));
    assert.ok(known.size > 20, `${known.size} ids`);
    const told: string[] = [];
    for (const method of RPCS) {
      const foreign = alpha.requests[method.name] as JsonValue;
      const strange = ofNobody(foreign);
      const answers = [await send(method, beta, foreign, 'beta')];
      // One that names nothing has nothing to be compared with.
      if (JSON.stringify(strange) !== JSON.stringify(foreign)) answers.push(await send(method, beta, strange, 'beta'));
      const [theirs, nobodys = theirs] = answers.map(({ failure }) =>
        failure === undefined ? 'answered' : JSON.stringify([failure.reason, failure.fields, failure.metadata]),
      );
      if (theirs !== nobodys) told.push(`${method.name}: ${theirs}, and ${nobodys} for what nobody has`);
      const shown = idsIn(answers[0]?.value?.toString('latin1') ?? '');
      for (const id of shown) if (known.has(id)) told.push(`${method.name} shows ${id}`);
      const named = await send(method, beta, foreign, 'alpha');
      if (named.failure?.reason !== 'TENANT_NOT_ALLOWED') told.push(`${method.name} names the other tenant`);
    }
    assert.deepEqual(told, []);
    await Promise.all(Object.values(server.node.flushes).map((flush) => flush()));
    assert.deepEqual(rowsOf('alpha'), before);
  });

  it('TEN-2 pages of lists begin at no row of another tenant', async () => {
    const [one, other] = [alpha.rpc, beta.rpc];
    const { nextPageToken } = await one.ok('IdentityService', 'listIdentities', { pageSize: 1 });
    assert.notEqual(nextPageToken, '');
    const { value } = await other.call('IdentityService', 'listIdentities', {
      pageToken: nextPageToken,
      pageSize: 100,
    });
    const ours = new Set(rowsOf('beta').identity?.map((row) => (row as { id: string }).id));
    for (const { id } of value?.identities ?? []) assert.ok(ours.has(id));
  });

  it('TEN-3 the scope of the operator is of no use in another tenant', async () => {
    for (const method of ['createTenant', 'listTenants', 'suspendTenant', 'resumeTenant'] as const) {
      const { failure } = await beta.rpc.call('TenantService', method, { id: freshName('tenant') });
      assert.equal(failure?.reason, 'TENANT_NOT_ALLOWED');
    }
  });

  // Last: it spends them.
  it('the requests above are good ones: in their own tenant each is answered', async () => {
    const wrong: string[] = [];
    for (const method of RPCS.toSorted(byHarm)) {
      const { failure } = await send(method, alpha, alpha.requests[method.name] as JsonValue, 'alpha');
      if (failure?.reason !== REFUSED[method.name]) wrong.push(`${method.name}: ${failure?.reason}`);
    }
    assert.deepEqual(wrong, []);
  });

  it('TEN-7 a suspended tenant is refused every RPC but those that tell it so', async () => {
    await server.rpc.ok('TenantService', 'suspendTenant', { id: 'beta' });
    const wrong: string[] = [];
    for (const method of RPCS) {
      const { failure } = await send(method, beta, beta.requests[method.name] as JsonValue, 'beta');
      const operator = REFUSED[method.name] === 'TENANT_NOT_ALLOWED' && 'TENANT_NOT_ALLOWED';
      const expected = TOLD.includes(method.name) ? undefined : operator || 'TENANT_SUSPENDED';
      if (failure?.reason !== expected) wrong.push(`${method.name}: ${failure?.reason}`);
    }
    assert.deepEqual(wrong, []);
    await server.rpc.ok('TenantService', 'resumeTenant', { id: 'beta' });
    const { failure } = await beta.rpc.call('IdentityService', 'listIdentities', {});
    assert.equal(failure, undefined);
  });
});

/** What a suspended tenant is still told: that its sessions are refused, that no key signs, and when that changes. */
const TOLD = ['Verify', 'BatchVerify', 'Watch', 'GetTrustKeys'];

/** What nobody can have without a sign-in, and what no tenant but `default` may. */
const REFUSED: Readonly<Record<string, string>> = {
  CreateTenant: 'TENANT_NOT_ALLOWED',
  ListTenants: 'TENANT_NOT_ALLOWED',
  SuspendTenant: 'TENANT_NOT_ALLOWED',
  ResumeTenant: 'TENANT_NOT_ALLOWED',
  ProveTotp: 'CREDENTIAL_REJECTED',
  ProveRecoveryCode: 'PENDING_SIGN_IN_REJECTED',
  CompleteTotpEnrollment: 'CREDENTIAL_REJECTED',
  RegenerateRecoveryCodes: 'STEP_UP_REQUIRED',
  ChangePassword: 'SESSION_REJECTED',
  RemoveFactor: 'FACTOR_NOT_FOUND',
  CompletePasskeyRegistration: 'CREDENTIAL_REJECTED',
  CompletePasskeySignIn: 'CREDENTIAL_REJECTED',
  CompleteOauthSignIn: 'OAUTH_REJECTED',
  CompleteAccountLink: 'OAUTH_REJECTED',
  UnlinkAccount: 'ACCOUNT_NOT_FOUND',
  GetProviderTokens: 'ACCOUNT_NOT_FOUND',
};
