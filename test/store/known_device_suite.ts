import assert from 'node:assert/strict';
import type { KnownDevice } from '../../server/src/features/known_device/known_device.ts';
import type { Store } from '../../server/src/store/store.ts';
import { identity, NO_TRAIL, NOW, newTenantId } from './fixtures.ts';

export function knownDeviceSuite(store: () => Store): void {
  describe('KnownDeviceStore', () => {
    const deviceOf = (tenantId: string, change: Partial<KnownDevice> = {}): KnownDevice => ({
      tenantId,
      identityId: 'idn_1',
      digest: 'd1',
      browser: 'Firefox',
      platform: 'Linux',
      place: '203.0.0.0/16',
      firstSeenAt: NOW,
      lastSeenAt: NOW,
      ...change,
    });

    it('ACC-11 finds one of its identity, and counts all of it', async () => {
      const { knownDevices } = store();
      const tenantId = newTenantId();
      const one = deviceOf(tenantId);
      const two = deviceOf(tenantId, { digest: 'd2', lastSeenAt: NOW + 5 });
      for (const each of [one, two, deviceOf(tenantId, { digest: 'd3', identityId: 'idn_2' }), deviceOf(newTenantId())])
        await knownDevices.keep(each, 9);
      assert.deepEqual(await knownDevices.find(tenantId, 'idn_1', 'd1'), { lastSeenAt: NOW, count: 2 });
      assert.deepEqual(await knownDevices.find(tenantId, 'idn_1', 'D1'), { lastSeenAt: undefined, count: 2 });
      assert.deepEqual(await knownDevices.find(tenantId, 'idn_3', 'd1'), { lastSeenAt: undefined, count: 0 });
      assert.deepEqual(await knownDevices.list(tenantId, 'idn_1'), [two, one]);
    });

    it('keeps one row of one device, however many keep it at once, and never lowers when it was seen', async () => {
      const { knownDevices } = store();
      const tenantId = newTenantId();
      const many = Array.from({ length: 8 }, (_, n) =>
        deviceOf(tenantId, { firstSeenAt: NOW + n, lastSeenAt: NOW + n }),
      );
      await Promise.all(many.map((each) => knownDevices.keep(each, 9)));
      await knownDevices.keep(deviceOf(tenantId, { lastSeenAt: 5 }), 9);
      assert.deepEqual(await knownDevices.find(tenantId, 'idn_1', 'd1'), { lastSeenAt: NOW + 7, count: 1 });
    });

    it('ACC-11 of more than the most those seen longest ago go', async () => {
      const { knownDevices } = store();
      const tenantId = newTenantId();
      for (const n of [3, 1, 2, 4])
        await knownDevices.keep(deviceOf(tenantId, { digest: `d${n}`, lastSeenAt: NOW + n }), 3);
      assert.deepEqual(
        (await knownDevices.list(tenantId, 'idn_1')).map(({ digest }) => digest),
        ['d4', 'd3', 'd2'],
      );
    });

    it('goes when it was not seen for long, and with its identity', async () => {
      const { identities, knownDevices } = store();
      const tenantId = newTenantId();
      await knownDevices.keep(deviceOf(tenantId, { lastSeenAt: 4 }), 9);
      await knownDevices.keep(deviceOf(tenantId, { digest: 'd2', lastSeenAt: 5 }), 9);
      assert.equal(await store().purges.purge('known_device', 5, 9), 1);
      assert.deepEqual(await knownDevices.find(tenantId, 'idn_1', 'd2'), { lastSeenAt: 5, count: 1 });
      const ada = identity(tenantId);
      await identities.insert(ada, NO_TRAIL);
      await knownDevices.keep(deviceOf(tenantId, { identityId: ada.id }), 9);
      await identities.remove(ada, NO_TRAIL);
      assert.deepEqual(await knownDevices.list(tenantId, ada.id), []);
    });
  });
}
