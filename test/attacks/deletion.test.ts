// ACC-8 ACC-9: a person is deleted when they asked for it and the time is over, by no one who acts for them, and not after they signed in again.
import assert from 'node:assert/strict';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { Consistency } from '../../server/src/contract/gen/trust/v1/session.ts';
import { type ComposedServer, composedServer } from '../support/composed_server.ts';
import { freshName } from '../support/shared_server.ts';
import { totpCode } from '../support/totp_code.ts';

const DAY = 86_400_000;
const ORGANISATION = { displayName: 'Shop', roles: [{ name: 'owner', permissions: ['orders:read'] }] };
const PASSWORD = 'violet-otter-battery';

describe('attack: deletion by the person', function () {
  this.timeout(60_000);
  let server: ComposedServer;
  before(async () => {
    server = await composedServer();
  });
  beforeEach(() => {
    server.time.ahead = 0;
  });
  after(() => server?.close());

  async function person() {
    const who = { identifierType: IdentifierType.USERNAME, identifier: freshName('gone'), password: PASSWORD };
    const { sessionId, identity } = await server.rpc.ok('PasswordService', 'signUpWithPassword', who);
    return { who, sessionId, identityId: identity?.id ?? '' };
  }
  const active = async (sessionId: string) => {
    const { verdict } = await server.rpc.ok('SessionService', 'verify', { sessionId, consistency: Consistency.STRONG });
    return verdict?.answer?.$case === 'active';
  };
  const isThere = async (identityId: string) =>
    (await server.rpc.call('IdentityService', 'getIdentity', { identityId })).failure === undefined;
  const deletionOf = async (identityId: string) =>
    (await server.rpc.ok('IdentityService', 'getIdentity', { identityId })).identity?.deletionAt;

  it('ACC-8 all sessions end now, the rest goes when the waiting period is over, and not before', async () => {
    const { sessionId, identityId } = await person();
    const other = await server.rpc.ok('SessionService', 'createSession', { identityId, acr: 'aal1', amr: ['pwd'] });
    const { deletionAt } = await server.rpc.ok('IdentityService', 'requestDeletion', { sessionId });
    assert.deepEqual([await active(sessionId), await active(other.sessionId)], [false, false]);
    assert.deepEqual(await deletionOf(identityId), deletionAt);
    server.time.ahead = 30 * DAY - 60_000;
    await server.node.deleteDue();
    assert.equal(await isThere(identityId), true, 'a minute before its time');
    server.time.ahead = 30 * DAY + 60_000;
    await server.node.deleteDue();
    assert.equal(await isThere(identityId), false);
    const { events } = await server.rpc.ok('AuditService', 'listAuditEvents', { identityId });
    const names = events.map(({ action }) => action);
    assert.ok(names.includes('identity.deletion_requested') && names.includes('identity.deleted'));
  });

  it('ACC-8 a sign-in takes it back; support does not', async () => {
    const { who, sessionId, identityId } = await person();
    await server.rpc.ok('IdentityService', 'requestDeletion', { sessionId });
    const support = { identityId, operator: 'grace', reason: 'ticket 4711', lifetimeSeconds: 60 };
    await server.rpc.ok('SessionService', 'startImpersonation', support);
    assert.ok((await deletionOf(identityId)) !== undefined, 'support has looked');
    await server.rpc.refused('PasswordService', 'signInWithPassword', { ...who, password: `${PASSWORD}x` });
    assert.ok((await deletionOf(identityId)) !== undefined, 'a wrong password');
    const back = await server.rpc.ok('PasswordService', 'signInWithPassword', who);
    assert.equal(await deletionOf(identityId), undefined);
    server.time.ahead = 31 * DAY;
    await server.node.deleteDue();
    server.time.ahead = 0;
    assert.equal(await active(back.sessionId), true);
  });

  it('ACC-8 who signs in at the moment of the deletion either stays whole or is gone whole', async () => {
    for (let round = 0; round < 10; round++) {
      const { who, sessionId, identityId } = await person();
      await server.rpc.ok('IdentityService', 'requestDeletion', { sessionId });
      server.time.ahead = 31 * DAY;
      const [answer] = await Promise.all([
        server.rpc.call('PasswordService', 'signInWithPassword', who),
        server.node.deleteDue(),
      ]);
      const signedIn = answer.value !== undefined && (await active(answer.value.sessionId));
      assert.equal(signedIn, await isThere(identityId), `round ${round}`);
      server.time.ahead = 0;
    }
  });

  it('ACC-8 is refused to a session that is old, without the second factor that there is, or in which others act', async () => {
    const { sessionId, identityId } = await person();
    const refused = (of: string) => server.rpc.refused('IdentityService', 'requestDeletion', { sessionId: of });
    server.time.ahead = 901_000;
    assert.equal((await refused(sessionId)).reason, 'STEP_UP_REQUIRED');
    server.time.ahead = 0;
    const agent = { sessionId, agent: 'bot', scope: ['x'], lifetimeSeconds: 600 };
    const sent = await server.rpc.ok('SessionService', 'startDelegation', agent);
    assert.equal((await refused(sent.sessionId)).reason, 'ACTING_SESSION');
    const subject = { subject: { $case: 'sessionId' as const, value: sessionId } };
    const { secret, enrollmentToken } = await server.rpc.ok('MfaService', 'startTotpEnrollment', { subject });
    const code = totpCode(secret, Date.now());
    await server.rpc.ok('MfaService', 'completeTotpEnrollment', { subject, enrollmentToken, code });
    const { reason, metadata } = await refused(sessionId);
    assert.deepEqual([reason, metadata.acr], ['STEP_UP_REQUIRED', 'aal2']);
    assert.equal(await isThere(identityId), true);
  });

  it('ACC-8 a tenant without a waiting period deletes at once', async () => {
    const { sessionId, identityId } = await person();
    const { tenant } = await server.rpc.ok('TenantService', 'getTenant', {});
    const settings = tenant?.settings ?? assert.fail();
    await server.rpc.ok('TenantService', 'updateTenant', { settings: { ...settings, deletionWaitDays: 0 } });
    await server.rpc.ok('IdentityService', 'requestDeletion', { sessionId });
    await server.rpc.ok('TenantService', 'updateTenant', { settings });
    assert.deepEqual([await isThere(identityId), await active(sessionId)], [false, false]);
  });

  it('ACC-9 the copy of the data has everything and no secret', async () => {
    const { who, sessionId, identityId } = await person();
    const subject = { subject: { $case: 'sessionId' as const, value: sessionId } };
    const { secret, enrollmentToken } = await server.rpc.ok('MfaService', 'startTotpEnrollment', { subject });
    const done = { subject, enrollmentToken, code: totpCode(secret, Date.now()), label: 'My phone' };
    const { recoveryCodes } = await server.rpc.ok('MfaService', 'completeTotpEnrollment', done);
    const { organisation } = await server.rpc.ok('OrganisationService', 'createOrganisation', ORGANISATION);
    const member = { organisationId: organisation?.id ?? '', identityId, roles: ['owner'] };
    await server.rpc.ok('OrganisationService', 'addMember', member);
    const device = { userAgent: 'Mozilla/5.0', ipAddress: '192.0.2.9', label: 'Work' };
    for (let n = 0; n < 120; n++)
      await server.rpc.ok('SessionService', 'createSession', { identityId, acr: 'aal1', amr: ['pwd'], device });
    const times = { createdAt: Date.now(), lastUsedAt: Date.now() };
    const account = { provider: 'acme', issuer: 'https://id.example', subject: 'u1', email: 'ada@id.example' };
    const linkedRow = { tenantId: 'default', id: `lac_${'1'.repeat(32)}`, identityId, ...account, ...times };
    assert.equal(
      await server.store.oauth.link({ ...linkedRow, sealedTokens: 'v1.sealed-tokens' }, 10, {
        changes: [],
        events: [],
      }),
      'ok',
    );
    const { json } = await server.rpc.ok('IdentityService', 'exportIdentity', { identityId });
    const data = JSON.parse(json);
    assert.equal(data.identity.identifiers[0].value, who.identifier);
    assert.deepEqual([data.credentials.password, data.credentials.recovery_codes_left], [true, 10]);
    assert.equal(data.credentials.factors[0].label, 'My phone');
    assert.equal(data.sessions.length, 121);
    assert.deepEqual(data.sessions[0].device, device);
    assert.ok(
      data.events.length > 120 && data.events.some(({ action }: { action: string }) => action === 'factor.enrolled'),
    );
    const [{ id, created_at: linked, last_used_at: used, ...told }] = data.linked_accounts;
    assert.deepEqual(
      [id, told, Date.parse(linked), Date.parse(used)],
      [linkedRow.id, account, ...Object.values(times)],
    );
    assert.deepEqual(
      data.known_devices.map(({ browser, place }: Record<string, string>) => [browser, place]),
      [['Mozilla', '192.0.0.0/16']],
    );
    assert.deepEqual(data.left_out, { sessions: false, events: false, memberships: false });
    assert.deepEqual(
      data.memberships.map(({ roles }: { roles: unknown }) => roles),
      [['owner']],
    );
    for (const canary of [PASSWORD, sessionId, secret, ...recoveryCodes, '$argon2', 'sealed-tokens'])
      assert.ok(!json.includes(canary));
    const kept = await server.store.sessions.readByHandle('default', data.sessions[0].handle);
    assert.ok(kept && !json.includes(kept.session.digest));
    await server.rpc.ok('IdentityService', 'disableIdentity', { identityId, reason: 'ticket 4711' });
    const { identity } = JSON.parse((await server.rpc.ok('IdentityService', 'exportIdentity', { identityId })).json);
    assert.deepEqual([identity.active, identity.state_reason], [false, 'ticket 4711']);
  });
});
