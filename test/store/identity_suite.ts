import assert from 'node:assert/strict';
import type { Identity } from '../../server/src/features/identity/identity.ts';
import type { Store } from '../../server/src/store/store.ts';
import {
  AWKWARD_TEXTS,
  email,
  identity,
  NO_TRAIL,
  NOW,
  newTenantId,
  session,
  signInCode,
  TWINS,
  walk,
} from './fixtures.ts';

export function identitySuite(store: () => Store): void {
  const made = async (...more: Parameters<typeof identity>) => {
    const record = identity(...more);
    assert.equal(await store().identities.insert(record, NO_TRAIL), 'ok');
    return record;
  };
  const stored = ({ tenantId, id }: Identity) => store().identities.read(tenantId, id);

  describe('IdentityStore', () => {
    it('gives back what was inserted, identifiers in their order', async () => {
      const identifiers = [
        email('z@x.y'),
        { type: 'phone', value: '+4912345678', verified: false } as const,
        email('a@x.y', false),
      ];
      const record = await made(newTenantId(), {
        identifiers,
        roles: ['z', 'a', 'm'],
        metadata: { z: '1', a: '2', m: '3' },
      });
      const found = await stored(record);
      assert.deepEqual(found, record);
      assert.deepEqual(Object.keys(found?.metadata ?? {}), ['z', 'a', 'm']);
      assert.equal(await store().identities.read(newTenantId(), record.id), undefined);
      assert.equal(await store().identities.read(record.tenantId, record.id.toUpperCase()), undefined);
    });

    it('ACC-12 a lock is over by the clock of the database: what is read then is active, and sessions of it are', async () => {
      const tenantId = newTenantId();
      const standing = { active: false, stateReason: 'é: why' };
      const held = await made(tenantId, {
        ...standing,
        lockedUntil: Date.now() + 3_600_000,
        identifiers: [email('held@x.y')],
      });
      const over = await made(tenantId, {
        ...standing,
        lockedUntil: Date.now() - 60_000,
        identifiers: [email('over@x.y')],
      });
      const disabled = await made(tenantId, standing);
      const { stateReason: _, lockedUntil: __, ...lifted } = { ...over, active: true };
      assert.deepEqual(await stored(held), held);
      assert.deepEqual(await stored(disabled), disabled);
      assert.deepEqual(await stored(over), lifted);
      assert.deepEqual(await store().identities.readByIdentifier(tenantId, 'email', 'over@x.y'), lifted);
      const page = await store().identities.list(tenantId, { limit: 9 });
      assert.deepEqual(new Set(page.rows.map(({ active }) => active)), new Set([true, false]));
      for (const [owner, active] of [
        [over, true],
        [disabled, false],
      ] as const) {
        const begun = session(tenantId, { identityId: owner.id });
        await store().sessions.insert(begun, NO_TRAIL);
        assert.equal((await store().sessions.readByDigest(tenantId, begun.digest))?.identity?.active, active);
      }
      const after = { ...lifted, version: lifted.version + 1 };
      assert.equal(await store().identities.replace(lifted, after, NO_TRAIL), 'ok');
      assert.deepEqual(await stored(over), after);
    });

    it('keeps any text and large metadata', async () => {
      const tenantId = newTenantId();
      for (const text of AWKWARD_TEXTS) {
        const record = await made(tenantId, {
          displayName: text,
          metadata: { [text]: text, __proto__x: text },
          roles: [text],
        });
        assert.deepEqual(await stored(record), record);
      }
      const metadata = Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`key ${n}`, 'ü'.repeat(500)]));
      const large = await made(tenantId, { metadata });
      assert.deepEqual(await stored(large), large);
    });

    it('finds by identifier: tenant, type and value byte by byte', async () => {
      const tenantId = newTenantId();
      const records = new Map<string, Identity>();
      for (const value of TWINS) records.set(value, await made(tenantId, { identifiers: [email(value)] }));
      for (const [value, record] of records) {
        assert.deepEqual(await store().identities.readByIdentifier(tenantId, 'email', value), record);
      }
      assert.equal(await store().identities.readByIdentifier(tenantId, 'username', 'abc'), undefined);
      assert.equal(await store().identities.readByIdentifier(tenantId, 'email', 'Abc'), undefined);
      assert.equal(await store().identities.readByIdentifier(newTenantId(), 'email', 'abc'), undefined);
    });

    it('answers identifier_taken and keeps nothing if another identity of the tenant has one of them', async () => {
      const holder = await made(newTenantId());
      const [taken = email()] = holder.identifiers;
      const late = identity(holder.tenantId, { identifiers: [email(), taken] });
      assert.equal(await store().identities.insert(late, NO_TRAIL, 'hash'), 'identifier_taken');
      assert.equal(await stored(late), undefined);
      assert.equal(await store().passwords.read(late.tenantId, late.id), undefined);
      assert.equal(
        await store().identities.readByIdentifier(late.tenantId, 'email', late.identifiers[0]?.value ?? ''),
        undefined,
      );
      await made(newTenantId(), { identifiers: [taken] });
      await made(holder.tenantId, { identifiers: [{ ...taken, type: 'username' }] });
    });

    it('gives an identifier to one of 16 who ask for it at once', async () => {
      const tenantId = newTenantId();
      const [a, b] = [email(), email()];
      const tries = Array.from({ length: 16 }, (_, n) =>
        identity(tenantId, { identifiers: n % 2 === 0 ? [a, b] : [b, a] }),
      );
      const answers = await Promise.all(tries.map((one) => store().identities.insert(one, NO_TRAIL)));
      assert.deepEqual(answers.toSorted(), [...Array<string>(15).fill('identifier_taken'), 'ok']);
    });

    it('gives it a password in the same step', async () => {
      const record = identity(newTenantId());
      await store().identities.insert(record, NO_TRAIL, '$argon2id$v=19$m=1$x');
      assert.equal(await store().passwords.read(record.tenantId, record.id), '$argon2id$v=19$m=1$x');
      assert.equal(await store().passwords.read(newTenantId(), record.id), undefined);
    });

    it('replaces facts and identifiers: removed, changed, added, in the new order', async () => {
      const [a, b, c, d] = [email(), email(), email(), email()];
      const before = await made(newTenantId(), { identifiers: [a, b, c] });
      const after: Identity = {
        ...before,
        displayName: 'Grace',
        roles: [],
        metadata: {},
        active: false,
        epoch: 1,
        version: 2,
        identifiers: [d, { ...c, verified: !c.verified }, a],
        updatedAt: NOW + 5,
      };
      assert.equal(await store().identities.replace(before, after, NO_TRAIL), 'ok');
      assert.deepEqual(await stored(before), after);
      assert.equal(await store().identities.readByIdentifier(before.tenantId, 'email', b.value), undefined);
      await made(before.tenantId, { identifiers: [b] });
    });

    it('answers changed and writes nothing if the version is another', async () => {
      const before = await made(newTenantId());
      const after = { ...before, version: 2, displayName: 'first' };
      assert.equal(await store().identities.replace(before, after, NO_TRAIL), 'ok');
      assert.equal(
        await store().identities.replace(before, { ...after, displayName: 'late', identifiers: [email()] }, NO_TRAIL),
        'changed',
      );
      assert.deepEqual(await stored(before), after);
      assert.equal(await store().identities.replace(identity(before.tenantId), after, NO_TRAIL), 'changed');
    });

    it('answers identifier_taken and writes nothing if a new identifier belongs to another', async () => {
      const holder = await made(newTenantId());
      const before = await made(holder.tenantId);
      const after = { ...before, version: 2, displayName: 'x', identifiers: [email(), ...holder.identifiers] };
      assert.equal(await store().identities.replace(before, after, NO_TRAIL), 'identifier_taken');
      assert.deepEqual(await stored(before), before);
      assert.deepEqual(await stored(holder), holder);
    });

    it('lets one of 16 concurrent writers of a version win', async () => {
      const before = await made(newTenantId());
      const writers = Array.from({ length: 16 }, () =>
        store().identities.replace(
          before,
          { ...before, version: 2, identifiers: [...before.identifiers, email()] },
          NO_TRAIL,
        ),
      );
      const answers = await Promise.all(writers);
      assert.equal(answers.filter((answer) => answer === 'ok').length, 1);
      assert.equal((await stored(before))?.identifiers.length, 2);
    });

    it('removes identifiers, credentials and sessions with the identity, if the version is the stored one', async () => {
      const { identities, passwords, sessions, signInCodes } = store();
      const record = identity(newTenantId());
      const { tenantId, id: identityId } = record;
      await identities.insert(record, NO_TRAIL, 'hash');
      const [mine, code] = [session(tenantId, { identityId }), signInCode(tenantId, { identityId })];
      const other = await made(tenantId);
      const theirs = session(tenantId, { identityId: other.id });
      for (const one of [mine, theirs]) await sessions.insert(one, NO_TRAIL);
      await signInCodes.insert(code, NO_TRAIL);
      assert.equal(await identities.remove({ ...record, version: 2 }, NO_TRAIL), false);
      assert.deepEqual(await stored(record), record);
      assert.equal(await identities.remove(record, NO_TRAIL), true);
      assert.equal(await identities.remove(record, NO_TRAIL), false);
      assert.equal(await stored(record), undefined);
      assert.equal(await passwords.read(tenantId, identityId), undefined);
      assert.equal(await sessions.readByDigest(tenantId, mine.digest), undefined);
      assert.equal(await signInCodes.spend(tenantId, code.digest, 'ses_1', NOW), undefined);
      assert.deepEqual((await sessions.readByDigest(tenantId, theirs.digest))?.identity?.id, other.id);
      await made(tenantId, { identifiers: record.identifiers });
    });

    it('lists newest first by creation then id, page by page, with identifiers', async () => {
      const tenantId = newTenantId();
      for (const n of [3, 1, 2, 5, 4, 0]) {
        await made(tenantId, {
          id: `idn_${n}`,
          createdAt: NOW + Math.floor(n / 3),
          identifiers: [email(`${n}@x.y`), email(`a${n}@x.y`)],
        });
      }
      await made(newTenantId());
      const pages = await walk((after) =>
        store().identities.list(tenantId, { limit: 4, ...(after === undefined ? {} : { after }) }),
      );
      assert.deepEqual(
        pages.map((page) => page.map(({ id }) => id)),
        [
          ['idn_5', 'idn_4', 'idn_3', 'idn_2'],
          ['idn_1', 'idn_0'],
        ],
      );
      const values = pages.flat().map(({ identifiers }) => identifiers.map(({ value }) => value));
      assert.deepEqual(
        values,
        [5, 4, 3, 2, 1, 0].map((n) => [`${n}@x.y`, `a${n}@x.y`]),
      );
    });
  });

  describe('PasswordStore', () => {
    it('sets the password and writes the identity in one step, if the version is the stored one', async () => {
      const before = await made(newTenantId());
      const { tenantId, id } = before;
      const after = { ...before, epoch: 1, version: 2 };
      assert.equal(await store().passwords.read(tenantId, id), undefined);
      assert.equal(await store().passwords.set(before, after, 'one', NO_TRAIL), true);
      assert.equal(await store().passwords.read(tenantId, id), 'one');
      assert.equal(await store().passwords.set(before, after, 'late', NO_TRAIL), false);
      assert.equal(await store().passwords.set(after, { ...after, version: 3 }, 'two', NO_TRAIL), true);
      assert.equal(await store().passwords.read(tenantId, id), 'two');
      assert.deepEqual(await stored(before), { ...after, version: 3 });
    });

    it('lets one of 16 concurrent callers set it', async () => {
      const before = await made(newTenantId());
      const calls = Array.from({ length: 16 }, (_, n) =>
        store().passwords.set(before, { ...before, version: 2 }, `${n}`, NO_TRAIL),
      );
      const won = (await Promise.all(calls)).indexOf(true);
      assert.equal(await store().passwords.read(before.tenantId, before.id), `${won}`);
    });

    it('replaces a hash only if it is still the stored one', async () => {
      const { tenantId, id } = await made(newTenantId());
      const record = identity(tenantId);
      await store().identities.insert(record, NO_TRAIL, 'weak');
      await store().passwords.rehash(tenantId, record.id, 'other', 'strong');
      assert.equal(await store().passwords.read(tenantId, record.id), 'weak');
      await store().passwords.rehash(tenantId, record.id, 'weak', 'strong');
      assert.equal(await store().passwords.read(tenantId, record.id), 'strong');
      await store().passwords.rehash(tenantId, id, 'weak', 'strong');
      assert.equal(await store().passwords.read(tenantId, id), undefined);
    });

    it('ACC-8 gives those whose deletion is due, the longest due first, and keeps the instant', async () => {
      // Of all tenants: others of this database are not due that early.
      const tenantId = newTenantId();
      const [later, first, undue, never] = [
        identity(tenantId, { deletionAt: 2_000 }),
        identity(tenantId, { deletionAt: 1_000 }),
        identity(tenantId, { deletionAt: 3_001 }),
        identity(tenantId),
      ];
      for (const one of [later, first, undue, never]) await store().identities.insert(one, NO_TRAIL);
      const due = (limit: number) => store().identities.due(3_000, limit);
      const named = ({ id }: { id: string }) => ({ tenantId, id, version: 1 });
      assert.deepEqual(await due(10), [named(first), named(later)]);
      assert.deepEqual(await due(1), [named(first)]);
      assert.deepEqual(await store().identities.read(tenantId, first.id), first);
      const kept = { ...first, deletionAt: undefined, version: 2 };
      await store().identities.replace(first, kept, NO_TRAIL);
      assert.deepEqual(await due(10), [named(later)]);
      assert.equal((await store().identities.read(tenantId, first.id))?.deletionAt, undefined);
      for (const one of [kept, later, undue, never]) await store().identities.remove(one, NO_TRAIL);
    });
  });
}
