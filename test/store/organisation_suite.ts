import assert from 'node:assert/strict';
import { newOrganisation, type Organisation } from '../../server/src/features/organisation/organisation.ts';
import type { OrganisationWrite, Standing } from '../../server/src/features/organisation/store.ts';
import type { Store } from '../../server/src/store/store.ts';
import {
  AWKWARD_TEXTS,
  assertNoTrail,
  brokenTrail,
  changesOf,
  eventsOf,
  fullTrail,
  identity,
  NO_TRAIL,
  NOW,
  newTenantId,
  session,
  walk,
} from './fixtures.ts';

const ROLES = [
  { name: 'owner', permissions: ['a', 'b'] },
  { name: 'reader', permissions: ['a'] },
];
const organisation = (tenantId: string, more: Partial<Organisation> = {}): Organisation => ({
  ...newOrganisation(
    { tenantId, id: `org_${tenantId}`, displayName: 'Acme', metadata: { z: '1', a: '2' } },
    ROLES,
    NOW,
  ),
  ...more,
});

export function organisationSuite(store: () => Store): void {
  describe('OrganisationStore', () => {
    const made = async (tenantId: string, more: Partial<Organisation> = {}) => {
      const record = organisation(tenantId, more);
      await store().organisations.insert(record, NO_TRAIL);
      return record;
    };
    const person = async (tenantId: string, more: Parameters<typeof identity>[1] = {}) => {
      const record = identity(tenantId, more);
      await store().identities.insert(record, NO_TRAIL);
      return record;
    };
    const raised = ({ organisation: before }: Standing) => ({ ...before, version: before.version + 1 });
    /** Puts a member, or ends the membership where there are no roles. */
    const put = (tenantId: string, organisationId: string, identityId: string, roles?: readonly number[], at = NOW) =>
      store().organisations.change({ tenantId, organisationId, identityId }, (before): OrganisationWrite => {
        const membership = roles && { tenantId, organisationId, identityId, roles, createdAt: at };
        return { organisation: raised(before), membership: membership ?? 'removed', trail: NO_TRAIL };
      });

    it('gives back what was inserted, of its tenant, compared byte by byte', async () => {
      const tenantId = newTenantId();
      for (const text of AWKWARD_TEXTS) {
        const id = `org_${AWKWARD_TEXTS.indexOf(text)}`;
        const record = await made(tenantId, { id, displayName: text, metadata: { [text]: text } });
        assert.deepEqual(await store().organisations.read(tenantId, id), record);
        assert.equal(await store().organisations.read(tenantId, id.toUpperCase()), undefined);
        assert.equal(await store().organisations.read(newTenantId(), id), undefined);
      }
    });

    it('lists newest first by creation then id, page by page, each once', async () => {
      const tenantId = newTenantId();
      for (const n of [3, 1, 2, 5, 4, 0]) await made(tenantId, { id: `org_${n}`, createdAt: NOW + Math.floor(n / 3) });
      await made(newTenantId());
      const pages = await walk((after) => store().organisations.list(tenantId, { limit: 4, ...(after && { after }) }));
      assert.deepEqual(
        pages.map((page) => page.map(({ id }) => id)),
        [
          ['org_5', 'org_4', 'org_3', 'org_2'],
          ['org_1', 'org_0'],
        ],
      );
    });

    it('changes what the rule answers, with its trail, and nothing where it throws or the trail cannot be written', async () => {
      const tenantId = newTenantId();
      const { id } = await made(tenantId);
      const key = { tenantId, organisationId: id };
      const failing = new TypeError('no');
      await assert.rejects(
        store().organisations.change(key, () => {
          throw failing;
        }),
        failing,
      );
      await assert.rejects(
        store().organisations.change(key, (before) => ({ organisation: raised(before), trail: brokenTrail(tenantId) })),
        { reason: 'DATABASE_UNAVAILABLE' },
      );
      assert.equal((await store().organisations.change(key, () => undefined))?.organisation.version, 1);
      await assertNoTrail(store(), tenantId);
      assert.equal((await store().organisations.read(tenantId, id))?.version, 1);
      const trail = fullTrail(tenantId);
      const after = {
        ...organisation(tenantId),
        displayName: 'Other',
        roles: [],
        metadata: {},
        version: 2,
        updatedAt: NOW + 1,
      };
      await store().organisations.change(key, () => ({ organisation: after, trail }));
      assert.deepEqual(await store().organisations.read(tenantId, id), after);
      assert.deepEqual(await changesOf(store(), tenantId), trail.changes);
      assert.equal((await eventsOf(store(), tenantId)).length, trail.events.length);
      assert.equal(await store().organisations.change({ ...key, organisationId: 'none' }, () => undefined), undefined);
      assert.equal(await store().organisations.change({ ...key, tenantId: newTenantId() }, () => undefined), undefined);
    });

    it('loses no step of 24 concurrent changes', async () => {
      const tenantId = newTenantId();
      const { id } = await made(tenantId);
      const changes = Array.from({ length: 24 }, () =>
        store().organisations.change({ tenantId, organisationId: id }, (before) => ({
          organisation: raised(before),
          trail: NO_TRAIL,
        })),
      );
      await Promise.all(changes);
      assert.equal((await store().organisations.read(tenantId, id))?.version, 25);
    });

    it('adds one of 16 who add the same member', async () => {
      const tenantId = newTenantId();
      const [{ id }, { id: identityId }] = [await made(tenantId), await person(tenantId)];
      let added = 0;
      const adders = Array.from({ length: 16 }, () =>
        store().organisations.change({ tenantId, organisationId: id, identityId }, (before) => {
          if (before.membership !== undefined) return undefined;
          const membership = { tenantId, organisationId: id, identityId, roles: [1], createdAt: NOW };
          return { organisation: raised(before), membership, trail: NO_TRAIL };
        }),
      );
      for (const answer of await Promise.all(adders)) added += Number(answer !== undefined && 'trail' in answer);
      assert.equal(added, 1);
      assert.equal((await store().organisations.listMembers(tenantId, id, { limit: 9 })).rows.length, 1);
    });

    it('tells a rule the membership and the name of the identity', async () => {
      const tenantId = newTenantId();
      const [{ id }, { id: identityId }] = [await made(tenantId), await person(tenantId, { displayName: 'Grace' })];
      const seen = async (who: string) => {
        let found: Standing | undefined;
        await store().organisations.change({ tenantId, organisationId: id, identityId: who }, (before) => {
          found = before;
          return undefined;
        });
        return [found?.membership?.roles, found?.identityName];
      };
      assert.deepEqual(await seen(identityId), [undefined, 'Grace']);
      await put(tenantId, id, identityId, [2, 1]);
      assert.deepEqual(await seen(identityId), [[2, 1], 'Grace']);
      assert.deepEqual(await seen('idn_none'), [undefined, undefined]);
    });

    it('lists members and memberships with their names, newest first, page by page', async () => {
      const tenantId = newTenantId();
      const [acme, other] = [await made(tenantId, { id: 'org_a' }), await made(tenantId, { id: 'org_b' })];
      const people = [];
      for (let n = 0; n < 5; n++) people.push(await person(tenantId, { id: `idn_${n}`, displayName: `P${n}` }));
      for (const [n, { id }] of people.entries()) await put(tenantId, acme.id, id, [1, 2, 99], NOW + (n >> 1));
      await put(tenantId, other.id, 'idn_0', [], NOW + 9);
      const pages = await walk((after) =>
        store().organisations.listMembers(tenantId, acme.id, { limit: 2, ...(after && { after }) }),
      );
      assert.deepEqual(
        pages.map((page) => page.map(({ identityId, identityName }) => [identityId, identityName])),
        [
          [
            ['idn_4', 'P4'],
            ['idn_3', 'P3'],
          ],
          [
            ['idn_2', 'P2'],
            ['idn_1', 'P1'],
          ],
          [['idn_0', 'P0']],
        ],
      );
      const memberships = await walk((after) =>
        store().organisations.listMemberships(tenantId, 'idn_0', { limit: 1, ...(after && { after }) }),
      );
      assert.deepEqual(
        memberships
          .flat()
          .map(({ organisationId, organisationName, roleNames }) => [organisationId, organisationName, roleNames]),
        [
          ['org_b', 'Acme', []],
          ['org_a', 'Acme', ['owner', 'reader']],
        ],
      );
      assert.deepEqual((await store().organisations.listMembers(newTenantId(), acme.id, { limit: 9 })).rows, []);
    });

    it('ORG-5 adds the facts of the active organisation to a session, while there is the membership', async () => {
      const tenantId = newTenantId();
      const [{ id }, { id: identityId }] = [await made(tenantId), await person(tenantId)];
      await put(tenantId, id, identityId, [1]);
      const record = session(tenantId, { identityId, organisationId: id });
      await store().sessions.insert(record, NO_TRAIL);
      const read = async () => [
        (await store().sessions.readByDigest(tenantId, record.digest))?.organisation,
        (await store().sessions.readByHandle(tenantId, record.handle))?.organisation,
        await store().organisations.readFacts(tenantId, id, identityId),
      ];
      const facts = { id, displayName: 'Acme', roles: ['owner'], permissions: ['a', 'b'], version: 2 };
      assert.deepEqual(await read(), [facts, facts, facts]);
      await store().organisations.remove(tenantId, id, NO_TRAIL);
      assert.deepEqual(await read(), [undefined, undefined, undefined]);
      assert.equal(await store().organisations.remove(tenantId, id, NO_TRAIL), false);
    });

    it('ORG-7 a membership that ends is active in no session of the identity, and stays so', async () => {
      const tenantId = newTenantId();
      const [{ id }, { id: identityId }] = [await made(tenantId), await person(tenantId)];
      const other = await person(tenantId);
      await put(tenantId, id, identityId, [1]);
      await put(tenantId, id, other.id, [1]);
      const theirs = session(tenantId, { identityId, organisationId: id });
      const others = session(tenantId, { identityId: other.id, organisationId: id });
      for (const one of [theirs, others]) await store().sessions.insert(one, NO_TRAIL);
      await put(tenantId, id, identityId);
      await put(tenantId, id, identityId, [1]);
      const active = async (one: typeof theirs) =>
        (await store().sessions.readByHandle(tenantId, one.handle))?.session.organisationId;
      assert.deepEqual([await active(theirs), await active(others)], [undefined, id]);
      // A change of the session that began before leaves it so.
      await store().sessions.replace(theirs, { ...theirs, version: 2 }, NO_TRAIL);
      assert.equal(await active(theirs), undefined);
    });

    it('ORG-6 makes an organisation active for its members only, in the version that was read', async () => {
      const tenantId = newTenantId();
      const [{ id }, { id: identityId }] = [await made(tenantId), await person(tenantId)];
      const record = session(tenantId, { identityId, organisationId: id });
      await store().sessions.insert(record, NO_TRAIL);
      const found = async () => (await store().sessions.readByHandle(tenantId, record.handle))?.session;
      assert.equal((await found())?.organisationId, undefined, 'no member, so not active');
      assert.equal(await store().organisations.setActive(record, id, fullTrail(tenantId)), 'no_member');
      await put(tenantId, id, identityId, [1]);
      assert.equal(
        await store().organisations.setActive({ ...record, version: 7 }, id, fullTrail(tenantId)),
        'changed',
      );
      await assertNoTrail(store(), tenantId);
      assert.equal(await store().organisations.setActive(record, id, NO_TRAIL), 'ok');
      assert.deepEqual(await found(), { ...record, organisationId: id, version: 2 });
      assert.equal(await store().organisations.setActive({ ...record, version: 2 }, undefined, NO_TRAIL), 'ok');
      assert.deepEqual(await found(), { ...record, organisationId: undefined, version: 3 });
    });

    it('ORG-7 an organisation is active in no session of those who left it, however they meet', async () => {
      const tenantId = newTenantId();
      const { id } = await made(tenantId);
      await Promise.all(
        Array.from({ length: 12 }, async () => {
          const { id: identityId } = await person(tenantId);
          await put(tenantId, id, identityId, [1]);
          const record = session(tenantId, { identityId });
          await store().sessions.insert(record, NO_TRAIL);
          await Promise.all([store().organisations.setActive(record, id, NO_TRAIL), put(tenantId, id, identityId)]);
          const found = await store().sessions.readByHandle(tenantId, record.handle);
          assert.equal(found?.session.organisationId, undefined);
        }),
      );
    });

    it('ORG-4 memberships end with their identity', async () => {
      const tenantId = newTenantId();
      const [{ id }, who] = [await made(tenantId), await person(tenantId)];
      await put(tenantId, id, who.id, [1]);
      assert.equal(await store().identities.remove(who, NO_TRAIL), true);
      assert.equal(await store().organisations.readFacts(tenantId, id, who.id), undefined);
      assert.deepEqual((await store().organisations.listMembers(tenantId, id, { limit: 9 })).rows, []);
    });
  });
}
