// ACC-5 ACC-6 ACC-7: who acts for a person is seen everywhere, changes nothing by which the person proves who they are, and ends in time.
import assert from 'node:assert/strict';
import { ActingKind, Consistency, type CreateSessionResponse } from '../../server/src/contract/gen/trust/v1/session.ts';
import { SessionOverflow } from '../../server/src/contract/gen/trust/v1/tenant.ts';
import { SCOPES } from '../../server/src/features/service_key/service_key.ts';
import { type ComposedServer, composedServer } from '../support/composed_server.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { freshName, newIdentity } from '../support/shared_server.ts';

describe('attack: acting for a person', function () {
  this.timeout(60_000);
  let server: ComposedServer;
  let rpc: RpcCaller;
  before(async () => {
    server = await composedServer();
    ({ rpc } = server);
  });
  after(() => server?.close());

  const signedIn = async (identityId: string): Promise<CreateSessionResponse> =>
    rpc.ok('SessionService', 'createSession', { identityId, acr: 'aal1', amr: ['pwd'] });
  const verdict = async (sessionId: string) => {
    const { verdict: found } = await rpc.ok('SessionService', 'verify', { sessionId, consistency: Consistency.STRONG });
    return found?.answer?.$case === 'active' ? found.answer.value : undefined;
  };
  const WHY = { operator: 'grace', reason: 'ticket 4711: cart is empty', lifetimeSeconds: 600 };
  const impersonate = (identityId: string, by = rpc) =>
    by.ok('SessionService', 'startImpersonation', { identityId, ...WHY });
  const send = (sessionId: string, by = rpc) =>
    by.ok('SessionService', 'startDelegation', {
      sessionId,
      agent: 'buyer-bot',
      scope: ['orders:read', 'orders:pay'],
      lifetimeSeconds: 3_600,
    });
  const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  const tokenOf = async (sessionId: string, scope: string[] = []) =>
    (await rpc.ok('TrustTokenService', 'issueTrustToken', { sessionId, audience: 'dev', scope })).trustToken;

  /** A service of its own, and a caller with its key. */
  async function otherService() {
    const service = freshName('support');
    await rpc.ok('ServiceKeyService', 'putService', { name: service, scopes: [...SCOPES] });
    const { serviceKey: secret, key } = await rpc.ok('ServiceKeyService', 'createServiceKey', { service });
    return { service, keyId: key?.id ?? '', caller: new RpcCaller(server.address, secret) };
  }

  it('ACC-5 support is seen in verdict, Trust Token, chain, list of sessions and audit trail', async () => {
    const identityId = await newIdentity(rpc);
    const { sessionId, session } = await impersonate(identityId);
    const acting = {
      kind: ActingKind.SUPPORT,
      actor: 'grace',
      reason: WHY.reason,
      service: 'dev',
      parentHandle: '',
      scope: [],
    };
    const found = await verdict(sessionId);
    assert.deepEqual(found?.session?.acting, acting);
    assert.equal(found?.session?.acr, 'aal1');
    assert.equal(found?.identity?.id, identityId);
    const token = await tokenOf(sessionId);
    assert.deepEqual(claimsOf(token).act, { sub: 'grace' });
    const next = { trustToken: token, audience: 'orders' };
    const { trustToken } = await rpc.ok('TrustTokenService', 'exchangeTrustToken', next);
    assert.deepEqual(claimsOf(trustToken).act, { sub: 'dev', act: { sub: 'grace' } });
    const { sessions } = await rpc.ok('SessionService', 'listSessions', { identityId });
    assert.deepEqual(sessions[0]?.acting, acting);
    assert.equal(sessions[0]?.device?.label, 'Support: grace');
    const { events } = await rpc.ok('AuditService', 'listAuditEvents', { identityId, action: 'session.created' });
    const { acting: kind, by, reason } = events.find(({ subject }) => subject === session?.handle)?.facts ?? {};
    assert.deepEqual({ kind, by, reason }, { kind: 'support', by: 'grace', reason: WHY.reason });
  });

  it('ACC-5 nobody who acts changes factors, steps up, or sends others', async () => {
    const identityId = await newIdentity(rpc);
    const { sessionId: own } = await signedIn(identityId);
    for (const { sessionId } of [await impersonate(identityId), await send(own)]) {
      const subject = { subject: { $case: 'sessionId' as const, value: sessionId } };
      const refusals = await Promise.all([
        rpc.refused('MfaService', 'startTotpEnrollment', { subject }),
        rpc.refused('MfaService', 'completeTotpEnrollment', { subject, enrollmentToken: 'x', code: '123456' }),
        rpc.refused('PasskeyService', 'startPasskeyRegistration', { subject }),
        rpc.refused('PasskeyService', 'completePasskeyRegistration', { subject, credentialJson: '{}' }),
        rpc.refused('MfaService', 'regenerateRecoveryCodes', { sessionId }),
        rpc.refused('MfaService', 'startStepUp', { sessionId }),
        rpc.refused('SessionService', 'startDelegation', { sessionId, agent: 'b', scope: ['x'], lifetimeSeconds: 60 }),
      ]);
      assert.deepEqual(new Set(refusals.map(({ reason }) => reason)), new Set(['ACTING_SESSION']));
      const { sessionId: rotated } = await rpc.ok('SessionService', 'rotateSession', { sessionId });
      assert.ok((await verdict(rotated))?.session?.acting !== undefined, 'a new session_id does not launder it');
    }
  });

  it('ACC-6 support is over in time, when it is ended, when it signs the person out, and with the key that began it', async () => {
    const identityId = await newIdentity(rpc);
    const { sessionId: own } = await signedIn(identityId);
    const timed = await impersonate(identityId);
    server.time.ahead = 600_000;
    assert.equal(await verdict(timed.sessionId), undefined, 'its time is over');
    server.time.ahead = 0;
    const ended = await impersonate(identityId);
    const target = { $case: 'handle' as const, value: ended.session?.handle ?? '' };
    await rpc.ok('SessionService', 'revokeSession', { target });
    assert.equal(await verdict(ended.sessionId), undefined, 'the operator has ended it');

    for (const end of ['key', 'service'] as const) {
      const { service, keyId, caller } = await otherService();
      const support = await impersonate(identityId, caller);
      const agent = await send(own, caller);
      assert.ok((await verdict(support.sessionId)) && (await verdict(agent.sessionId)));
      if (end === 'key') await rpc.ok('ServiceKeyService', 'revokeServiceKey', { keyId });
      else await rpc.ok('ServiceKeyService', 'deleteService', { name: service });
      assert.equal(await verdict(support.sessionId), undefined, `support: the ${end} is gone`);
      assert.equal(await verdict(agent.sessionId), undefined, `agent: the ${end} is gone`);
      caller.close();
    }
    assert.ok(await verdict(own), 'the person goes on');
    const last = await impersonate(identityId);
    await rpc.ok('SessionService', 'revokeIdentitySessions', { identityId });
    assert.equal(await verdict(last.sessionId), undefined, 'signed out everywhere');
  });

  it('ACC-7 an agent has its scope and no role, and never more', async () => {
    const identityId = await newIdentity(rpc);
    await rpc.ok('IdentityService', 'updateIdentity', { identityId, roles: { values: ['admin'] } });
    const { sessionId: own, session } = await signedIn(identityId);
    const { sessionId } = await send(own);
    assert.equal((await verdict(sessionId))?.session?.acting?.parentHandle, session?.handle);
    const whole = claimsOf(await tokenOf(sessionId));
    assert.deepEqual(
      [whole.scope, whole.roles, whole.act],
      ['orders:read orders:pay', undefined, { sub: 'buyer-bot' }],
    );
    assert.equal(claimsOf(await tokenOf(sessionId, ['orders:pay'])).scope, 'orders:pay');
    const wide = { sessionId, audience: 'dev', scope: ['orders:pay', 'orders:delete'] };
    assert.equal((await rpc.refused('TrustTokenService', 'issueTrustToken', wide)).reason, 'SCOPE_WIDENED');
    assert.deepEqual(claimsOf(await tokenOf(own)).roles, ['admin']);
  });

  it('ACC-7 an agent ends with the session that it was sent from', async () => {
    const identityId = await newIdentity(rpc);
    const parent = async () => {
      const { sessionId, session } = await signedIn(identityId);
      return { own: sessionId, handle: session?.handle ?? '', agent: (await send(sessionId)).sessionId };
    };
    const [one, other] = [await parent(), await parent()];
    await rpc.ok('SessionService', 'revokeSession', { target: { $case: 'sessionId', value: one.own } });
    assert.equal(await verdict(one.agent), undefined, 'its person has signed out');
    assert.ok(await verdict(other.agent), 'an agent of another session goes on');
    await rpc.ok('SessionService', 'rotateSession', { sessionId: other.own });
    assert.ok(await verdict(other.agent), 'the session goes on under a new session_id');

    const { tenant } = await rpc.ok('TenantService', 'getTenant', {});
    const settings = tenant?.settings ?? assert.fail();
    const limit = { ...settings, maxSessions: 1, sessionOverflow: SessionOverflow.END_OLDEST };
    await rpc.ok('TenantService', 'updateTenant', { settings: limit });
    try {
      const { sessionId } = await impersonate(identityId);
      assert.ok(await verdict(other.agent), 'support takes no place of the person');
      await signedIn(identityId);
      assert.equal(await verdict(other.agent), undefined, 'the session made room for another');
      assert.ok(await verdict(sessionId), 'support is not counted');
    } finally {
      await rpc.ok('TenantService', 'updateTenant', { settings });
    }
    const short = await rpc.ok('SessionService', 'createSession', {
      identityId,
      acr: 'aal1',
      amr: ['pwd'],
      absoluteTimeoutSeconds: 60,
    });
    const { session } = await send(short.sessionId);
    assert.ok((session?.expiresAt?.getTime() ?? 0) <= (short.session?.expiresAt?.getTime() ?? 0));
    const over = { sessionId: one.own, agent: 'b', scope: ['x'], lifetimeSeconds: 60 };
    assert.equal((await rpc.refused('SessionService', 'startDelegation', over)).reason, 'SESSION_REJECTED');
  });
});
