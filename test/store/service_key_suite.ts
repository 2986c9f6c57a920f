import assert from 'node:assert/strict';
import type { Store } from '../../server/src/store/store.ts';
import { NO_TRAIL, NOW, newTenantId, service, serviceKey, TWINS } from './fixtures.ts';

export function serviceKeySuite(store: () => Store): void {
  const put = (...more: Parameters<typeof service>) => store().services.put(service(...more), NO_TRAIL);

  describe('ServiceStore', () => {
    it('inserts, gives back, and replaces by tenant and name', async () => {
      const first = await put(newTenantId(), { certificateNames: ['b.example.com', 'a.example.com'] });
      assert.deepEqual(await store().services.read(first.tenantId, first.name), first);
      const next = {
        ...first,
        scopes: ['audit:read'] as const,
        audiences: [],
        certificateNames: [],
        createdAt: NOW + 9,
      };
      assert.deepEqual(await store().services.put(next, NO_TRAIL), { ...next, createdAt: NOW });
      assert.deepEqual(await store().services.read(first.tenantId, first.name), { ...next, createdAt: NOW });
      assert.equal(await store().services.read(newTenantId(), first.name), undefined);
    });

    it('keeps the creation of the first of 16 concurrent puts', async () => {
      const one = service(newTenantId());
      const puts = Array.from({ length: 16 }, (_, n) => store().services.put({ ...one, createdAt: NOW + n }, NO_TRAIL));
      const created = new Set((await Promise.all(puts)).map(({ createdAt }) => createdAt));
      assert.equal(created.size, 1);
    });

    it('lists by name rising, in byte order, after a name', async () => {
      const tenantId = newTenantId();
      const names = ['a', 'a-b', 'a.b', 'a0', 'a_b', 'ab', 'b'];
      for (const name of names.toReversed()) await put(tenantId, { name });
      await put(newTenantId());
      const listed = async (limit: number, after: string) =>
        (await store().services.list(tenantId, limit, after)).map(({ name }) => name);
      assert.deepEqual(await listed(10, ''), names);
      assert.deepEqual(await listed(3, 'a-b'), ['a.b', 'a0', 'a_b']);
      assert.deepEqual(await listed(3, 'b'), []);
    });

    it('removes the service and its keys', async () => {
      const [gone, kept] = [await put(newTenantId()), await put(newTenantId())];
      const [key, other] = [serviceKey(gone), serviceKey(kept)];
      for (const one of [key, other]) await store().serviceKeys.insert(one, NOW, 2, NO_TRAIL);
      assert.equal(await store().services.remove(gone.tenantId, gone.name, NO_TRAIL, NOW), true);
      assert.equal(await store().services.remove(gone.tenantId, gone.name, NO_TRAIL, NOW), false);
      assert.equal(await store().services.read(gone.tenantId, gone.name), undefined);
      assert.equal(await store().serviceKeys.read(gone.tenantId, key.id), undefined);
      assert.equal(await store().serviceKeys.readWithService(key.id), undefined);
      assert.deepEqual((await store().serviceKeys.readWithService(other.id))?.service, kept);
    });

    it('finds services of any tenant by one of their certificate names, byte by byte', async () => {
      const name = `spiffe://${newTenantId()}`;
      const a = await put('t-a', { certificateNames: [name, `${name}/x`] });
      const b = await put('t-b', { certificateNames: [name, name] });
      for (const twin of TWINS) await put('t-a', { certificateNames: [`${name}${twin}`] });
      const find = (...names: string[]) => store().services.readByCertificateNames(names);
      assert.deepEqual(await find(name, `${name}/x`, 'unknown'), [a, b]);
      assert.deepEqual(await find(`${name}/x`), [a]);
      assert.deepEqual(await find(`${name}ABc`), []);
      assert.deepEqual(await find(), []);
      await store().services.put({ ...a, certificateNames: [] }, NO_TRAIL);
      await store().services.remove(b.tenantId, b.name, NO_TRAIL, NOW);
      assert.deepEqual(await find(name), []);
    });
  });

  describe('ServiceKeyStore', () => {
    it('gives back a key, alone and with its service', async () => {
      const owner = await put(newTenantId());
      const key = serviceKey(owner, { expiresAt: NOW + 5 });
      assert.equal(await store().serviceKeys.insert(key, NOW, 2, NO_TRAIL), 'ok');
      assert.deepEqual(await store().serviceKeys.read(owner.tenantId, key.id), key);
      assert.equal(await store().serviceKeys.read(newTenantId(), key.id), undefined);
      assert.deepEqual(await store().serviceKeys.readWithService(key.id), { key, service: owner });
      assert.equal(await store().serviceKeys.readWithService(`${key.id} `), undefined);
      assert.equal(await store().serviceKeys.readWithService('x'), undefined);
    });

    it('answers no_service, and limit once the service has its live keys', async () => {
      const owner = await put(newTenantId());
      const insert = (more: Partial<typeof key>) =>
        store().serviceKeys.insert(serviceKey(owner, more), NOW, 2, NO_TRAIL);
      const key = serviceKey(owner);
      assert.equal(
        await store().serviceKeys.insert(serviceKey(service(owner.tenantId)), NOW, 2, NO_TRAIL),
        'no_service',
      );
      assert.equal(await insert({ expiresAt: NOW }), 'ok');
      assert.equal(await insert({ revokedAt: NOW }), 'ok');
      assert.equal(await insert({ expiresAt: NOW + 1 }), 'ok');
      assert.equal(await insert({}), 'ok');
      assert.equal(await insert({}), 'limit');
      assert.equal((await store().serviceKeys.list(owner.tenantId, owner.name, 0, 10)).length, 4);
    });

    it('counts under a lock: 16 concurrent inserts make two keys', async () => {
      const owner = await put(newTenantId());
      const inserts = Array.from({ length: 16 }, () => store().serviceKeys.insert(serviceKey(owner), NOW, 2, NO_TRAIL));
      assert.equal((await Promise.all(inserts)).filter((answer) => answer === 'ok').length, 2);
    });

    it('rotates: next is inserted and previous gets its end', async () => {
      const owner = await put(newTenantId());
      const [previous, next] = [serviceKey(owner), serviceKey(owner)];
      const { serviceKeys } = store();
      await serviceKeys.insert(previous, NOW, 2, NO_TRAIL);
      assert.equal(await serviceKeys.rotate(previous, next, NOW + 60, NOW, 2, NO_TRAIL), 'ok');
      assert.deepEqual(await serviceKeys.read(owner.tenantId, previous.id), { ...previous, expiresAt: NOW + 60 });
      assert.deepEqual(await serviceKeys.read(owner.tenantId, next.id), next);
      assert.equal(await serviceKeys.rotate(previous, serviceKey(owner), NOW + 60, NOW, 9, NO_TRAIL), 'changed');
      assert.equal(await serviceKeys.rotate(next, serviceKey(owner), NOW + 60, NOW, 2, NO_TRAIL), 'limit');
      assert.deepEqual(await serviceKeys.read(owner.tenantId, next.id), next);
      assert.equal(await serviceKeys.revoke(owner.tenantId, next.id, NOW, NO_TRAIL), true);
      assert.equal(await serviceKeys.rotate(next, serviceKey(owner), NOW + 60, NOW, 9, NO_TRAIL), 'changed');
    });

    it('lets a previous key that ends at once make room', async () => {
      const owner = await put(newTenantId());
      const [a, b] = [serviceKey(owner), serviceKey(owner)];
      for (const key of [a, b]) await store().serviceKeys.insert(key, NOW, 2, NO_TRAIL);
      assert.equal(await store().serviceKeys.rotate(a, serviceKey(owner), NOW, NOW, 2, NO_TRAIL), 'ok');
    });

    it('rotates for one of 16 concurrent callers', async () => {
      const owner = await put(newTenantId());
      const previous = serviceKey(owner);
      await store().serviceKeys.insert(previous, NOW, 9, NO_TRAIL);
      const calls = Array.from({ length: 16 }, () =>
        store().serviceKeys.rotate(previous, serviceKey(owner), NOW + 60, NOW, 9, NO_TRAIL),
      );
      assert.equal((await Promise.all(calls)).filter((answer) => answer === 'ok').length, 1);
    });

    it('revokes once', async () => {
      const owner = await put(newTenantId());
      const key = serviceKey(owner);
      await store().serviceKeys.insert(key, NOW, 2, NO_TRAIL);
      assert.equal(await store().serviceKeys.revoke(newTenantId(), key.id, NOW, NO_TRAIL), false);
      assert.equal(await store().serviceKeys.revoke(owner.tenantId, key.id, NOW + 1, NO_TRAIL), true);
      assert.equal(await store().serviceKeys.revoke(owner.tenantId, key.id, NOW + 2, NO_TRAIL), false);
      assert.equal((await store().serviceKeys.read(owner.tenantId, key.id))?.revokedAt, NOW + 1);
    });

    it('lists newest first, without keys that ended before an instant, at most limit', async () => {
      const owner = await put(newTenantId());
      const ends = [
        {},
        { expiresAt: NOW - 1 },
        { expiresAt: NOW },
        { revokedAt: NOW - 1 },
        { revokedAt: NOW },
        { revokedAt: NOW, expiresAt: NOW - 1 },
      ];
      const keys = ends.map((end, n) =>
        serviceKey(owner, { id: `key${n}${owner.name}`, createdAt: NOW + Math.floor(n / 2), ...end }),
      );
      for (const key of keys) await store().serviceKeys.insert(key, NOW, 99, NO_TRAIL);
      const [a, , c, , e] = keys;
      assert.deepEqual(await store().serviceKeys.list(owner.tenantId, owner.name, NOW, 10), [e, c, a]);
      assert.deepEqual(await store().serviceKeys.list(owner.tenantId, owner.name, 0, 6), keys.toReversed());
      assert.deepEqual(await store().serviceKeys.list(owner.tenantId, owner.name, NOW, 1), [e]);
      assert.deepEqual(await store().serviceKeys.list(newTenantId(), owner.name, NOW, 1), []);
    });
  });
}
