// What the store does while its database misbehaves.
import assert from 'node:assert/strict';
import { lock, openDatabase } from '../../server/src/store/database.ts';
import { openDialect, type Transaction } from '../../server/src/store/dialects/dialect.ts';
import { SessionEntity } from '../../server/src/store/entities/session.ts';
import { say } from '../../server/src/store/say.ts';
import { columnsOf } from '../../server/src/store/session_row.ts';
import { sessionStore } from '../../server/src/store/session_store.ts';
import { openStore, type Store } from '../../server/src/store/store.ts';
import { hranaServer } from '../support/hrana_server.ts';
import { itUnless, onEachDatabase } from './databases.ts';
import { assertUnavailable, NO_TRAIL, newTenantId, session } from './fixtures.ts';
import { wordsOf } from './servers.ts';

onEachDatabase('faults', (database) => {
  let url: string;
  let store: Store;

  before(async () => {
    url = await database.create();
    store = await openStore({ databaseUrl: url });
    await store.migrate();
  });
  after(() => store?.close());

  const saved = async () => {
    const record = session(newTenantId());
    await store.sessions.insert(record, NO_TRAIL);
    return record;
  };

  it('gives every connection back after a hundred failed transactions', async () => {
    const { tenantId, digest } = await saved();
    const tries = Array.from({ length: 100 }, () =>
      assertUnavailable(store.sessions.insert(session(tenantId, { digest }), NO_TRAIL)),
    );
    await Promise.all(tries);
    await saved();
  });

  it('says nothing more in a transaction that has ended: it would be kept', async () => {
    const { tenantId, handle } = await saved();
    const opened = await openDatabase(await openDialect(url, () => {}), () => {});
    const raise = (tx: Transaction) =>
      say(tx, 'update session set version = 9 where tenant_id = ? and handle = ?', [tenantId, handle]);
    let late: Promise<unknown> = Promise.resolve();
    try {
      const write = opened.write(async (tx) => {
        await raise(tx);
        late = new Promise((resolve) => setTimeout(resolve, 100)).then(() => raise(tx));
        throw new TypeError('enough');
      });
      await assert.rejects(write, /enough/);
      await assert.rejects(late, /a statement is said in a transaction/);
    } finally {
      await opened.close();
    }
    assert.equal((await store.sessions.readByHandle(tenantId, handle))?.session.version, 1);
  });

  it('waits in a lock of one name and not in another', async () => {
    const quiet = await openDatabase(await openDialect(url, () => {}), () => {});
    const order: string[] = [];
    try {
      await Promise.all(
        [1, 2, 3, 4].map((n) =>
          quiet.write(async (tx) => {
            await lock(quiet, tx, 'one');
            order.push(`in ${n}`);
            await tx.execute('select 1');
            order.push(`out ${n}`);
          }),
        ),
      );
    } finally {
      await quiet.close();
    }
    for (let place = 0; place < order.length; place += 2) {
      assert.equal(order[place]?.replace('in', 'out'), order[place + 1]);
    }
  });

  const words = wordsOf(database);
  if (words === undefined) {
    it('fails writes while the disk is full, reads on, and goes on when there is room', async () => {
      const small = await openDatabase(await openDialect(url, () => {}), () => {});
      const sessions = sessionStore(small, async () => {});
      const { tenantId, digest } = await saved();
      // A limit of a connection is not one of a server, which has others.
      const limitPages = async (pages: number) => {
        if (database.name === 'libsql_server') (await hranaServer()).maxPages = pages;
        else await small.orm.em.getConnection().execute(`pragma max_page_count = ${pages}`);
      };
      const large = () => session(tenantId, { device: { userAgent: 'x'.repeat(500_000), ipAddress: '', label: '' } });
      try {
        await limitPages(1);
        for (let attempt = 0; attempt < 3; attempt++) await assertUnavailable(sessions.insert(large(), NO_TRAIL));
        assert.equal((await sessions.readByDigest(tenantId, digest))?.session.digest, digest);
        await limitPages(1_000_000);
        await sessions.insert(large(), NO_TRAIL);
      } finally {
        await limitPages(1_000_000);
        await small.close();
      }
    });
    return;
  }

  it('never commits what a late ROLLBACK was to undo', async () => {
    const open = await openDialect(url, () => {});
    const driverOptions = words.hasty(open.orm.driverOptions, 400);
    const hasty = await openDatabase({ ...open, orm: { ...open.orm, driverOptions } }, () => {});
    const [undone, kept] = [session(newTenantId()), session(newTenantId())];
    try {
      const write = hasty.write(async (tx) => {
        await tx.insert(SessionEntity, columnsOf(undone));
        await tx.execute(words.sleep(1.5));
      });
      await assertUnavailable(write);
      // The server is still asleep in that transaction; whoever writes next must not end up in it.
      for (let attempt = 0; attempt < 5; attempt++) {
        await hasty
          .write((tx) =>
            tx.insert(SessionEntity, { ...columnsOf(kept), handle: `${kept.handle}${attempt}`, digest: `${attempt}` }),
          )
          .catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    } finally {
      await hasty.close();
    }
    assert.equal(await store.sessions.readByHandle(undone.tenantId, undone.handle), undefined);
    assert.ok(await store.sessions.readByHandle(kept.tenantId, `${kept.handle}4`));
  });

  it('tries a deadlocked transaction again', async () => {
    const seen: string[] = [];
    const nodes = await openDatabase(await openDialect(url, () => {}), (_, { code }) => seen.push(String(code)));
    const [a, b] = [await saved(), await saved()];
    const touch = (first: typeof a, second: typeof a) =>
      nodes.write(async (tx) => {
        for (const { tenantId, handle } of [first, second]) {
          await tx.execute(
            'update session set version = version + 1 where tenant_id = ? and handle = ?',
            [tenantId, handle],
            'run',
          );
          await tx.execute(words.sleep(0.2));
        }
      });
    try {
      await Promise.all([touch(a, b), touch(b, a)]);
    } finally {
      await nodes.close();
    }
    assert.ok(seen.includes(words.deadlockCode));
    for (const { tenantId, handle } of [a, b]) {
      assert.equal((await store.sessions.readByHandle(tenantId, handle))?.session.version, 3);
    }
  });

  const locks = database.dialect !== 'postgresql' && 'where rows are locked instead';
  itUnless(database, locks, 'tries again when COMMIT itself reports a serialization failure', async () => {
    const seen: string[] = [];
    const nodes = await openDatabase(await openDialect(url, () => {}), (_, { code }) => seen.push(String(code)));
    const tenantIds = [newTenantId(), newTenantId()] as const;
    // Write skew: each counts the other's tenant, then adds to its own.
    const skew = (mine: string, other: string) =>
      nodes.write(async (tx) => {
        if (seen.length === 0) await tx.execute('set transaction isolation level serializable');
        await tx.execute('select count(*) from session where tenant_id = ?', [other]);
        await tx.execute(words.sleep(0.1));
        const { tenantId, handle, digest } = session(mine);
        await tx.execute(
          `insert into session (tenant_id, handle, digest, identity_id, version, epoch, authenticated_at, acr, amr, created_at, last_used_at,
             expires_at, idle_timeout, user_agent, ip_address, label) values (?, ?, ?, '', 1, 0, 0, '', '[]', 0, 0, 0, 0, '', '', '')`,
          [tenantId, handle, digest],
          'run',
        );
        await tx.execute(words.sleep(0.1));
      });
    try {
      await Promise.all([skew(tenantIds[0], tenantIds[1]), skew(tenantIds[1], tenantIds[0])]);
    } finally {
      await nodes.close();
    }
    assert.deepEqual(seen, ['40001']);
  });

  it('goes on after its connections were cut, again and again', async function () {
    this.timeout(60_000);
    const { tenantId, digest } = await saved();
    const killer = await words.connect(url);
    for (let round = 0; round < 5; round++) {
      const work = Array.from({ length: 30 }, () =>
        Promise.allSettled([
          store.sessions.insert(session(tenantId), NO_TRAIL),
          store.sessions.readByDigest(tenantId, digest),
        ]),
      );
      await words.cutOthers(killer);
      for (const settled of (await Promise.all(work)).flat()) {
        if (settled.status === 'rejected') assert.equal(settled.reason.reason, 'DATABASE_UNAVAILABLE');
      }
    }
    await killer.end();
    await Promise.all(Array.from({ length: 20 }, saved));
    assert.equal((await store.sessions.readByDigest(tenantId, digest))?.session.digest, digest);
  });

  it('ends a statement that takes too long, and says so', async function () {
    this.timeout(30_000);
    const blocker = await words.connect(url);
    await words.block(blocker, 'audit_event');
    await assertUnavailable(store.audit.list({ tenantId: 't' }, { limit: 1 }));
    await blocker.end();
    await saved();
  });

  const cluster = database.server === undefined && 'a cluster, whose nodes are killed one by one';
  itUnless(
    database,
    cluster,
    'answers errors while the server is down, and goes on when it is back',
    async function () {
      const server = await database.server?.();
      // One that was given by TRUST_TEST_POSTGRES_URL is not ours to stop.
      if (server?.crash === undefined || server.start === undefined) return this.skip();
      this.timeout(60_000);
      const { tenantId, digest } = await saved();
      await server.crash();
      await assertUnavailable(store.ping());
      await assertUnavailable(store.sessions.readByDigest(tenantId, digest));
      await assertUnavailable(store.sessions.insert(session(tenantId), NO_TRAIL));
      await assertUnavailable(openStore({ databaseUrl: url }));
      await server.start();
      assert.equal((await store.sessions.readByDigest(tenantId, digest))?.session.digest, digest);
      await saved();
    },
  );
});
