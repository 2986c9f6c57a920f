import type { KnownDevice } from '../../server/src/features/known_device/known_device.ts';
import type { KnownDeviceStore } from '../../server/src/features/known_device/store.ts';

/** Known devices over a list. */
export function memoryKnownDevices(): KnownDeviceStore {
  let rows: KnownDevice[] = [];
  const owned = (tenantId: string, identityId: string) =>
    rows
      .filter((row) => row.tenantId === tenantId && row.identityId === identityId)
      .sort((a, b) => b.lastSeenAt - a.lastSeenAt);
  return {
    async find(tenantId, identityId, digest) {
      const own = owned(tenantId, identityId);
      return { lastSeenAt: own.find((row) => row.digest === digest)?.lastSeenAt, count: own.length };
    },
    async keep(device, most) {
      const own = owned(device.tenantId, device.identityId);
      const known = own.find(({ digest }) => digest === device.digest);
      rows = rows.filter((row) => row !== known);
      rows.push({ ...device, firstSeenAt: known?.firstSeenAt ?? device.firstSeenAt });
      const surplus = owned(device.tenantId, device.identityId).slice(most);
      rows = rows.filter((row) => !surplus.includes(row));
    },
    list: async (tenantId, identityId) => owned(tenantId, identityId),
  };
}
