// ACC-1: the second half of the table of the cascade: acts that are not about one identity alone, over the wire, with an SDK that watches.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { TrustClient, TrustTokenError, Verifier, WatchKeySource } from '@trust-layer/sdk';
import { Consistency } from '../../server/src/contract/gen/trust/v1/session.ts';
import {
  WIDE_CASCADE,
  type WideAct,
  type WideEffect,
  type WideEffects,
} from '../../server/src/features/cascade/wide_cascade.ts';
import { rememberedDevices } from '../../server/src/features/mfa/remembered_devices.ts';
import { SCOPES } from '../../server/src/features/service_key/service_key.ts';
import { DEFAULT_SETTINGS } from '../../server/src/features/tenant/tenant.ts';
import { type ComposedServer, composedServer, RETURN_TO } from '../support/composed_server.ts';
import { fakeProvider } from '../support/fake_provider.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { freshName, newIdentity, newOrganisation } from '../support/shared_server.ts';

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';

/** What becomes of something: it is good, good but without its organisation, not good, or not answered. */
type State = 'good' | 'bare' | 'bad' | 'TENANT_SUSPENDED';

describe('the cascade beyond one identity', function () {
  this.timeout(60_000);
  const acme = fakeProvider('acme');
  const tenants = ['resumed', ...Object.keys(WIDE_CASCADE)].map((act) => act.replaceAll('_', '-'));
  let server: ComposedServer;
  before(async () => {
    server = await composedServer({ oauthProviders: [{ ...acme.provider, tenants }] });
  });
  after(() => server?.close());

  async function callerOf(admin: RpcCaller, tenantId: string, name: string) {
    await admin.ok('ServiceKeyService', 'putService', { name, scopes: [...SCOPES], audiences: ['dev', 'orders'] });
    const { serviceKey, key } = await admin.ok('ServiceKeyService', 'createServiceKey', { service: name });
    return { rpc: new RpcCaller(server.address, serviceKey, tenantId), serviceKey, keyId: key?.id ?? '' };
  }

  /** A tenant with one person, and three sessions of theirs: a plain one, one in an organisation, and one in which an agent acts. */
  async function world(name: string) {
    const tenantId = name.replaceAll('_', '-');
    const made = await server.rpc.ok('TenantService', 'createTenant', { id: tenantId });
    const admin = new RpcCaller(server.address, made.serviceKey, tenantId);
    const [dev, agent] = [await callerOf(admin, tenantId, 'dev'), await callerOf(admin, tenantId, 'agent')];
    admin.close();
    const { rpc } = dev;
    const identityId = await newIdentity(rpc);
    const organisationId = await newOrganisation(rpc, [identityId]);
    const common = { identityId, acr: 'aal1', amr: ['pwd'] };
    const plain = (await rpc.ok('SessionService', 'createSession', common)).sessionId;
    const member = (await rpc.ok('SessionService', 'createSession', { ...common, organisationId })).sessionId;
    const sent = { sessionId: plain, agent: 'bot', scope: ['x'], lifetimeSeconds: 600 };
    const acting = (await agent.rpc.ok('SessionService', 'startDelegation', sent)).sessionId;
    const tokenOf = async (sessionId: string) =>
      (await rpc.ok('TrustTokenService', 'issueTrustToken', { sessionId, audience: 'dev', lifetimeSeconds: 300 }))
        .trustToken;
    const identity = (await server.store.identities.read(tenantId, identityId)) ?? assert.fail();
    const by = { tenantId, actor: 'web', identity };
    const request = { codeChallenge: CHALLENGE, returnTo: RETURN_TO, state: 's' } as never;
    const { code } = await server.node.pages.issueSignInCode({ ...by, request, acr: 'aal1', amr: ['pwd'] });
    const begun = await server.node.pages.mfa.beginSignIn({ ...by, method: 'password', hold: true });
    const deviceToken = await devices().remember({ tenantId, actor: 'web' }, identity);
    const link = { subject: { subject: { $case: 'sessionId' as const, value: plain } }, provider: 'acme' };
    const { attemptToken } = await rpc.ok('OauthService', 'startAccountLink', { ...link, redirectUri: RETURN_TO });
    const callbackQuery = `${new URLSearchParams(acme.consent({ subject: freshName('elsewhere') }))}`;
    await rpc.ok('OauthService', 'completeAccountLink', { attemptToken, callbackQuery });
    const client = new TrustClient({ address: server.address, serviceKey: dev.serviceKey, tenantId });
    const issuer = made.tenant?.publicUrl ?? '';
    const keySource = new WatchKeySource(client);
    return {
      ...{ tenantId, rpc, identityId, organisationId, deviceToken, code, client },
      agentKey: agent.keyId,
      pending: begun.pending?.token ?? '',
      sessions: { plain, member, acting },
      tokens: { plain: await tokenOf(plain), member: await tokenOf(member), acting: await tokenOf(acting) },
      verifier: new Verifier({ issuer, audience: 'dev', tenantId, keySource, watch: client }),
      async close() {
        rpc.close();
        agent.rpc.close();
        await client.close();
      },
    };
  }
  type World = Awaited<ReturnType<typeof world>>;

  const devices = () =>
    rememberedDevices({
      mfa: server.store.mfa,
      settings: async () => DEFAULT_SETTINGS,
      clock: Date.now,
      random: randomBytes,
      newId: (prefix) => `${prefix}_${randomBytes(16).toString('hex')}`,
    });

  const ACTS: Readonly<Record<WideAct, (of: World) => Promise<unknown>>> = {
    role_changed: ({ rpc, organisationId }) =>
      rpc.ok('OrganisationService', 'putRole', { organisationId, role: { name: 'reader', permissions: [] } }),
    member_roles_changed: ({ rpc, organisationId, identityId }) =>
      rpc.ok('OrganisationService', 'updateMember', { organisationId, identityId, roles: ['owner'] }),
    member_removed: ({ rpc, organisationId, identityId }) =>
      rpc.ok('OrganisationService', 'removeMember', { organisationId, identityId }),
    organisation_deleted: ({ rpc, organisationId }) =>
      rpc.ok('OrganisationService', 'deleteOrganisation', { organisationId }),
    service_key_revoked: ({ rpc, agentKey: keyId }) => rpc.ok('ServiceKeyService', 'revokeServiceKey', { keyId }),
    tenant_suspended: ({ tenantId: id }) => server.rpc.ok('TenantService', 'suspendTenant', { id, reason: 'unpaid' }),
  };

  const sessionState = async ({ rpc }: World, sessionId: string): Promise<State> => {
    const { verdict } = await rpc.ok('SessionService', 'verify', { sessionId, consistency: Consistency.STRONG });
    if (verdict?.answer?.$case === 'active') return verdict.answer.value.organisation === undefined ? 'bare' : 'good';
    return verdict?.answer?.value.reason === 5 ? 'TENANT_SUSPENDED' : 'bad';
  };
  const tokenState = async ({ verifier }: World, token: string): Promise<State> => {
    try {
      return (await verifier.verify(token)).org === undefined ? 'bare' : 'good';
    } catch (error) {
      // It cannot tell while it waits for the first proof of its stream.
      if (error instanceof TrustTokenError && error.reason === 'TRUST_TOKEN_REJECTED') return 'bad';
      throw error;
    }
  };
  const stateOf = (failure: { readonly reason: string } | undefined, bad: string): State => {
    if (failure === undefined) return 'good';
    assert.ok([bad, 'TENANT_SUSPENDED'].includes(failure.reason), failure.reason);
    return failure.reason === bad ? 'bad' : 'TENANT_SUSPENDED';
  };

  /** How each column shows, for each of what it holds. */
  const OBSERVED: Readonly<Record<keyof WideEffects, (of: World) => Promise<Readonly<Record<string, State>>>>> = {
    sessions: async (of) => ({
      plain: await sessionState(of, of.sessions.plain),
      member: await sessionState(of, of.sessions.member),
      acting: await sessionState(of, of.sessions.acting),
    }),
    trustTokens: async (of) => ({
      plain: await tokenState(of, of.tokens.plain),
      member: await tokenState(of, of.tokens.member),
      acting: await tokenState(of, of.tokens.acting),
    }),
    pendingSignIns: async ({ rpc, pending }) => {
      const subject = { subject: { $case: 'pendingToken' as const, value: pending } };
      const { failure } = await rpc.call('MfaService', 'startTotpEnrollment', { subject });
      return { all: stateOf(failure, 'PENDING_SIGN_IN_REJECTED') };
    },
    rememberedDevices: async ({ rpc, tenantId, identityId, deviceToken }) => {
      const { failure } = await rpc.call('IdentityService', 'getIdentity', { identityId });
      if (failure !== undefined) return { all: stateOf(failure, 'IDENTITY_NOT_FOUND') };
      const identity = await server.store.identities.read(tenantId, identityId);
      const known = identity !== undefined && (await devices().isRemembered(tenantId, identity, deviceToken));
      return { all: known ? 'good' : 'bad' };
    },
    linkedAccounts: async ({ rpc, identityId }) => {
      const { value, failure } = await rpc.call('OauthService', 'listLinkedAccounts', { identityId });
      return { all: failure === undefined && value.accounts.length === 0 ? 'bad' : stateOf(failure, 'none') };
    },
    // Last, for it spends the code.
    codes: async ({ rpc, code }) => {
      const exchange = { code, codeVerifier: VERIFIER, returnTo: RETURN_TO };
      const { failure } = await rpc.call('SignInService', 'exchangeSignInCode', exchange);
      return { all: stateOf(failure, 'SIGN_IN_CODE_REJECTED') };
    },
  };

  const FIRST = { plain: 'bare', member: 'good', acting: 'bare' };
  /** What each effect shows of the three sessions or tokens, and of anything else. */
  const SHOWN: Readonly<Record<WideEffect, (column: string) => Readonly<Record<string, State>>>> = {
    kept: () => FIRST as Record<string, State>,
    organisation_ended: (column) => ({ ...FIRST, member: column === 'sessions' ? 'bare' : 'bad' }) as never,
    acting_ended: () => ({ ...FIRST, acting: 'bad' }) as never,
    held: () => ({ plain: 'TENANT_SUSPENDED', member: 'TENANT_SUSPENDED', acting: 'TENANT_SUSPENDED' }),
    ended: () => ({ plain: 'bad', member: 'bad', acting: 'bad' }),
  };
  const shown = (effect: WideEffect, column: string): Readonly<Record<string, State>> => {
    if (column === 'sessions' || column === 'trustTokens') return SHOWN[effect](column);
    return { all: effect === 'kept' ? 'good' : effect === 'held' ? 'TENANT_SUSPENDED' : 'bad' };
  };

  /** Waits, for an SDK that watches is told within milliseconds, and at most within its bound. */
  async function becomes(read: () => Promise<unknown>, expected: unknown): Promise<void> {
    for (let since = Date.now(); ; ) {
      const found = await read().catch((error: Error) => error.message);
      if (JSON.stringify(found) === JSON.stringify(expected)) return;
      if (Date.now() - since > 10_000) assert.deepEqual(found, expected);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  for (const act of Object.keys(WIDE_CASCADE) as WideAct[]) {
    describe(act, () => {
      let of: World;
      before(async () => {
        of = await world(act);
        await becomes(() => OBSERVED.trustTokens(of), FIRST);
        assert.deepEqual(await OBSERVED.sessions(of), FIRST);
        await ACTS[act](of);
      });
      after(() => of?.close());

      for (const column of Object.keys(OBSERVED) as (keyof WideEffects)[]) {
        it(`ACC-1 ${column}`, () => becomes(() => OBSERVED[column](of), shown(WIDE_CASCADE[act][column], column)));
      }
    });
  }

  it('TEN-7 ACC-1 what is held goes on when the tenant is resumed; Trust Tokens of before stay ended', async () => {
    const of = await world('resumed');
    const { client, rpc, sessions, tenantId: id } = of;
    const local = async () => {
      const verdict = await client.verify(sessions.plain);
      return verdict.active ? 'active' : verdict.reason;
    };
    try {
      await becomes(() => OBSERVED.trustTokens(of), FIRST);
      await becomes(local, 'active');
      const suspended = await server.rpc.ok('TenantService', 'suspendTenant', { id, reason: 'unpaid' });
      assert.ok(suspended.tenant?.suspendedAt);
      const again = await server.rpc.ok('TenantService', 'suspendTenant', { id });
      assert.deepEqual(again.tenant, suspended.tenant, 'one that is suspended stays as it is');
      await becomes(local, 'TENANT_SUSPENDED');
      await becomes(() => OBSERVED.trustTokens(of), SHOWN.ended(''));
      await server.node.advanceAllSigningKeys();
      const { keys } = await rpc.ok('TrustTokenService', 'getTrustKeys', {});
      assert.deepEqual(keys, [], 'nothing signs, and nothing is made to sign');

      const { tenant } = await server.rpc.ok('TenantService', 'resumeTenant', { id });
      assert.equal(tenant?.suspendedAt, undefined);
      await becomes(local, 'active');
      for (const [column, observe] of Object.entries(OBSERVED)) {
        const expected = column === 'trustTokens' ? SHOWN.ended('') : shown('kept', column);
        await becomes(() => observe(of), expected);
      }
      const issue = { sessionId: sessions.plain, audience: 'dev' };
      const { trustToken } = await rpc.ok('TrustTokenService', 'issueTrustToken', issue);
      await becomes(() => tokenState(of, trustToken), 'bare');
      const { events } = await rpc.ok('AuditService', 'listAuditEvents', {});
      const told = events
        .filter(({ action }) => action.startsWith('tenant.'))
        .map(({ action, facts }) => [action, facts]);
      assert.deepEqual(told.slice(0, 2), [
        ['tenant.resumed', {}],
        ['tenant.suspended', { reason: 'unpaid' }],
      ]);
    } finally {
      await of.close();
    }
  });

  it('TEN-7 default cannot be suspended, nor what is not there, and no other tenant suspends', async () => {
    const { rpc } = server;
    const refused = async (id: string) => {
      const { reason, fields } = await rpc.refused('TenantService', 'suspendTenant', { id });
      return [reason, ...fields.map(({ field }) => field)];
    };
    assert.deepEqual(await refused('default'), ['INVALID_FIELD', 'id']);
    assert.deepEqual(await refused('nobody'), ['TENANT_NOT_FOUND']);
    assert.deepEqual(await refused(''), ['INVALID_FIELD', 'id']);
  });
});
