// What the tail of the change feed relies on where several nodes write: rows that commit out of order, transactions with an end, wake-ups.
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { OVERLAP } from '../../server/src/features/change/feed_window.ts';
import { openDatabase } from '../../server/src/store/database.ts';
import { openDialect } from '../../server/src/store/dialects/dialect.ts';
import { TRANSACTION_MS } from '../../server/src/store/dialects/server_url.ts';
import { SessionEntity } from '../../server/src/store/entities/session.ts';
import { columnsOf } from '../../server/src/store/session_row.ts';
import { openStore, type Store } from '../../server/src/store/store.ts';
import { itUnless, onEachDatabase } from './databases.ts';
import { assertUnavailable, fullTrail, newTenantId, session } from './fixtures.ts';
import { wordsOf } from './servers.ts';

/** What one trail of these tests adds to the feed. */
const ROWS = fullTrail('t').changes.length;

onEachDatabase('order of the feed', (database) => {
  const words = wordsOf(database);
  if (words === undefined) return;
  let url: string;
  let store: Store;

  before(async () => {
    url = await database.create();
    store = await openStore({ databaseUrl: url });
    await store.migrate();
  });
  after(() => store?.close());

  if (database.name === 'galera') {
    it('WAT-34 rows commit in the order of their positions, whichever nodes write, and every node reads what was committed', async function () {
      this.timeout(60_000);
      const elsewhere = (await database.elsewhere?.(url)) ?? url;
      const writers = [store, await openStore({ databaseUrl: elsewhere }), await openStore({ databaseUrl: elsewhere })];
      const reader = writers[2];
      const ROUNDS = 15;
      let writing = writers.length;
      const acknowledged = new Set<string>();
      try {
        const work = writers.map(async (writer) => {
          for (let round = 0; round < ROUNDS; round++) {
            const tenantId = newTenantId();
            await writer.sessions.insert(session(tenantId), fullTrail(tenantId));
            acknowledged.add(tenantId);
          }
          writing -= 1;
        });
        const read: number[] = [];
        const told = new Set<string>();
        while (reader !== undefined) {
          const due = [...acknowledged];
          const last = writing === 0;
          const { rows } = await reader.changes.readAfter(read.at(-1) ?? 0, 1_000);
          for (const { position, change } of rows) {
            read.push(position);
            told.add(change.tenantId);
          }
          for (const tenantId of due) assert.ok(told.has(tenantId), 'committed before the read began');
          if (last) break;
        }
        await Promise.all(work);
        assert.deepEqual(
          read,
          Array.from({ length: writers.length * ROUNDS * ROWS }, (_, place) => place + 1),
        );
        const { oldest, next } = await store.changes.readGaps([{ from: 1, to: 2 }], 10);
        assert.deepEqual([oldest, next], [0, 0]);
      } finally {
        for (const writer of writers.slice(1)) await writer.close();
      }
    });
  }

  const dirty = database.name === 'galera' ? () => {} : it;
  dirty('WAT-34 a row of a lower position commits later; a look into the gap says until when it may', async () => {
    const early = await words.connect(url);
    await early.query('begin');
    const position = await words.insertChange(early);
    const tenantId = newTenantId();
    await store.sessions.insert(session(tenantId), fullTrail(tenantId));
    const { rows: seen } = await store.changes.readAfter(position - 1, 100);
    assert.ok(seen.length === ROWS && seen.every((row) => row.position > position));
    const gap = [{ from: position, to: position }];
    const first = await store.changes.readGaps(gap, 10);
    assert.deepEqual(first.rows, []);
    const whileOpen = await store.changes.readGaps(gap, 10);
    assert.ok(whileOpen.oldest < first.next, 'its writer has not ended');
    await early.query('commit');
    await early.end();
    const late = await store.changes.readGaps(gap, 10);
    assert.equal(late.rows.length, 1);
    assert.ok(late.oldest >= first.next, 'all writers of then have ended');
  });

  it('WAT-34 a transaction that lasted too long is not committed, also after a pause of the process', async () => {
    assert.ok(TRANSACTION_MS + 5_000 < OVERLAP, 'the overlap is longer than the longest transaction');
    const open = await openDialect(url, () => {});
    const driverOptions = words.brief(open.orm.driverOptions, 300);
    const node = await openDatabase({ ...open, orm: { ...open.orm, driverOptions } }, () => {});
    const [idle, busy, paused, quick] = [1, 2, 3, 4].map(() => session(newTenantId()));
    const write = (record: ReturnType<typeof session>, pause: (say: (sql: string) => Promise<unknown>) => unknown) =>
      node.write(async (tx) => {
        await tx.insert(SessionEntity, columnsOf(record));
        await pause((sql) => tx.execute(sql));
      });
    try {
      assert.ok(idle && busy && paused && quick);
      await assertUnavailable(write(idle, () => wait(500)));
      const begun = performance.now();
      await assertUnavailable(write(busy, (say) => say(words.sleep(3))));
      assert.ok(performance.now() - begun < 2_000, 'it is ended, not waited for');
      const pause = () => {
        for (const end = performance.now() + 500; performance.now() < end; );
      };
      await assertUnavailable(write(paused, pause));
      await write(quick, () => wait(100));
      await wait(3_000);
      for (const { tenantId, handle } of [idle, busy, paused]) {
        assert.equal(await store.sessions.readByHandle(tenantId, handle), undefined);
      }
      assert.ok(await store.sessions.readByHandle(quick.tenantId, quick.handle));
    } finally {
      await node.close();
    }
  });

  const polls = database.dialect !== 'postgresql' && 'which tells nobody and is polled';
  itUnless(
    database,
    polls,
    'wakes a listener for the writes of another node, also after its connection was lost',
    async () => {
      const other = await openStore({ databaseUrl: url });
      const woken: number[] = [];
      const { end: stop } = store.changes.listen(() => woken.push(performance.now()));
      const wakesWithin = async (ms: number) => {
        await wait(50);
        woken.length = 0;
        const tenantId = newTenantId();
        await other.sessions.insert(session(tenantId), fullTrail(tenantId));
        for (const end = performance.now() + ms; woken.length === 0 && performance.now() < end; ) await wait(2);
        return woken.length > 0;
      };
      try {
        await wait(200);
        assert.ok(await wakesWithin(500));
        const killer = await words.connect(url);
        await killer.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%' and datname = current_database()`,
        );
        await killer.end();
        await wait(500);
        assert.ok(await wakesWithin(500), 'it listens again');
      } finally {
        stop();
        await other.close();
      }
    },
  );
});
