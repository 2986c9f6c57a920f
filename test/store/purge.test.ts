// Rows whose time is over go in batches, and nothing else does.
import assert from 'node:assert/strict';
import { openStore, type Store } from '../../server/src/store/store.ts';
import { onEachDatabase } from './databases.ts';
import { fullTrail, identity, NO_TRAIL, NOW, newTenantId, session, signInCode } from './fixtures.ts';

onEachDatabase('purging', (database) => {
  let store: Store;
  before(async () => {
    store = await openStore({ databaseUrl: await database.create() });
    await store.migrate();
  });
  after(() => store?.close());

  const alive = async (tenantId: string, digests: readonly string[]) => {
    const found = await Promise.all(digests.map((digest) => store.sessions.readByDigest(tenantId, digest)));
    return found.map((one) => one !== undefined);
  };

  it('deletes sessions that ended before the instant, the oldest first and not more than asked for', async () => {
    const tenants = [newTenantId(), newTenantId()];
    const ends = [NOW - 3, NOW - 2, NOW - 1, NOW, NOW + 1];
    const rows = ends.map((expiresAt, n) => session(tenants[n % 2] ?? '', { expiresAt }));
    for (const row of rows) await store.sessions.insert(row, NO_TRAIL);
    const left = async () => (await Promise.all(rows.map(({ tenantId, digest }) => alive(tenantId, [digest])))).flat();
    assert.equal(await store.purges.purge('session', NOW, 2), 2);
    assert.deepEqual(await left(), [false, false, true, true, true]);
    assert.equal(await store.purges.purge('session', NOW, 2), 1);
    assert.equal(await store.purges.purge('session', NOW, 2), 0);
    assert.deepEqual(await left(), [false, false, false, true, true]);
    await store.purges.purge('session', NOW + 9, 9);
  });

  it('deletes codes likewise, of their own table alone', async () => {
    const tenantId = newTenantId();
    const [record, code, owner] = [session(tenantId), signInCode(tenantId), identity(tenantId)];
    await store.sessions.insert(record, NO_TRAIL);
    await store.signInCodes.insert(code, NO_TRAIL);
    await store.identities.insert(owner, fullTrail(tenantId));
    assert.notEqual(await store.signInCodes.spend(tenantId, code.digest, 'ses_1', NOW), undefined);
    while ((await store.purges.purge('sign_in_code', NOW * 2, 50)) > 0);
    assert.equal(await store.signInCodes.spend(tenantId, code.digest, 'ses_2', NOW), undefined);
    assert.deepEqual(await alive(tenantId, [record.digest]), [true]);
    assert.deepEqual(await store.identities.read(tenantId, owner.id), owner);
    assert.equal((await store.audit.list({ tenantId }, { limit: 50 })).rows.length, 2);
    assert.ok((await store.changes.readAfter(0, 500)).rows.length > 0);
  });

  it('may be done by several nodes at once', async () => {
    const tenantId = newTenantId();
    const rows = Array.from({ length: 60 }, () => session(tenantId, { expiresAt: NOW - 1 }));
    for (const row of rows) await store.sessions.insert(row, NO_TRAIL);
    const nodes = database.manyNodes ? 4 : 1;
    const purge = async () => {
      while ((await store.purges.purge('session', NOW, 7)) > 0);
    };
    await Promise.all(Array.from({ length: nodes }, purge));
    assert.equal(
      (
        await alive(
          tenantId,
          rows.map(({ digest }) => digest),
        )
      ).includes(true),
      false,
    );
  });
});
