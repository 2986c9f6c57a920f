// The chain of the audit trail on every database: sealed once and in order by any number of nodes, cut for age, copied, checked.
import assert from 'node:assert/strict';
import type { AuditEvent } from '../../server/src/features/audit/audit.ts';
import { copyDatabase } from '../../server/src/store/copy/copy.ts';
import { openStore, type Store } from '../../server/src/store/store.ts';
import { AUDIT_KEY, auditWorld, reportOf, verifyLines } from '../support/audit_world.ts';
import { DATABASES, onEachDatabase } from './databases.ts';
import { event, NOW, newTenantId } from './fixtures.ts';

const events = (tenantId: string, count: number, at = NOW): readonly AuditEvent[] =>
  Array.from({ length: count }, (_, n) =>
    event(tenantId, { at: at + n, subject: `Zoë ☕ "${n}" \\ \n`, facts: { z: String(n), a: 'é\u2028𝄞' } }),
  );

onEachDatabase('audit chain', (database) => {
  let url: string;
  let store: Store;
  beforeEach(async function () {
    this.timeout(120_000);
    url = await database.create();
    store = await openStore({ databaseUrl: url });
    await store.migrate();
  });
  afterEach(() => store?.close());

  it('AUD-3 AUD-4 events are chained by instant within their tenant, and the chain is whole', async () => {
    const [one, two] = [newTenantId(), newTenantId()];
    const world = auditWorld(store);
    await store.audit.append(events(one, 40).toReversed());
    await store.audit.append(events(two, 3));
    assert.deepEqual(await store.chain.unchained(), { events: 43, oldest: NOW });
    assert.equal(await world.seal(), 43);
    assert.equal(await world.seal(), 0);
    await store.audit.append(events(one, 2, NOW - 50));
    assert.equal(await world.seal(), 2);
    const reports = await world.verify();
    assert.deepEqual(
      [one, two].map((tenantId) => {
        const { events: found, first, last, checkpoints, bad } = reportOf(reports, tenantId) ?? {};
        return { found, first, last, checkpoints, bad };
      }),
      [
        { found: 42, first: 1, last: 42, checkpoints: 1, bad: undefined },
        { found: 3, first: 1, last: 3, checkpoints: 1, bad: undefined },
      ],
    );
    const rows = await store.chain.chained({ seq: 0, tenantId: '' }, 1_000);
    const instants = rows.filter(({ tenantId }) => tenantId === one).map(({ at }) => at - NOW);
    assert.deepEqual(instants, [...Array(40).keys(), -50, -49]);
    assert.deepEqual(await store.chain.unchained(), { events: 0, oldest: undefined });
  });

  it('AUD-3 several nodes that chain at once make one chain', async () => {
    const tenantId = newTenantId();
    const nodes = database.manyNodes ? 4 : 1;
    const others = await Promise.all(
      Array.from({ length: nodes }, async () => openStore({ databaseUrl: (await database.elsewhere?.(url)) ?? url })),
    );
    try {
      await store.audit.append(events(tenantId, 450));
      const writes = others.map(async (other, n) => {
        for (let turn = 0; turn < 5; turn += 1) {
          await other.audit.append(events(tenantId, 7, NOW + 1_000 * (n + turn)));
          await auditWorld(other).seal();
        }
      });
      await Promise.all(writes);
      await auditWorld(store).seal();
      const report = reportOf(await auditWorld(store).verify(), tenantId);
      const count = 450 + nodes * 35;
      assert.deepEqual([report?.bad, report?.events, report?.last], [undefined, count, count]);
    } finally {
      await Promise.all(others.map((other) => other.close()));
    }
  });

  it('AUD-7 what is old enough is cut off in whole pieces, and what is left is whole, even when nothing is', async () => {
    const tenantId = newTenantId();
    const world = auditWorld(store);
    for (let turn = 0; turn < 4; turn += 1) {
      await store.audit.append(events(tenantId, 100, NOW + turn * 1_000));
      await world.seal();
    }
    const anchors = [
      ...new Map((await store.chain.checkpoints(tenantId, undefined, 50)).map(({ token }) => [token, 1])).keys(),
    ];
    assert.equal(await world.cut(NOW), 0);
    assert.equal(await world.cut(NOW + 99), 0, 'one of them is not old enough');
    assert.equal(await world.cut(NOW + 100), 100);
    assert.equal(await world.cut(NOW + 2_050), 100);
    assert.equal(await world.cut(NOW + 2_050), 0);
    let report = reportOf(await world.verify(anchors), tenantId);
    assert.deepEqual([report?.bad, report?.first, report?.last, report?.cutAt], [undefined, 201, 400, 200]);
    const lines = await world.export(tenantId);
    assert.deepEqual((await verifyLines(lines))[0]?.bad, undefined);

    assert.equal((await world.cut(NOW * 2)) + (await world.cut(NOW * 2)), 200);
    report = reportOf(await world.verify(), tenantId);
    assert.deepEqual([report?.bad, report?.events, report?.last, report?.cutAt], [undefined, 0, 400, 400]);
    assert.deepEqual((await verifyLines(await world.export(tenantId)))[0]?.bad, undefined);
    await store.audit.append(events(tenantId, 2, NOW + 9_000));
    await world.seal();
    report = reportOf(await world.verify(), tenantId);
    assert.deepEqual([report?.bad, report?.first, report?.last], [undefined, 401, 402]);
  });

  it('AUD-9 an export is checked like the database, and a copy of the database too', async () => {
    const tenantId = newTenantId();
    const world = auditWorld(store);
    for (const count of [150, 150, 3]) {
      await store.audit.append(events(tenantId, count));
      await world.seal();
    }
    const lines = await world.export(tenantId);
    assert.equal(lines.length, 1 + 303 + 2);
    const [report] = await verifyLines(lines);
    assert.deepEqual([report?.bad, report?.events, report?.checkpoints], [undefined, 303, 2]);

    const to = (await DATABASES[0]?.create()) ?? '';
    const stop = new AbortController().signal;
    await copyDatabase({ from: url, to, target: 'empty', follow: false, stop, tell: () => {}, nonce: tenantId });
    const copied = await openStore({ databaseUrl: to });
    try {
      assert.deepEqual(await auditWorld(copied).verify(), await world.verify());
      assert.deepEqual(await auditWorld(copied).export(tenantId), lines);
    } finally {
      await copied.close();
    }
  });

  it('AUD-10 finds what may have ended a session, and its beginning', async () => {
    const tenantId = newTenantId();
    const about = { identityId: 'idn_1', subject: 'ses_1' };
    const rows = [
      event(tenantId, { ...about, at: NOW, action: 'session.created' }),
      event(tenantId, { ...about, at: NOW + 1, action: 'password.changed', facts: { epoch: '2', type: 'x' } }),
      event(tenantId, { ...about, at: NOW + 2, action: 'session.revoked' }),
      event(tenantId, { ...about, at: NOW + 3, action: 'session.revoked', subject: 'ses_2' }),
      event(tenantId, { ...about, at: NOW + 4, action: 'password.changed', facts: { reason: 'epoch' } }),
      event(tenantId, { ...about, at: NOW - 1, action: 'password.changed', facts: { epoch: '1' } }),
      event(tenantId, {
        ...about,
        at: NOW + 5,
        identityId: 'idn_2',
        action: 'password.changed',
        facts: { epoch: '3' },
      }),
    ];
    await store.audit.append(rows);
    const session = { tenantId, handle: 'ses_1', identityId: 'idn_1', createdAt: NOW };
    assert.deepEqual(await store.audit.endings(session, 9), [rows[1], rows[2]]);
    assert.deepEqual(await store.audit.endings(session, 1), [rows[1]]);
    assert.deepEqual(await store.audit.beginning(session, NOW, NOW), rows[0]);
    assert.equal(await store.audit.beginning(session, NOW + 1, NOW + 9), undefined);
    assert.equal(await store.audit.beginning({ ...session, handle: 'ses_2' }, NOW - 9, NOW + 9), undefined);
  });

  it('AUD-6 a checkpoint of another key is not taken, and the chain goes on behind it', async () => {
    const tenantId = newTenantId();
    const world = auditWorld(store);
    const { auditSigner } = await import('../../server/src/features/audit/checkpoint.ts');
    const other = auditWorld(store, auditSigner(Buffer.alloc(32, 6)));
    await store.audit.append(events(tenantId, 5));
    await world.seal();
    await store.audit.append(events(tenantId, 5, NOW + 9));
    await other.seal();
    assert.deepEqual(reportOf(await world.verify(), tenantId)?.bad?.seq, 10);
    assert.deepEqual(reportOf(await other.verify(), tenantId)?.bad?.seq, 5);
    const { checkpointReader } = await import('../../server/src/features/audit/checkpoint.ts');
    const { verifyStored } = await import('../../server/src/features/audit/verify_chain.ts');
    const read = checkpointReader([AUDIT_KEY.jwk, auditSigner(Buffer.alloc(32, 6)).jwk]);
    assert.deepEqual(reportOf(await verifyStored({ chain: store.chain, read }), tenantId)?.bad, undefined);
  });
});
