import assert from 'node:assert/strict';
import { reason, testWorld } from '../../../../test/support/world.ts';
import * as message from '../../contract/gen/trust/v1/identity.ts';
import type { Call } from '../../contract/rpc.ts';
import { createIdentity } from './create_identity.ts';
import { removeIdentity } from './remove_identity.ts';
import { identityRpc } from './rpc.ts';

const { EMAIL, PHONE, USERNAME } = message.IdentifierType;
const CALL: Call = {
  tenantId: 'default',
  caller: { tenantId: 'default', service: 'ops', scopes: new Set(), audiences: new Set() },
};
const ADA = { type: EMAIL, value: 'Ada@Example.org', verified: true };
const PHONE_OF_ADA = { type: PHONE, value: '+4915112345678', verified: false };

function served() {
  const world = testWorld();
  const { identities } = world.stores;
  const deps = { ...world, identities };
  const rpc = identityRpc({
    createIdentity: createIdentity(deps),
    removeIdentity: removeIdentity(deps),
    change: deps,
    identities,
    pageTokens: world.pageTokens,
  });
  const create = async (facts: Partial<message.CreateIdentityRequest> = {}) => {
    const request = { ...message.CreateIdentityRequest.fromPartial({}), identifiers: [ADA], ...facts };
    const { identity } = await rpc.createIdentity(request, CALL);
    assert.ok(identity);
    return identity;
  };
  const verdict = async (sessionId: string) => {
    const answer = await world.verify('default', sessionId);
    return answer.active ? 'active' : answer.reason;
  };
  const update = (request: Partial<message.UpdateIdentityRequest>) =>
    rpc.updateIdentity({ ...message.UpdateIdentityRequest.fromPartial({}), ...request }, CALL);
  return { ...world, rpc, create, update, verdict };
}

const target = (identityId: string) => ({ tenantId: '', identityId });

describe('IdentityService', () => {
  it('makes, reads, finds and lists an identity; e-mail addresses are found in any case', async () => {
    const { rpc, create, time } = served();
    const made = await create({ displayName: 'Ada', roles: ['admin'], metadata: { plan: 'pro' } });
    assert.deepEqual(made.identifiers, [{ ...ADA, value: 'ada@example.org' }]);
    assert.equal(made.state, message.IdentityState.ACTIVE);
    assert.deepEqual((await rpc.getIdentity(target(made.id), CALL)).identity, made);
    const found = await rpc.findIdentity({ tenantId: '', type: EMAIL, value: ' ADA@example.ORG ' }, CALL);
    assert.deepEqual(found.identity, made);
    time.now += 1;
    const second = await create({ identifiers: [PHONE_OF_ADA] });
    const first = await rpc.listIdentities({ tenantId: '', pageSize: 1, pageToken: '' }, CALL);
    assert.deepEqual(first.identities, [second]);
    const rest = await rpc.listIdentities({ tenantId: '', pageSize: 1, pageToken: first.nextPageToken }, CALL);
    assert.deepEqual(rest, { identities: [made], nextPageToken: '' });
  });

  it('a taken identifier is IDENTIFIER_TAKEN at creation and at adding', async () => {
    const { rpc, create } = served();
    await create();
    await assert.rejects(create(), reason('IDENTIFIER_TAKEN'));
    const other = await create({ identifiers: [PHONE_OF_ADA] });
    const add = { ...target(other.id), identifier: { ...ADA, value: 'ADA@example.org' } };
    await assert.rejects(rpc.addIdentifier(add, CALL), reason('IDENTIFIER_TAKEN'));
  });

  it('SES-3 SES-4 an update raises the version, not the epoch, and is told in the feed', async () => {
    const { stores, create, update } = served();
    const made = await create({ displayName: 'Ada', roles: ['a'], metadata: { k: 'v' } });
    const { identity } = await update({ identityId: made.id, metadata: { entries: {} } });
    assert.deepEqual(
      { ...identity, updatedAt: undefined },
      { ...made, metadata: {}, version: 2n, updatedAt: undefined },
    );
    assert.deepEqual(stores.feed, [
      { tenantId: 'default', kind: 'identity', identityId: made.id, epoch: 1, version: 2 },
    ]);
    await assert.rejects(
      update({ identityId: made.id, displayName: 'x', expectedVersion: 1n }),
      reason('CONCURRENT_CHANGE'),
    );
  });

  it('SES-1 SES-3 disabling ends all sessions and enabling brings none back', async () => {
    const { rpc, signIn, verdict } = served();
    const { sessionId, identity } = await signIn();
    assert.equal(await verdict(sessionId), 'active');
    const { identity: disabled } = await rpc.disableIdentity({ ...target(identity.id), reason: '' }, CALL);
    assert.equal(disabled?.state, message.IdentityState.DISABLED);
    assert.equal(disabled?.epoch, 2n);
    assert.equal(await verdict(sessionId), 'REVOKED');
    await rpc.disableIdentity({ ...target(identity.id), reason: '' }, CALL);
    const { identity: enabled } = await rpc.enableIdentity(target(identity.id), CALL);
    assert.equal(enabled?.epoch, 2n);
    assert.equal(await verdict(sessionId), 'REVOKED');
  });

  it('SES-3 deletion removes all that belongs to it; the feed says that no epoch is acceptable', async () => {
    const { rpc, stores, signIn, verdict } = served();
    const { sessionId, identity } = await signIn();
    await rpc.deleteIdentity(target(identity.id), CALL);
    assert.notEqual(await verdict(sessionId), 'active');
    await assert.rejects(rpc.getIdentity(target(identity.id), CALL), reason('IDENTITY_NOT_FOUND'));
    const end = Number.MAX_SAFE_INTEGER;
    assert.deepEqual(stores.feed.at(-1), {
      tenantId: 'default',
      kind: 'identity',
      identityId: identity.id,
      epoch: end,
      version: end,
    });
  });

  it('identifiers come and go; the last one stays', async () => {
    const { rpc, create } = served();
    const made = await create();
    const added = await rpc.addIdentifier({ ...target(made.id), identifier: PHONE_OF_ADA }, CALL);
    assert.equal(added.identity?.identifiers.length, 2);
    const gone = { ...target(made.id), type: EMAIL, value: 'ada@EXAMPLE.org' };
    const { identity } = await rpc.removeIdentifier(gone, CALL);
    assert.deepEqual(identity?.identifiers, [PHONE_OF_ADA]);
    await assert.rejects(
      rpc.removeIdentifier({ ...target(made.id), type: PHONE, value: PHONE_OF_ADA.value }, CALL),
      reason('LAST_IDENTIFIER'),
    );
  });

  it('an identity has at most 10 identifiers', async () => {
    const { rpc, create } = served();
    const names = Array.from({ length: 10 }, (_, n) => ({ type: USERNAME, value: `ada-${n}`, verified: false }));
    const made = await create({ identifiers: names });
    await assert.rejects(rpc.addIdentifier({ ...target(made.id), identifier: ADA }, CALL), reason('INVALID_FIELD'));
    await assert.rejects(create({ identifiers: [...names, ADA] }), reason('INVALID_FIELD', 'identifiers'));
  });

  it('SES-4 AUD-1 AUD-2 every act leaves an event without identifiers in it', async () => {
    const { rpc, stores, create, update } = served();
    const { id } = await create();
    await rpc.addIdentifier({ ...target(id), identifier: PHONE_OF_ADA }, CALL);
    await rpc.removeIdentifier({ ...target(id), type: PHONE, value: PHONE_OF_ADA.value }, CALL);
    await update({ identityId: id, displayName: 'Ada' });
    await rpc.disableIdentity({ ...target(id), reason: '' }, CALL);
    await rpc.enableIdentity(target(id), CALL);
    await rpc.deleteIdentity(target(id), CALL);
    assert.deepEqual(
      stores.events.map(({ action }) => action),
      [
        'identity.created',
        'identifier.added',
        'identifier.removed',
        'identity.updated',
        'identity.disabled',
        'identity.enabled',
        'identity.deleted',
      ],
    );
    assert.doesNotMatch(JSON.stringify(stores.events), /ada|4915|Ada/);
  });

  for (const [field, facts] of [
    ['identifiers', { identifiers: [] }],
    ['identifiers[0].type', { identifiers: [{ ...ADA, type: 0 }] }],
    ['identifiers[0].value', { identifiers: [{ ...ADA, value: 'a@b' }] }],
    ['identifiers[0].value', { identifiers: [{ ...ADA, value: 'a@b.example\r\nBcc: x@y.example' }] }],
    ['identifiers[0].value', { identifiers: [{ ...ADA, value: `${'a'.repeat(65)}@b.example` }] }],
    ['identifiers[1].value', { identifiers: [ADA, { ...ADA, value: 'ada@example.org' }] }],
    ['identifiers[0].value', { identifiers: [{ ...ADA, type: PHONE, value: '0151' }] }],
    ['identifiers[0].value', { identifiers: [{ ...ADA, type: USERNAME, value: 'ab' }] }],
    ['display_name', { displayName: 'x'.repeat(129) }],
    ['display_name', { displayName: 'a\u0000b' }],
    ['roles[0]', { roles: ['a b'] }],
    ['roles', { roles: Array.from({ length: 33 }, (_, n) => `r${n}`) }],
    ['metadata.k', { metadata: { k: 'x'.repeat(513) } }],
    ['metadata', { metadata: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`k${n}`, ''])) }],
  ] as const) {
    it(`ERR-3 refuses ${field} out of bounds: ${JSON.stringify(facts).slice(0, 60)}`, async () => {
      const { stores, create } = served();
      await assert.rejects(create(facts as Partial<message.CreateIdentityRequest>), reason('INVALID_FIELD', field));
      assert.deepEqual(stores.calls, []);
    });
  }

  it('TERM-2 an identity of another tenant is not found', async () => {
    const { rpc, create } = served();
    const { id } = await create();
    const foreign = { ...CALL, tenantId: 'other' };
    await assert.rejects(rpc.getIdentity(target(id), foreign), reason('IDENTITY_NOT_FOUND'));
    await assert.rejects(rpc.disableIdentity({ ...target(id), reason: '' }, foreign), reason('IDENTITY_NOT_FOUND'));
    await assert.rejects(rpc.deleteIdentity(target(id), foreign), reason('IDENTITY_NOT_FOUND'));
  });
});
