import assert from 'node:assert/strict';
import type { Store } from '../../server/src/store/store.ts';
import { NOW, newTenantId, TWINS } from './fixtures.ts';

export function rateLimitSuite(store: () => Store): void {
  describe('RateLimitStore', () => {
    const read = async (tenantId: string, subjects: readonly string[]) => {
      let found: readonly number[] = [];
      await store().rateLimits.update(tenantId, subjects, (arrivals) => {
        found = arrivals;
        return arrivals;
      });
      return found;
    };
    const set = (tenantId: string, subjects: readonly string[], arrivals: readonly number[]) =>
      store().rateLimits.update(tenantId, subjects, () => arrivals);

    it('answers 0 for a subject that was never used, and what was written, in the order asked for', async () => {
      const tenantId = newTenantId();
      assert.deepEqual(await read(tenantId, ['b', 'a']), [0, 0]);
      await set(tenantId, ['b', 'a'], [NOW + 2, NOW + 1]);
      assert.deepEqual(await read(tenantId, ['a', 'c', 'b']), [NOW + 1, 0, NOW + 2]);
      assert.deepEqual(await read(newTenantId(), ['a']), [0]);
    });

    it('tells subjects apart byte by byte', async () => {
      const tenantId = newTenantId();
      await set(
        tenantId,
        TWINS,
        TWINS.map((_, place) => NOW + place),
      );
      assert.deepEqual(
        await read(tenantId, TWINS),
        TWINS.map((_, place) => NOW + place),
      );
    });

    it('loses no step of 32 concurrent callers, who ask for subjects in different orders', async () => {
      const tenantId = newTenantId();
      await Promise.all(
        Array.from({ length: 32 }, (_, n) =>
          store().rateLimits.update(tenantId, n % 2 ? ['x', 'y', `z${n}`] : [`z${n}`, 'y', 'x'], (arrivals) =>
            arrivals.map((arrival) => arrival + 1),
          ),
        ),
      );
      assert.deepEqual(await read(tenantId, ['x', 'y', 'z7']), [32, 32, 1]);
    });

    it('leaves nothing behind when the decision throws', async () => {
      const tenantId = newTenantId();
      const mistake = () => {
        throw new TypeError('no');
      };
      await assert.rejects(store().rateLimits.update(tenantId, ['a'], mistake), TypeError);
      assert.deepEqual(await read(tenantId, ['a']), [0]);
    });

    it('prunes what was full before an instant, at most so many', async () => {
      const tenantId = newTenantId();
      const later = Date.now() + 3_600_000;
      await set(tenantId, ['a', 'b', 'c'], [1, 2, later]);
      while ((await store().rateLimits.prune(60_000, 2)) > 0);
      assert.deepEqual(await read(tenantId, ['a', 'b', 'c']), [0, 0, later]);
    });
  });
}
