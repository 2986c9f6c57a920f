import assert from 'node:assert/strict';
import type { Store } from '../../server/src/store/store.ts';
import { AWKWARD_TEXTS, changesOf, identity, NO_TRAIL, NOW, newTenantId, session, TWINS, walk } from './fixtures.ts';

export function sessionSuite(store: () => Store): void {
  describe('SessionStore', () => {
    const made = async (...more: Parameters<typeof session>) => {
      const record = session(...more);
      await store().sessions.insert(record, NO_TRAIL);
      return record;
    };

    it('gives back what was inserted, to the millisecond', async () => {
      const tenantId = newTenantId();
      const record = await made(tenantId, {
        lastUsedAt: NOW + 1,
        expiresAt: NOW + 2,
        revokedAt: NOW + 3,
        amr: ['otp', 'pwd'],
      });
      assert.deepEqual(await store().sessions.readByDigest(tenantId, record.digest), {
        session: record,
        identity: undefined,
        organisation: undefined,
      });
      assert.deepEqual(await store().sessions.readByHandle(tenantId, record.handle), {
        session: record,
        identity: undefined,
        organisation: undefined,
      });
    });

    it('SES-15 keeps what a session is bound to, also when it changes', async () => {
      const { sessions } = store();
      const tenantId = newTenantId();
      for (const binding of [
        { network: '203.0.113.0/24' },
        { device: 'Firefox on Linux' },
        { network: '2001:db8:7::/48', device: 'é' },
      ]) {
        const record = await made(tenantId, { binding });
        const after = { ...record, version: 2 };
        assert.ok(await sessions.replace(record, after, NO_TRAIL));
        assert.deepEqual((await sessions.readByDigest(tenantId, record.digest))?.session, after);
        assert.deepEqual((await sessions.readByHandle(tenantId, record.handle))?.session, after);
        const filter = { tenantId, identityId: record.identityId, epoch: 0, now: NOW };
        assert.deepEqual((await sessions.listActive(filter, { limit: 1 })).rows, [after]);
      }
    });

    it('SES-14 of 16 sessions at once no more are active than the limit allows', async () => {
      for (const refuse of [false, true]) {
        const tenantId = newTenantId();
        const identityId = 'idn_1';
        const ending = ({ handle }: { handle: string }) => ({
          ...NO_TRAIL,
          changes: [{ tenantId, kind: 'session' as const, handle, version: 2, revoked: true }],
        });
        const limit = { most: 3, now: NOW, ending: refuse ? undefined : ending };
        const foreign = await made(tenantId, { identityId: 'idn_2' });
        const past = [
          await made(tenantId, { identityId, revokedAt: NOW }),
          await made(tenantId, { identityId, expiresAt: NOW }),
          await made(tenantId, { identityId, epoch: 7 }),
          await made(tenantId, { identityId, lastUsedAt: NOW - 100_000 }),
        ];
        const answers = await Promise.all(
          Array.from({ length: 16 }, (_, n) =>
            store().sessions.insert(session(tenantId, { identityId, createdAt: NOW + n }), NO_TRAIL, limit),
          ),
        );
        const count = (answer: string) => answers.filter((one) => one === answer).length;
        assert.deepEqual([count('ok'), count('too_many')], refuse ? [3, 13] : [16, 0]);
        const filter = { tenantId, identityId, epoch: 0, now: NOW };
        const { rows } = await store().sessions.listActive(filter, { limit: 50 });
        assert.equal(rows.length, 3);
        const ends = (await changesOf(store(), tenantId)).length;
        assert.equal(ends, refuse ? 0 : 13);
        const versions = async (all: readonly { handle: string }[]) =>
          Promise.all(
            all.map(async ({ handle }) => (await store().sessions.readByHandle(tenantId, handle))?.session.version),
          );
        assert.deepEqual(await versions([foreign, ...past]), [1, 1, 1, 1, 1], 'what does not count is left alone');
      }
    });

    it('keeps any text of the device', async () => {
      const tenantId = newTenantId();
      for (const text of [...AWKWARD_TEXTS, 'x'.repeat(100_000)]) {
        const record = await made(tenantId, { device: { userAgent: text, ipAddress: text, label: text } });
        assert.deepEqual((await store().sessions.readByDigest(tenantId, record.digest))?.session, record);
      }
    });

    it('adds the facts of the identity, and none once it is gone', async () => {
      const tenantId = newTenantId();
      const owner = identity(tenantId, {
        roles: ['b', 'a'],
        metadata: { z: '1', a: '2' },
        epoch: 4,
        version: 5,
        active: false,
      });
      await store().identities.insert(owner, NO_TRAIL);
      const record = await made(tenantId, { identityId: owner.id });
      const facts = {
        id: owner.id,
        displayName: 'Ada',
        roles: ['b', 'a'],
        metadata: { z: '1', a: '2' },
        epoch: 4,
        version: 5,
        active: false,
      };
      assert.deepEqual(await store().sessions.readByDigest(tenantId, record.digest), {
        session: record,
        identity: facts,
        organisation: undefined,
      });
      assert.deepEqual(await store().sessions.readByHandle(tenantId, record.handle), {
        session: record,
        identity: facts,
        organisation: undefined,
      });
      const orphan = await made(tenantId, { identityId: `${owner.id}x` });
      assert.equal((await store().sessions.readByDigest(tenantId, orphan.digest))?.identity, undefined);
    });

    it('finds by tenant and digest, compared byte by byte', async () => {
      const tenantId = newTenantId();
      for (const digest of TWINS) await made(tenantId, { digest });
      const found = await Promise.all(TWINS.map((digest) => store().sessions.readByDigest(tenantId, digest)));
      assert.deepEqual(
        found.map((one) => one?.session.digest),
        TWINS,
      );
      assert.equal(await store().sessions.readByDigest(tenantId, 'Abc'), undefined);
      assert.equal(await store().sessions.readByDigest(tenantId.toUpperCase(), 'abc'), undefined);
      assert.equal(await store().sessions.readByDigest(newTenantId(), 'abc'), undefined);
    });

    it('answers each of many concurrent calls with its own session', async () => {
      const tenants = [newTenantId(), newTenantId()];
      const records = await Promise.all(Array.from({ length: 40 }, (_, place) => made(tenants[place % 2] ?? '')));
      const calls = Array.from({ length: 700 }, (_, call) => records[(call * 7) % records.length] ?? session(''));
      const found = await Promise.all(
        calls.map(({ tenantId, digest }) => store().sessions.readByDigest(tenantId, digest)),
      );
      assert.deepEqual(
        found.map((one) => one?.session.handle),
        calls.map(({ handle }) => handle),
      );
    });

    it('reads what was committed before the call, while other calls are in flight', async () => {
      const tenantId = newTenantId();
      let record = await made(tenantId);
      const others = { stop: false };
      const busy = Array.from({ length: 8 }, async () => {
        while (!others.stop) await store().sessions.readByDigest(tenantId, record.digest);
      });
      for (let version = 2; version < 60; version++) {
        const after = { ...record, version, revokedAt: NOW + version };
        assert.equal(await store().sessions.replace(record, after, NO_TRAIL), true);
        record = after;
        assert.equal((await store().sessions.readByDigest(tenantId, record.digest))?.session.revokedAt, NOW + version);
      }
      others.stop = true;
      await Promise.all(busy);
    });

    it('refuses a second session of one digest', async () => {
      const record = await made(newTenantId());
      const twin = session(record.tenantId, { digest: record.digest });
      await assert.rejects(store().sessions.insert(twin, NO_TRAIL), { reason: 'DATABASE_UNAVAILABLE' });
      assert.equal(await store().sessions.readByHandle(record.tenantId, twin.handle), undefined);
    });

    it('replaces only the version that was read: a lost update is refused', async () => {
      const before = await made(newTenantId());
      const after = { ...before, version: 2, digest: 'f'.repeat(64), acr: 'otp', revokedAt: NOW + 9 };
      assert.equal(await store().sessions.replace(before, after, NO_TRAIL), true);
      assert.equal(await store().sessions.replace(before, { ...before, version: 2, acr: 'x' }, NO_TRAIL), false);
      assert.deepEqual((await store().sessions.readByDigest(before.tenantId, after.digest))?.session, after);
      assert.equal(await store().sessions.readByDigest(before.tenantId, before.digest), undefined);
      assert.equal(await store().sessions.replace(session(before.tenantId), before, NO_TRAIL), false);
    });

    it('lets one of 16 concurrent writers of a version win', async () => {
      const before = await made(newTenantId());
      const writers = Array.from({ length: 16 }, (_, n) =>
        store().sessions.replace(before, { ...before, version: 2, acr: `${n}` }, NO_TRAIL),
      );
      assert.equal((await Promise.all(writers)).filter(Boolean).length, 1);
    });

    it('leaves the last use alone when it replaces', async () => {
      const before = await made(newTenantId());
      await store().sessions.recordUse([{ ...before, usedAt: NOW + 50 }]);
      await store().sessions.replace(before, { ...before, version: 2, lastUsedAt: NOW + 5 }, NO_TRAIL);
      assert.equal((await store().sessions.readByHandle(before.tenantId, before.handle))?.session.lastUsedAt, NOW + 50);
    });

    it('raises the last use and never lowers it, changes no version, skips unknown handles', async () => {
      const [a, b] = [await made(newTenantId()), await made(newTenantId())];
      const use = ({ tenantId, handle }: { tenantId: string; handle: string }, usedAt: number) => ({
        tenantId,
        handle,
        usedAt,
      });
      await store().sessions.recordUse([
        use(a, NOW + 5),
        use(b, NOW - 5),
        use(a, NOW + 9),
        use(a, NOW + 7),
        use(session(a.tenantId), NOW),
      ]);
      await store().sessions.recordUse([use(a, NOW + 8), use({ tenantId: b.tenantId, handle: a.handle }, NOW + 99)]);
      await store().sessions.recordUse([]);
      const [foundA, foundB] = await Promise.all(
        [a, b].map((one) => store().sessions.readByHandle(one.tenantId, one.handle)),
      );
      assert.deepEqual(foundA?.session, { ...a, lastUsedAt: NOW + 9 });
      assert.deepEqual(foundB?.session, b);
    });

    it('SES-9 writes a reported use a hundredth of the idle time-out after the last one, after ten minutes at most, and not before', async () => {
      const tenantId = newTenantId();
      for (const [idleTimeout, grain] of [
        [60_000, 600],
        [60_099, 600.99],
        [60_000_000, 600_000],
        [1_209_600_000, 600_000],
      ] as const) {
        const kept = await made(tenantId, { idleTimeout });
        const used = async (usedAt: number) => {
          await store().sessions.recordUse([{ tenantId, handle: kept.handle, usedAt, reported: true }]);
          return (
            ((await store().sessions.readByHandle(tenantId, kept.handle))?.session.lastUsedAt ?? 0) - kept.lastUsedAt
          );
        };
        const enough = Math.ceil(grain);
        assert.deepEqual(
          [await used(kept.lastUsedAt + Math.floor(grain) - 1), await used(kept.lastUsedAt + enough)],
          [0, enough],
          `${idleTimeout}`,
        );
      }
    });

    it('records the use of thousands of sessions, from two callers at once', async () => {
      const tenantId = newTenantId();
      const records = await Promise.all(Array.from({ length: 30 }, () => made(tenantId)));
      const uses = Array.from({ length: 2400 }, (_, n) => ({ ...(records[n % 30] ?? session('')), usedAt: NOW + n }));
      await Promise.all([store().sessions.recordUse(uses), store().sessions.recordUse(uses.toReversed())]);
      const last = await store().sessions.readByHandle(tenantId, records[29]?.handle ?? '');
      assert.equal(last?.session.lastUsedAt, NOW + 2399);
    });

    it('lists sessions that are not ended, of the epoch, not past a time-out', async () => {
      const tenantId = newTenantId();
      const filter = { tenantId, identityId: 'idn_1', epoch: 2, now: NOW };
      const mine = { identityId: 'idn_1', epoch: 2 };
      const active = await made(tenantId, mine);
      await made(tenantId, { ...mine, revokedAt: NOW });
      await made(tenantId, { ...mine, epoch: 1 });
      await made(tenantId, { ...mine, expiresAt: NOW });
      await made(tenantId, { ...mine, lastUsedAt: NOW - 60_000, idleTimeout: 60_000 });
      await made(tenantId, { ...mine, identityId: 'idn_2' });
      await made(newTenantId(), mine);
      const edge = await made(tenantId, {
        ...mine,
        createdAt: NOW - 1,
        expiresAt: NOW + 1,
        lastUsedAt: NOW - 60_000,
        idleTimeout: 60_001,
      });
      assert.deepEqual(await store().sessions.listActive(filter, { limit: 10 }), { rows: [active, edge] });
    });

    it('lists newest first by creation then handle, page by page, each once', async () => {
      const tenantId = newTenantId();
      const records = [];
      for (const n of [3, 1, 2, 5, 4, 0]) {
        records.push(
          await made(tenantId, { identityId: 'idn_1', handle: `ses_${n}`, createdAt: NOW + Math.floor(n / 3) }),
        );
      }
      const pages = await walk((after) =>
        store().sessions.listActive(
          { tenantId, identityId: 'idn_1', epoch: 0, now: NOW },
          { limit: 2, ...(after === undefined ? {} : { after }) },
        ),
      );
      assert.deepEqual(
        pages.map((page) => page.map(({ handle }) => handle)),
        [
          ['ses_5', 'ses_4'],
          ['ses_3', 'ses_2'],
          ['ses_1', 'ses_0'],
        ],
      );
    });
  });
}
