// The change feed, as its port says.
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { Change } from '../../server/src/features/change/change.ts';
import type { Store } from '../../server/src/store/store.ts';
import * as make from './fixtures.ts';

export function changeSuite(store: () => Store): void {
  const write = async (tenantId: string, changes: readonly Change[] = make.fullTrail(tenantId).changes) => {
    await store().sessions.insert(make.session(tenantId), { changes, events: [] });
    return changes;
  };
  const end = async () => (await store().changes.readAfter(0, 1_000_000)).rows.at(-1)?.position ?? 0;
  const told = (rows: readonly { change: Change }[]) => rows.map(({ change }) => change);

  // What was written after `since` is younger, by half of APART, than this age, and what was written before it is older.
  const APART = 400;
  const ageSince = (since: number) => Math.round(performance.now() - since + APART / 2);

  describe('ChangeStore', () => {
    it('reads rows after a position, lowest first, at most limit', async () => {
      const tenantId = make.newTenantId();
      const start = await end();
      const changes = await write(tenantId);
      const { rows } = await store().changes.readAfter(start, 4);
      assert.deepEqual(told(rows), changes.slice(0, 4));
      const { rows: rest } = await store().changes.readAfter(rows[3]?.position ?? 0, 100);
      assert.deepEqual(told(rest), changes.slice(4));
      const positions = [...rows, ...rest].map(({ position }) => position);
      assert.deepEqual(
        positions,
        positions.toSorted((a, b) => a - b),
      );
      assert.deepEqual((await store().changes.readAfter(positions.at(-1) ?? 0, 100)).rows, []);
    });

    it('keeps the end of an identity, whose epoch and version are the largest that there are', async () => {
      const tenantId = make.newTenantId();
      const before = make.identity(tenantId);
      await store().identities.insert(before, make.NO_TRAIL);
      const end = Number.MAX_SAFE_INTEGER;
      const change = { tenantId, kind: 'identity' as const, identityId: before.id, epoch: end, version: end };
      assert.equal(await store().identities.remove(before, { changes: [change], events: [] }), true);
      const { rows: all } = await store().changes.readAfter(0, 100_000);
      assert.deepEqual(all.at(-1)?.change, change);
    });

    it('reads rows inside gaps, both ends included, lowest first, at most limit', async () => {
      const tenantId = make.newTenantId();
      const start = await end();
      const changes = await write(tenantId);
      const { rows: before } = await store().changes.readAfter(start, 5);
      const [one, two, three, four, five] = before.map(({ position }) => position);
      const gaps = [
        { from: five ?? 0, to: five ?? 0 },
        { from: two ?? 0, to: three ?? 0 },
      ];
      const { rows } = await store().changes.readGaps(gaps, 100);
      assert.deepEqual(told(rows), [changes[1], changes[2], changes[4]]);
      const few = await store().changes.readGaps([{ from: one ?? 0, to: four ?? 0 }, ...gaps], 2);
      assert.deepEqual(told(few.rows), [changes[0], changes[1]]);
      const none = await store().changes.readGaps([{ from: (five ?? 0) + 1_000, to: (five ?? 0) + 9_000 }], 100);
      assert.deepEqual(none.rows, []);
      assert.ok(none.oldest <= none.next);
    });

    it('tells the database’s clock when a read began, with rows or without', async () => {
      // The databases of the tests run on this machine, and round down.
      let last = Date.now() - 1;
      const begins = async (read: Promise<{ databaseTime: number }>) => {
        const { databaseTime } = await read;
        assert.ok(Number.isInteger(databaseTime) && databaseTime >= last && databaseTime <= Date.now());
        last = databaseTime;
      };
      await write(make.newTenantId());
      const { changes } = store();
      const place = await end();
      for (const position of [0, place - 1, place]) {
        await begins(changes.readAfter(position, 10));
        await begins(changes.readGaps([{ from: position, to: position + 9 }], 10));
      }
    });

    it('tells the position below everything that was written within an age', async () => {
      await write(make.newTenantId());
      const before = await end();
      await wait(APART);
      const since = performance.now();
      await write(make.newTenantId());
      const position = await store().changes.positionBefore(ageSince(since));
      assert.ok(position <= before && position > before - 6, `${position} for ${before}`);
      assert.equal(await store().changes.positionBefore(3_600_000), 0);
    });

    it('WAT-20 reads what was written within an age by the clock of the database, of one tenant, page by page', async () => {
      const [tenantId, other] = [make.newTenantId(), make.newTenantId()];
      await write(tenantId);
      await wait(APART);
      const since = performance.now();
      const changes = await write(tenantId);
      await write(other);
      const first = await store().changes.readRecent(tenantId, ageSince(since), 0, 4);
      assert.deepEqual(told(first), changes.slice(0, 4));
      const rest = await store().changes.readRecent(tenantId, 3_600_000, first.at(-1)?.position ?? 0, 100);
      assert.deepEqual(told(rest), changes.slice(4));
      assert.equal((await store().changes.readRecent(tenantId, 3_600_000, 0, 100)).length, 2 * changes.length);
    });

    it('WAT-36 deletes what is older than an age, at most limit, and nothing younger', async () => {
      const tenantId = make.newTenantId();
      while ((await store().changes.prune(0, 1_000)) === 1_000);
      await wait(5);
      await store().changes.prune(0, 1_000);
      await write(tenantId);
      await wait(APART);
      const since = performance.now();
      const changes = await write(tenantId);
      assert.equal(await store().changes.prune(ageSince(since), 4), 4);
      assert.equal(await store().changes.prune(ageSince(since), 4), changes.length - 4);
      assert.equal(await store().changes.prune(ageSince(since), 4), 0);
      assert.deepEqual(await make.changesOf(store(), tenantId), changes);
    });

    it('wakes a listener after its own writes of changes, once they can be read, until it is ended', async () => {
      const tenantId = make.newTenantId();
      let woken = 0;
      const { end: stop } = store().changes.listen(() => {
        woken += 1;
      });
      try {
        await wait(100);
        woken = 0;
        await store().sessions.insert(make.session(tenantId), make.NO_TRAIL);
        await make.assertUnavailable(store().sessions.insert(make.session(tenantId), make.brokenTrail(tenantId)));
        await wait(50);
        assert.equal(woken, 0, 'nothing was committed that there would be to read');
        await write(tenantId);
        assert.ok(woken >= 1);
      } finally {
        stop();
      }
      await wait(50);
      woken = 0;
      await write(tenantId);
      await wait(50);
      assert.equal(woken, 0);
    });
  });
}
