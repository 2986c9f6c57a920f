import assert from 'node:assert/strict';
import type { Act, Ending, Within } from '../../server/src/features/cascade/cascade.ts';
import { CASCADE } from '../../server/src/features/cascade/cascade.ts';
import type { PendingSignIn } from '../../server/src/features/pending_sign_in/pending_sign_in.ts';
import type { Store } from '../../server/src/store/store.ts';
import { brokenTrail, changesOf, identity, NO_TRAIL, NOW, newTenantId, session, signInCode } from './fixtures.ts';

/** What acts end, on a database: each row of the table, and all or nothing. */
export function cascadeSuite(store: () => Store): void {
  /** One identity in epoch 5 with everything that an act may end, and another that no act of the first concerns. */
  async function person() {
    const tenantId = newTenantId();
    const owner = identity(tenantId, { epoch: 5 });
    const other = identity(tenantId, { epoch: 5 });
    const common = { tenantId, identityId: owner.id, epoch: 5 };
    const [own, second, foreign] = [
      session(tenantId, common),
      session(tenantId, common),
      session(tenantId, { ...common, identityId: other.id }),
    ];
    const code = signInCode(tenantId, common);
    const pendingOf = (digest: string): PendingSignIn => ({
      ...common,
      digest,
      sessionHandle: undefined,
      held: false,
      proved: ['password'],
      authenticatedAt: NOW,
      binding: '',
      expiresAt: NOW + 600_000,
    });
    const stores = store();
    for (const one of [owner, other]) await stores.identities.insert(one, NO_TRAIL);
    for (const one of [own, second, foreign]) await stores.sessions.insert(one, NO_TRAIL);
    await stores.signInCodes.insert(code, NO_TRAIL);
    for (const digest of ['p1', 'p2']) await stores.pendingSignIns.insert(pendingOf(digest), NO_TRAIL);
    const elsewhere = { provider: 'acme', issuer: 'https://acme.example', email: '', sealedTokens: undefined };
    for (const { id } of [owner, other]) {
      const account = { ...elsewhere, tenantId, id: `lac_${id}`, identityId: id, subject: id };
      await stores.oauth.link({ ...account, createdAt: NOW, lastUsedAt: NOW }, 9, NO_TRAIL);
    }
    await stores.mfa.remember({ ...common, digest: 'd', expiresAt: NOW + 1 }, NO_TRAIL);
    const ending = (act: Act, within?: Within): Ending => ({
      tenantId,
      identityId: owner.id,
      acts: [act],
      within,
      at: NOW + 7,
    });

    /** The epochs of everything, by name. */
    const epochs = async () => {
      const at = async ({ handle }: { handle: string }) =>
        (await stores.sessions.readByHandle(tenantId, handle))?.session;
      const alive = async (digest: string) => (await stores.pendingSignIns.read(tenantId, digest, NOW))?.epoch;
      return {
        identity: (await stores.identities.read(tenantId, owner.id))?.epoch,
        own: (await at(own))?.epoch,
        second: (await at(second))?.epoch,
        foreign: (await at(foreign))?.epoch,
        code: (await stores.signInCodes.spend(tenantId, code.digest, 'ses_x', NOW))?.code.epoch,
        ownPending: await alive('p1'),
        secondPending: await alive('p2'),
        device: (await stores.mfa.readDevice(tenantId, 'd'))?.epoch,
        accounts: (await stores.oauth.list(tenantId, owner.id)).length,
        foreignAccounts: (await stores.oauth.list(tenantId, other.id)).length,
      };
    };
    const versions = async () => (await stores.sessions.readByHandle(tenantId, own.handle))?.session.version;
    return { tenantId, owner, own, ending, epochs, versions };
  }

  /** The epoch that a row is in after the act, by the table: 6 if it was moved on. */
  const moved = (act: Act, column: 'sessions' | 'codes' | 'pendingSignIns', own = false) => {
    const effect = CASCADE[act][column];
    return effect === 'kept' || (effect === 'others_ended' && own) ? 6 : 5;
  };

  describe('the cascade', () => {
    for (const act of Object.keys(CASCADE) as Act[]) {
      it(`ACC-1 ACC-3 ${act}: what is kept is in the epoch of its identity afterwards, what ended is not`, async () => {
        const { tenantId, owner, own, ending, epochs, versions } = await person();
        const within = { sessionHandle: own.handle, pendingDigest: 'p1' };
        await store().mfa.forgetDevices({ ...NO_TRAIL, ending: ending(act, within) });
        const effects = CASCADE[act];
        const device = effects.rememberedDevices === 'ended' ? undefined : effects.trustTokens === 'kept' ? 5 : 6;
        const expected =
          effects.trustTokens === 'kept'
            ? { identity: 5, own: 5, second: 5, code: 5, ownPending: 5, secondPending: 5 }
            : {
                identity: 6,
                own: moved(act, 'sessions', true),
                second: moved(act, 'sessions'),
                code: moved(act, 'codes'),
                ownPending: moved(act, 'pendingSignIns', true),
                secondPending: moved(act, 'pendingSignIns'),
              };
        const accounts = { accounts: effects.linkedAccounts === 'kept' ? 1 : 0, foreignAccounts: 1 };
        assert.deepEqual(await epochs(), { ...expected, ...accounts, foreign: 5, device });
        assert.equal(await versions(), expected.own === 6 ? 2 : 1);
        const told = [{ tenantId, kind: 'identity', identityId: owner.id, epoch: 6, version: 2 }];
        assert.deepEqual(await changesOf(store(), tenantId), effects.trustTokens === 'kept' ? [] : told);
      });
    }

    it('ACC-1 nothing goes on where the act is done in no session', async () => {
      const { ending, epochs } = await person();
      await store().mfa.forgetDevices({ ...NO_TRAIL, ending: ending('factor_removed') });
      const { own, ownPending } = await epochs();
      assert.deepEqual({ own, ownPending }, { own: 5, ownPending: 5 });
    });

    it('ACC-2 a write that fails ends nothing', async () => {
      const { tenantId, ending, epochs } = await person();
      const broken = { ...brokenTrail(tenantId), ending: ending('sessions_revoked') };
      await assert.rejects(store().mfa.forgetDevices(broken));
      const { identity: epoch, own, device } = await epochs();
      assert.deepEqual({ epoch, own, device }, { epoch: 5, own: 5, device: 5 });
    });

    it('ACC-3 of 16 acts at once each raises the epoch, and the session that they are done in survives them all', async () => {
      const { own, ending, epochs, versions } = await person();
      const within = { sessionHandle: own.handle };
      await Promise.all(
        Array.from({ length: 16 }, () =>
          store().mfa.forgetDevices({ ...NO_TRAIL, ending: ending('factor_removed', within) }),
        ),
      );
      const { identity: epoch, own: moved } = await epochs();
      assert.deepEqual({ epoch, moved, version: await versions() }, { epoch: 21, moved: 21, version: 17 });
    });

    it('an identity that is gone is no reason to fail', async () => {
      const { owner, ending } = await person();
      await store().identities.remove(owner, NO_TRAIL);
      await store().mfa.forgetDevices({ ...NO_TRAIL, ending: ending('factor_removed') });
    });
  });
}
