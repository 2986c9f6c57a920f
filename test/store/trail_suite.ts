// Every write appends its trail in the same transaction (SES-4, AUD-1, WAT-2); a write that fails or is refused leaves nothing.
import assert from 'node:assert/strict';
import type { Trail } from '../../server/src/features/change/change.ts';
import type { Store } from '../../server/src/store/store.ts';
import * as make from './fixtures.ts';

/** What there is of a record, and how it is written once well and once in a way that is refused. */
type Write = {
  readonly write: (trail: Trail) => Promise<unknown>;
  readonly refused?: (trail: Trail) => Promise<unknown>;
  readonly state: () => Promise<unknown>;
};

/** Each write of each port: prepares its records in a tenant and tells how to write. */
function writes(store: Store): Record<string, (tenantId: string) => Promise<Write>> {
  const { NO_TRAIL, NOW } = make;
  const { sessions, identities, passwords, signInCodes, services, serviceKeys, signingKeys, tenants } = store;
  const savedIdentity = async (tenantId: string) => {
    const before = make.identity(tenantId);
    await identities.insert(before, NO_TRAIL, 'old');
    return before;
  };
  const savedKey = async (tenantId: string) => {
    const key = make.serviceKey(await services.put(make.service(tenantId), NO_TRAIL));
    await serviceKeys.insert(key, NOW, 2, NO_TRAIL);
    return key;
  };
  return {
    'sessions.insert': async (tenantId) => {
      const session = make.session(tenantId);
      return {
        write: (trail) => sessions.insert(session, trail),
        state: () => sessions.readByHandle(tenantId, session.handle),
      };
    },
    'sessions.replace': async (tenantId) => {
      const before = make.session(tenantId);
      await sessions.insert(before, NO_TRAIL);
      return {
        write: (trail) => sessions.replace(before, { ...before, version: 2, revokedAt: NOW }, trail),
        refused: (trail) => sessions.replace({ ...before, version: 5 }, before, trail),
        state: () => sessions.readByHandle(tenantId, before.handle),
      };
    },
    'identities.insert': async (tenantId) => {
      const [fresh, taken] = [make.identity(tenantId), await savedIdentity(tenantId)];
      return {
        write: (trail) => identities.insert(fresh, trail, 'hash'),
        refused: (trail) => identities.insert({ ...fresh, identifiers: taken.identifiers }, trail),
        state: async () => [await identities.read(tenantId, fresh.id), await passwords.read(tenantId, fresh.id)],
      };
    },
    'identities.replace': async (tenantId) => {
      const [before, taken] = [await savedIdentity(tenantId), await savedIdentity(tenantId)];
      return {
        write: (trail) => identities.replace(before, { ...before, version: 2, identifiers: [make.email()] }, trail),
        refused: (trail) =>
          identities.replace(before, { ...before, version: 2, identifiers: taken.identifiers }, trail),
        state: () => identities.read(tenantId, before.id),
      };
    },
    'identities.remove': async (tenantId) => {
      const before = await savedIdentity(tenantId);
      return {
        write: (trail) => identities.remove(before, trail),
        refused: (trail) => identities.remove({ ...before, version: 5 }, trail),
        state: () => identities.read(tenantId, before.id),
      };
    },
    'passwords.set': async (tenantId) => {
      const before = await savedIdentity(tenantId);
      return {
        write: (trail) => passwords.set(before, { ...before, version: 2, epoch: 1 }, 'new', trail),
        refused: (trail) => passwords.set({ ...before, version: 5 }, before, 'new', trail),
        state: async () => [await identities.read(tenantId, before.id), await passwords.read(tenantId, before.id)],
      };
    },
    'signInCodes.insert': async (tenantId) => {
      const code = make.signInCode(tenantId);
      return {
        write: (trail) => signInCodes.insert(code, trail),
        state: () => signInCodes.spend(tenantId, code.digest, 'ses_probe', NOW),
      };
    },
    'services.put': async (tenantId) => {
      const service = make.service(tenantId);
      return { write: (trail) => services.put(service, trail), state: () => services.read(tenantId, service.name) };
    },
    'services.remove': async (tenantId) => {
      const service = await services.put(make.service(tenantId), NO_TRAIL);
      return {
        write: (trail) => services.remove(tenantId, service.name, trail, NOW),
        refused: (trail) => services.remove(tenantId, 'unknown', trail, NOW),
        state: () => services.read(tenantId, service.name),
      };
    },
    'serviceKeys.insert': async (tenantId) => {
      const key = make.serviceKey(await services.put(make.service(tenantId), NO_TRAIL));
      return {
        write: (trail) => serviceKeys.insert(key, NOW, 2, trail),
        refused: (trail) => serviceKeys.insert(key, NOW, 0, trail),
        state: () => serviceKeys.read(tenantId, key.id),
      };
    },
    'serviceKeys.rotate': async (tenantId) => {
      const previous = await savedKey(tenantId);
      const next = { ...previous, id: `${previous.id}n` };
      return {
        write: (trail) => serviceKeys.rotate(previous, next, NOW + 60, NOW, 2, trail),
        refused: (trail) => serviceKeys.rotate({ ...previous, expiresAt: 1 }, next, NOW + 60, NOW, 2, trail),
        state: () => serviceKeys.list(tenantId, previous.service, 0, 10),
      };
    },
    'serviceKeys.revoke': async (tenantId) => {
      const key = await savedKey(tenantId);
      return {
        write: (trail) => serviceKeys.revoke(tenantId, key.id, NOW, trail),
        refused: (trail) => serviceKeys.revoke(tenantId, 'unknown', NOW, trail),
        state: () => serviceKeys.read(tenantId, key.id),
      };
    },
    'signingKeys.apply': async (tenantId) => {
      const key = make.signingKey(tenantId);
      return {
        write: (trail) => signingKeys.apply(tenantId, [], [key], [], trail),
        refused: (trail) => signingKeys.apply(tenantId, [], [], [{ before: key, after: key }], trail),
        state: () => signingKeys.list(tenantId),
      };
    },
    'invitations.accept': async (tenantId) => {
      const { invitations, organisations } = store;
      const owner = await savedIdentity(tenantId);
      const times = { createdAt: NOW, updatedAt: NOW };
      const made = { tenantId, id: 'org_1', displayName: 'Acme', roles: [], metadata: {}, version: 1, ...times };
      await organisations.insert(made, NO_TRAIL);
      const ends = { createdAt: NOW, expiresAt: NOW + 9, acceptedAt: undefined, revokedAt: undefined };
      const named = { tenantId, id: 'inv_1', organisationId: 'org_1', digest: 'd', email: 'a@example.com' };
      const invitation = { ...named, roles: [], returnTo: '', ...ends };
      await invitations.insert(invitation, 9, NO_TRAIL);
      const member = { tenantId, organisationId: 'org_1', identityId: owner.id, roles: [], createdAt: NOW };
      const accept = (at: number) => (trail: Trail) =>
        invitations.accept(invitation, { identityId: owner.id }, at, () => ({
          organisation: made,
          membership: member,
          trail,
        }));
      return {
        write: accept(NOW),
        refused: accept(NOW + 9),
        state: async () => [
          await invitations.readByDigest(tenantId, 'd'),
          await organisations.listMembers(tenantId, 'org_1', { limit: 9 }),
        ],
      };
    },
    'tenants.insert': async (tenantId) => {
      const made = make.tenant({ id: tenantId, publicUrl: `https://${tenantId}.example` });
      const twin = make.tenant({ publicUrl: `https://${tenantId}-twin.example` });
      await tenants.insert(twin, NO_TRAIL);
      return {
        write: (trail) => tenants.insert(made, trail),
        refused: (trail) => tenants.insert({ ...made, publicUrl: twin.publicUrl }, trail),
        state: () => tenants.read(tenantId),
      };
    },
    'tenants.suspend': async (tenantId) => {
      const before = await tenants.insertIfAbsent(make.tenant({ id: tenantId }));
      await signingKeys.apply(tenantId, [], [make.signingKey(tenantId)], [], NO_TRAIL);
      const after = { ...before, version: 2, suspendedAt: NOW };
      return {
        write: (trail) => tenants.suspend(before, after, NOW, () => trail),
        refused: (trail) => tenants.suspend({ ...before, version: 5 }, after, NOW, () => trail),
        state: async () => [await tenants.read(tenantId), await signingKeys.list(tenantId)],
      };
    },
    'tenants.replace': async (tenantId) => {
      const before = await tenants.insertIfAbsent(make.tenant({ id: tenantId }));
      return {
        write: (trail) => tenants.replace(before, { ...before, version: 2 }, trail),
        refused: (trail) => tenants.replace({ ...before, version: 5 }, before, trail),
        state: () => tenants.read(tenantId),
      };
    },
  };
}

const NAMES = Object.keys(writes({} as Store));

export function trailSuite(store: () => Store): void {
  describe('trail', () => {
    for (const name of NAMES) {
      const prepare = async (tenantId: string): Promise<Write> => {
        const write = writes(store())[name];
        if (write === undefined) throw new Error(name);
        return await write(tenantId);
      };

      it(`${name} keeps its changes and events`, async () => {
        const tenantId = make.newTenantId();
        const trail = make.fullTrail(tenantId);
        await (await prepare(tenantId)).write(trail);
        assert.deepEqual(await make.changesOf(store(), tenantId), trail.changes);
        assert.deepEqual(await make.eventsOf(store(), tenantId), trail.events.toReversed());
      });

      it(`${name} leaves nothing if its trail fails or it is refused`, async () => {
        const tenantId = make.newTenantId();
        const { write, refused, state } = await prepare(tenantId);
        const before = await state();
        await make.assertUnavailable(write(make.brokenTrail(tenantId)));
        await refused?.(make.fullTrail(tenantId));
        assert.deepEqual(await state(), before);
        await make.assertNoTrail(store(), tenantId);
      });
    }
  });
}
