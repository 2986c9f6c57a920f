// INV-4, INV-5: an invitation makes a member of nobody but the owner of its address, and once.
import assert from 'node:assert/strict';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { InvitationAsk } from '../../server/src/contract/gen/trust/v1/invitation.ts';
import { type ComposedServer, composedServer } from '../support/composed_server.ts';
import { mailedTo } from '../support/outbox_page.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { freshName, newOrganisation } from '../support/shared_server.ts';
import { type TwoNodes, twoNodes } from '../support/two_nodes.ts';

const PASSWORD = 'violet-otter-battery';
const DAY = 86_400_000;

describe('attack: invitations', function () {
  this.timeout(60_000);
  let server: ComposedServer;
  let organisationId: string;
  before(async () => {
    server = await composedServer({ mail: true });
    organisationId = await newOrganisation(server.rpc);
  });
  after(() => server?.close());
  afterEach(() => {
    server.time.ahead = 0;
  });

  const newAddress = () => `${freshName('person')}@example.com`;

  /** The token of the newest mail, as only its reader has it. */
  const invite = async (email: string, more: object = {}) => {
    const request = { organisationId, email, roles: ['reader'], ...more };
    const { invitation } = await server.rpc.ok('InvitationService', 'inviteMember', request);
    const [mail] = (await server.node.readOutbox?.('default', 1)) ?? [];
    assert.equal(mail?.to, email);
    return { id: invitation?.id ?? '', token: /ti_\w+/.exec(mail?.text ?? '')?.[0] ?? assert.fail('no link') };
  };
  const person = async (email: string, verified: boolean) => {
    const identifiers = [{ type: IdentifierType.EMAIL, value: email, verified }];
    const { identity } = await server.rpc.ok('IdentityService', 'createIdentity', { identifiers });
    const identityId = identity?.id ?? '';
    await server.rpc.ok('PasswordService', 'setPassword', { identityId, password: PASSWORD });
    const { sessionId } = await server.rpc.ok('SessionService', 'createSession', { identityId });
    return { identityId, sessionId };
  };
  const accept = (invitationToken: string, more: object = {}) =>
    server.rpc.call('InvitationService', 'acceptInvitation', { invitationToken, ...more });
  const reasonOf = async (invitationToken: string, more: object = {}) => {
    const { failure } = await accept(invitationToken, more);
    return [
      failure?.reason,
      ...Object.values(failure?.metadata ?? {}),
      ...(failure?.fields ?? []).map(({ field }) => field),
    ];
  };
  const members = async (id = organisationId) => {
    const { memberships } = await server.rpc.ok('OrganisationService', 'listMembers', {
      organisationId: id,
      pageSize: 100,
    });
    return memberships.map(({ identityId, roles }) => [identityId, ...roles].join(' '));
  };
  const verifiedNow = async (email: string) =>
    (await server.store.identities.readByIdentifier('default', 'email', email))?.identifiers[0]?.verified;
  const asks = async (invitationToken: string) =>
    (await server.rpc.ok('InvitationService', 'getInvitation', { invitationToken })).asks;

  it('INV-4 the link makes a member of the identity that has the address verified, whoever opens it', async () => {
    const email = newAddress();
    const { identityId } = await person(email, true);
    const { token } = await invite(email);
    assert.equal(await asks(token), InvitationAsk.NOTHING);
    const { value } = await accept(token);
    assert.equal(value?.membership?.identityId, identityId);
    assert.equal(value?.identityCreated, false);
    assert.ok((await members()).includes(`${identityId} reader`));
    assert.deepEqual(await reasonOf(token), ['INVITATION_REJECTED', 'accepted']);
  });

  it('INV-4 the session of anybody else accepts nothing, and the invitation stays whole', async () => {
    const email = newAddress();
    const mallory = await person(newAddress(), true);
    const { token } = await invite(email);
    const before = await members();
    assert.deepEqual(await reasonOf(token, { sessionId: mallory.sessionId }), ['INVITATION_FOR_ANOTHER']);
    assert.deepEqual(await reasonOf(token, { sessionId: 'ts_none' }), ['SESSION_REJECTED']);
    const { sessionId } = await person(email, true);
    const delegated = { sessionId, agent: 'bot', scope: ['x'], lifetimeSeconds: 60 };
    const acting = (await server.rpc.ok('SessionService', 'startDelegation', delegated)).sessionId;
    assert.deepEqual(await reasonOf(token, { sessionId: acting }), ['ACTING_SESSION']);
    assert.deepEqual(await members(), before);
    assert.equal((await accept(token, { sessionId })).failure, undefined);
  });

  it('INV-4 who has the address unverified proves the account, and the link verifies the address', async () => {
    for (const how of ['session', 'password'] as const) {
      const email = newAddress();
      const { identityId, sessionId } = await person(email, false);
      const { token } = await invite(email);
      assert.equal(await asks(token), InvitationAsk.PASSWORD);
      assert.deepEqual(await reasonOf(token), ['INVALID_FIELD', 'password']);
      // Whoever squats on an address has no link; whoever has the link, but not the account, does not get it.
      assert.deepEqual(await reasonOf(token, { password: 'some-other-password' }), ['CREDENTIAL_REJECTED']);
      assert.equal(await verifiedNow(email), false);
      const { value } = await accept(token, how === 'session' ? { sessionId } : { password: PASSWORD });
      assert.equal(value?.membership?.identityId, identityId);
      assert.equal(await verifiedNow(email), true);
    }
  });

  it('INV-4 who has no account makes one through the link, also where sign-up is closed, with the address verified', async () => {
    const { tenant } = await server.rpc.ok('TenantService', 'getTenant', {});
    const settings = tenant?.settings ?? assert.fail();
    await server.rpc.ok('TenantService', 'updateTenant', { settings: { ...settings, signUpOpen: false } });
    const email = newAddress();
    const { token } = await invite(email);
    assert.equal(await asks(token), InvitationAsk.NEW_PASSWORD);
    assert.deepEqual(await reasonOf(token), ['INVALID_FIELD', 'password']);
    assert.deepEqual(await reasonOf(token, { password: 'weak-password' }), ['WEAK_PASSWORD', 'password']);
    assert.equal(await verifiedNow(email), undefined);
    const { value } = await accept(token, { password: PASSWORD, displayName: 'Ada' });
    assert.equal(value?.identityCreated, true);
    assert.equal(value?.membership?.identityDisplayName, 'Ada');
    assert.equal(await verifiedNow(email), true);
    const signIn = { identifierType: IdentifierType.EMAIL, identifier: email, password: PASSWORD };
    const { failure } = await server.rpc.call('PasswordService', 'signInWithPassword', signIn);
    assert.equal(failure, undefined);
    await server.rpc.ok('TenantService', 'updateTenant', { settings });
  });

  it('INV-3 INV-6 a clear reason where it cannot be: unknown, revoked, replaced, expired, roles or organisation gone, member already', async () => {
    const email = newAddress();
    const { identityId } = await person(email, true);
    const first = await invite(email);
    const second = await invite(email);
    assert.deepEqual(await reasonOf(first.token), ['INVITATION_REJECTED', 'revoked'], 'the newer one took its place');
    await server.rpc.ok('InvitationService', 'revokeInvitation', { organisationId, invitationId: second.id });
    assert.deepEqual(await reasonOf(second.token), ['INVITATION_REJECTED', 'revoked']);
    assert.deepEqual(await reasonOf(`${second.token.slice(0, -1)}0`), ['INVITATION_REJECTED', 'unknown']);
    assert.deepEqual(await reasonOf('x'), ['INVITATION_REJECTED', 'unknown']);

    const short = await invite(email, { lifetimeSeconds: 3_600 });
    server.time.ahead = 3_600_000;
    assert.deepEqual(await reasonOf(short.token), ['INVITATION_REJECTED', 'expired']);
    server.time.ahead = 0;
    const long = await invite(email, { lifetimeSeconds: 2_592_000 });
    server.time.ahead = 30 * DAY - 60_000;
    assert.equal(await asks(long.token), InvitationAsk.NOTHING);
    server.time.ahead = 0;

    const role = { name: 'clerk', permissions: ['x'] };
    await server.rpc.ok('OrganisationService', 'putRole', { organisationId, role });
    const clerk = await invite(email, { roles: ['clerk'] });
    await server.rpc.ok('OrganisationService', 'deleteRole', { organisationId, role: 'clerk' });
    await server.rpc.ok('OrganisationService', 'putRole', { organisationId, role });
    assert.deepEqual(await reasonOf(clerk.token), ['ROLE_NOT_FOUND'], 'a role made anew is another');

    const again = await invite(email);
    await server.rpc.ok('OrganisationService', 'addMember', { organisationId, identityId, roles: [] });
    assert.deepEqual(await reasonOf(again.token), ['ALREADY_MEMBER']);
    const request = { organisationId, email };
    assert.equal((await server.rpc.refused('InvitationService', 'inviteMember', request)).reason, 'ALREADY_MEMBER');

    const doomed = await newOrganisation(server.rpc);
    const lost = await invite(email, { organisationId: doomed });
    await server.rpc.ok('OrganisationService', 'deleteOrganisation', { organisationId: doomed });
    assert.deepEqual(await reasonOf(lost.token), ['ORGANISATION_NOT_FOUND']);
    const looked = await server.rpc.refused('InvitationService', 'getInvitation', { invitationToken: lost.token });
    assert.equal(looked.reason, 'ORGANISATION_NOT_FOUND');
  });

  it('INV-1 the token is in the mail alone: in no answer, no list, no event and no row', async () => {
    const email = newAddress();
    const { token } = await invite(email);
    const list = await server.rpc.ok('InvitationService', 'listInvitations', { organisationId });
    assert.ok(list.invitations.some((one) => one.email === email));
    const events = await server.rpc.ok('AuditService', 'listAuditEvents', { pageSize: 100 });
    const text = JSON.stringify([list, events], (_, value) => (typeof value === 'bigint' ? String(value) : value));
    assert.ok(!text.includes(token));
    assert.ok(!JSON.stringify(events.events.map(({ facts }) => facts)).includes(email), 'an event holds no address');
    assert.ok(!server.lines.join().includes(token));
  });

  it('INV-7 mails to one address are limited, however many invite', async () => {
    const { tenant } = await server.rpc.ok('TenantService', 'getTenant', {});
    const settings = tenant?.settings ?? assert.fail();
    const mail = { burst: 2, perHour: 1 };
    const rateLimits = { ...settings.rateLimits, mail } as never;
    await server.rpc.ok('TenantService', 'updateTenant', { settings: { ...settings, rateLimits } });
    const email = newAddress();
    const others = [await newOrganisation(server.rpc), await newOrganisation(server.rpc)];
    await invite(email);
    await invite(email, { organisationId: others[0] });
    const request = { organisationId: others[1] ?? '', email };
    assert.equal((await server.rpc.refused('InvitationService', 'inviteMember', request)).reason, 'RATE_LIMITED');
    await server.rpc.ok('TenantService', 'updateTenant', { settings });
  });
});

describe('attack: invitations on two nodes', function () {
  this.timeout(120_000);
  let cluster: TwoNodes;
  before(async () => {
    cluster = await twoNodes();
  });
  after(() => cluster?.remove());

  it('INV-5 of 50 who accept at once, with and without an account, exactly one is a member by it', async () => {
    const [{ serviceKey, publicUrl }] = cluster.nodes;
    const callers = cluster.nodes.map(({ grpcAddress }) => new RpcCaller(grpcAddress, serviceKey));
    const caller = (n: number): RpcCaller => callers[n % 2] ?? assert.fail();
    const first = caller(0);
    const organisationId = await newOrganisation(first);
    for (const account of [true, false]) {
      const email = `${freshName('many')}@example.com`;
      const identifiers = [{ type: IdentifierType.EMAIL, value: email, verified: true }];
      if (account) await first.ok('IdentityService', 'createIdentity', { identifiers });
      await first.ok('InvitationService', 'inviteMember', { organisationId, email, roles: ['reader'] });
      const invitationToken = (await mailedTo(publicUrl, email)).token ?? assert.fail('no link');
      const password = account ? '' : PASSWORD;
      const request = { invitationToken, password };
      const attempt = (n: number) =>
        caller(n).call('InvitationService', 'acceptInvitation', request, { timeout: 60_000 });
      const outcomes = await Promise.all(Array.from({ length: 50 }, (_, n) => attempt(n)));
      const refused = outcomes.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
      assert.equal(refused.length, 49, refused.map(({ reason }) => reason).join());
      const reasons = new Set(refused.map(({ reason, metadata }) => [reason, metadata.state].join(' ')));
      assert.deepEqual(reasons, new Set(['INVITATION_REJECTED accepted']));
    }
    const { memberships } = await first.ok('OrganisationService', 'listMembers', { organisationId });
    assert.equal(memberships.length, 2);
    for (const each of callers) each.close();
  });
});
