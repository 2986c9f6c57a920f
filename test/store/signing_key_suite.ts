import assert from 'node:assert/strict';
import type { Store } from '../../server/src/store/store.ts';
import { NO_TRAIL, NOW, newTenantId, signingKey } from './fixtures.ts';

export function signingKeySuite(store: () => Store): void {
  describe('SigningKeyStore', () => {
    it('lists all keys of the tenant, newest first by creation then kid', async () => {
      const tenantId = newTenantId();
      const keys = [0, 1, 2, 3].map((n) =>
        signingKey(tenantId, {
          kid: `sgk_${n}`,
          createdAt: NOW + Math.floor(n / 2),
          activatedAt: NOW + n,
          publicJwk: '{"z":"1", "a":"2"}',
        }),
      );
      assert.deepEqual(await store().signingKeys.list(tenantId), []);
      assert.equal(await store().signingKeys.apply(tenantId, [], keys, [], NO_TRAIL), true);
      assert.deepEqual(await store().signingKeys.list(tenantId), keys.toReversed());
      assert.deepEqual(await store().signingKeys.list(newTenantId()), []);
    });

    it('inserts and updates in one step', async () => {
      const tenantId = newTenantId();
      const [old, fresh] = [signingKey(tenantId, { state: 'active' }), signingKey(tenantId, { createdAt: NOW + 1 })];
      await store().signingKeys.apply(tenantId, [], [old], [], NO_TRAIL);
      const after = { ...old, state: 'retired', sealed: '', retiringAt: NOW + 2, retiredAt: NOW + 3 } as const;
      assert.equal(
        await store().signingKeys.apply(tenantId, [old.kid], [fresh], [{ before: old, after }], NO_TRAIL),
        true,
      );
      assert.deepEqual(await store().signingKeys.list(tenantId), [fresh, after]);
    });

    it('writes nothing if an updated key is no longer in its state', async () => {
      const tenantId = newTenantId();
      const key = signingKey(tenantId);
      await store().signingKeys.apply(tenantId, [], [key], [], NO_TRAIL);
      const updates = [{ before: { ...key, state: 'active' }, after: { ...key, state: 'retiring' } }] as const;
      assert.equal(
        await store().signingKeys.apply(tenantId, [key.kid], [signingKey(tenantId)], updates, NO_TRAIL),
        false,
      );
      assert.deepEqual(await store().signingKeys.list(tenantId), [key]);
      const gone = signingKey(tenantId);
      assert.equal(
        await store().signingKeys.apply(tenantId, [key.kid], [], [{ before: gone, after: gone }], NO_TRAIL),
        false,
      );
    });

    it('writes nothing if another key of the tenant has come', async () => {
      const tenantId = newTenantId();
      const key = signingKey(tenantId);
      await store().signingKeys.apply(tenantId, [], [key], [], NO_TRAIL);
      assert.equal(await store().signingKeys.apply(tenantId, [], [signingKey(tenantId)], [], NO_TRAIL), false);
      assert.deepEqual(await store().signingKeys.list(tenantId), [key]);
      assert.equal(await store().signingKeys.apply(newTenantId(), [], [], [], NO_TRAIL), true);
    });

    it('lets one of 16 nodes make the first key', async () => {
      const tenantId = newTenantId();
      const nodes = Array.from({ length: 16 }, () =>
        store().signingKeys.apply(tenantId, [], [signingKey(tenantId)], [], NO_TRAIL),
      );
      assert.equal((await Promise.all(nodes)).filter(Boolean).length, 1);
      assert.equal((await store().signingKeys.list(tenantId)).length, 1);
    });
  });
}
