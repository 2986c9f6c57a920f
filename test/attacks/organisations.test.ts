// What holds in one organisation holds in no other, by no spelling, and never longer than the membership (chapter 13).
import assert from 'node:assert/strict';
import {
  freshName,
  newIdentity,
  newOrganisation,
  newSession,
  type SharedServer,
  sharedServer,
} from '../support/shared_server.ts';

describe('attack: organisations', function () {
  this.timeout(60_000);
  let shared: SharedServer;
  before(async () => {
    shared = await sharedServer();
  });

  const organisationOf = async (sessionId: string) => {
    const { verdict } = await shared.rpc.ok('SessionService', 'verify', { sessionId });
    return verdict?.answer?.$case === 'active' ? verdict.answer.value.organisation : undefined;
  };

  it('ORG-6 nobody makes an organisation active that they are no member of, by no spelling of its id', async () => {
    const { rpc } = shared;
    const [theirs, mine] = [await newOrganisation(rpc), await newIdentity(rpc)];
    const { sessionId } = await newSession(rpc, mine);
    const spellings = [
      theirs.toUpperCase(),
      `${theirs} `,
      ` ${theirs}`,
      `${theirs}\u0000`,
      theirs.slice(0, -1),
      `${theirs}0`,
      '*',
      '%',
    ];
    for (const organisationId of spellings) {
      const refused = await rpc.refused('OrganisationService', 'setActiveOrganisation', { sessionId, organisationId });
      assert.equal(refused.reason, 'INVALID_FIELD', JSON.stringify(organisationId));
    }
    const request = { sessionId, organisationId: theirs };
    assert.equal(
      (await rpc.refused('OrganisationService', 'setActiveOrganisation', request)).reason,
      'MEMBER_NOT_FOUND',
    );
    const created = { identityId: mine, organisationId: theirs };
    assert.equal((await rpc.refused('SessionService', 'createSession', created)).reason, 'MEMBER_NOT_FOUND');
    assert.equal(await organisationOf(sessionId), undefined);
  });

  it('ORG-3 a role of one organisation gives nothing in another of the same names', async () => {
    const { rpc } = shared;
    const identityId = await newIdentity(rpc);
    const [first, second] = [await newOrganisation(rpc, [identityId]), await newOrganisation(rpc)];
    await rpc.ok('OrganisationService', 'updateMember', { organisationId: first, identityId, roles: ['owner'] });
    await rpc.ok('OrganisationService', 'addMember', { organisationId: second, identityId, roles: ['reader'] });
    const { sessionId } = await newSession(rpc, identityId);
    await rpc.ok('OrganisationService', 'setActiveOrganisation', { sessionId, organisationId: second });
    assert.deepEqual((await organisationOf(sessionId))?.permissions, ['orders:read']);
  });

  it('ORG-3 who held a role that was deleted gets nothing from a new one of its name', async () => {
    const { rpc } = shared;
    const identityId = await newIdentity(rpc);
    const organisationId = await newOrganisation(rpc, [identityId]);
    const { sessionId } = await newSession(rpc, identityId);
    await rpc.ok('OrganisationService', 'setActiveOrganisation', { sessionId, organisationId });
    await rpc.ok('OrganisationService', 'deleteRole', { organisationId, role: 'reader' });
    const role = { name: 'reader', permissions: ['everything'] };
    await rpc.ok('OrganisationService', 'putRole', { organisationId, role });
    assert.deepEqual((await organisationOf(sessionId))?.permissions, []);
  });

  it('ORG-7 two calls at once leave no membership behind that was ended', async () => {
    const { rpc } = shared;
    for (let round = 0; round < 8; round++) {
      const identityId = await newIdentity(rpc);
      const organisationId = await newOrganisation(rpc, [identityId]);
      const { sessionId } = await newSession(rpc, identityId);
      await Promise.all([
        rpc.call('OrganisationService', 'setActiveOrganisation', { sessionId, organisationId }),
        rpc.call('OrganisationService', 'updateMember', { organisationId, identityId, roles: ['owner'] }),
        rpc.ok('OrganisationService', 'removeMember', { organisationId, identityId }),
      ]);
      const { memberships } = await rpc.ok('OrganisationService', 'listMembers', { organisationId });
      assert.deepEqual(memberships, []);
      await rpc.ok('OrganisationService', 'addMember', { organisationId, identityId, roles: ['owner'] });
      assert.equal(await organisationOf(sessionId), undefined);
    }
  });

  it('ERR-8 a page token of members is one of no other list and no other organisation', async () => {
    const { rpc } = shared;
    const people = [await newIdentity(rpc), await newIdentity(rpc), await newIdentity(rpc)];
    const [mine, other] = [await newOrganisation(rpc, people), await newOrganisation(rpc)];
    const first = await rpc.ok('OrganisationService', 'listMembers', { organisationId: mine, pageSize: 1 });
    const pageToken = first.nextPageToken;
    assert.notEqual(pageToken, '');
    const [identityId = ''] = people;
    for (const [method, request] of [
      ['listMemberships', { identityId, pageToken }],
      ['listOrganisations', { pageToken }],
      ['listMembers', { organisationId: other, pageToken }],
      ['listMembers', { organisationId: mine, pageToken: `${pageToken}A` }],
    ] as const) {
      const { reason } = await rpc.refused('OrganisationService', method, request as never);
      assert.equal(reason, 'INVALID_PAGE_TOKEN', method);
    }
  });

  it('ERR-6 a name of an organisation is in no error', async () => {
    const secret = `canary-${freshName()}`;
    const { message } = (
      await shared.rpc.refused('OrganisationService', 'createOrganisation', {
        displayName: secret,
        roles: [{ name: `${secret} x`, permissions: [] }],
      })
    ).error;
    assert.ok(!message.includes(secret));
  });
});
