import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { MAX_LOGO } from '../../server/src/features/tenant/branding.ts';
import type { Store } from '../../server/src/store/store.ts';
import {
  AWKWARD_TEXTS,
  event,
  identity,
  NO_TRAIL,
  NOW,
  newTenantId,
  session,
  signingKey,
  tenant,
  walk,
} from './fixtures.ts';

export function tenantSuite(store: () => Store): void {
  describe('TenantStore', () => {
    it('writes a tenant if there is none, and returns the stored one', async () => {
      const first = tenant();
      assert.equal(await store().tenants.read(first.id), undefined);
      assert.deepEqual(await store().tenants.insertIfAbsent(first), first);
      assert.deepEqual(await store().tenants.insertIfAbsent({ ...first, version: 9 }), first);
      assert.deepEqual(await store().tenants.read(first.id), first);
      assert.equal(await store().tenants.read(first.id.toUpperCase()), undefined);
    });

    it('TEN-1 makes a tenant once, by an id and a host that no other has', async () => {
      const first = tenant();
      const made = { ...first, publicUrl: `https://${first.id}.example:8443` };
      assert.equal(await store().tenants.insert(made, NO_TRAIL), 'ok');
      assert.equal(await store().tenants.insert({ ...made, publicUrl: 'https://other.example' }, NO_TRAIL), 'exists');
      assert.equal(await store().tenants.insert({ ...made, id: newTenantId() }, NO_TRAIL), 'host_taken');
      assert.deepEqual(await store().tenants.read(made.id), made);
      assert.deepEqual(await store().tenants.readByHost(`${first.id}.example:8443`), made);
      for (const host of [`${first.id}.example`, `${first.id}.EXAMPLE:8443`, `${first.id}.example:8443 `, ''])
        assert.equal(await store().tenants.readByHost(host), undefined, host);
      const after = { ...made, version: 2, settings: { ...made.settings, displayName: 'Acme' } };
      assert.equal(await store().tenants.replace(made, after, NO_TRAIL), true);
      assert.deepEqual(await store().tenants.readByHost(`${first.id}.example:8443`), after);
    });

    it('TEN-1 of 16 that want one host at a time, one has it', async () => {
      const publicUrl = `https://${newTenantId()}.example`;
      const all = await Promise.all(
        Array.from({ length: 16 }, () => store().tenants.insert(tenant({ publicUrl }), NO_TRAIL)),
      );
      assert.deepEqual(all.toSorted(), [...Array(15).fill('host_taken'), 'ok']);
    });

    it('TEN-7 retires every signing key with a suspension, and says so with each verdict', async () => {
      const before = await store().tenants.insertIfAbsent(tenant());
      const { id: tenantId } = before;
      const owner = identity(tenantId);
      const one = session(tenantId, { identityId: owner.id });
      await store().identities.insert(owner, NO_TRAIL);
      await store().sessions.insert(one, NO_TRAIL);
      const [active, gone] = [
        signingKey(tenantId, { state: 'active', activatedAt: NOW }),
        signingKey(tenantId, { state: 'retired', sealed: '', retiredAt: NOW }),
      ];
      await store().signingKeys.apply(tenantId, [], [active, gone], [], NO_TRAIL);
      const suspendedNow = async () => [
        (await store().sessions.readByHandle(tenantId, one.handle))?.suspended ?? false,
        (await store().sessions.readByDigest(tenantId, one.digest))?.suspended ?? false,
      ];
      assert.deepEqual(await suspendedNow(), [false, false]);
      const after = { ...before, version: 2, suspendedAt: NOW + 7 };
      const told: string[] = [];
      const trail = (kids: readonly string[]) => {
        told.push(...kids);
        return NO_TRAIL;
      };
      assert.equal(await store().tenants.suspend({ ...before, version: 9 }, after, NOW + 7, trail), false);
      assert.equal(await store().tenants.suspend(before, after, NOW + 7, trail), true);
      assert.deepEqual(await store().tenants.read(tenantId), after);
      assert.deepEqual(told, [active.kid]);
      const keys = await store().signingKeys.list(tenantId);
      assert.ok(keys.every(({ state, sealed }) => state === 'retired' && sealed === ''));
      assert.equal(keys.find(({ kid }) => kid === active.kid)?.retiredAt, NOW + 7);
      assert.deepEqual(await suspendedNow(), [true, true]);
      const { suspendedAt: _, ...resumed } = { ...after, version: 3 };
      assert.equal(await store().tenants.replace(after, resumed, NO_TRAIL), true);
      assert.deepEqual(await store().tenants.read(tenantId), resumed);
      assert.deepEqual(await suspendedNow(), [false, false]);
    });

    it('lists tenants by id', async () => {
      const ids = Array.from({ length: 5 }, newTenantId).toSorted();
      const [first = ''] = ids;
      for (const id of ids.toReversed()) await store().tenants.insertIfAbsent(tenant({ id }));
      const listed: string[] = [];
      // Others make tenants in the same database.
      for (let after = first.slice(0, -1); ; ) {
        const rows = await store().tenants.list(2, after);
        listed.push(...rows.map(({ id }) => id));
        if (rows.length < 2) break;
        after = rows.at(-1)?.id ?? '';
      }
      assert.deepEqual(
        listed.filter((id) => ids.includes(id)),
        ids,
      );
      assert.equal(new Set(listed).size, listed.length);
    });

    it('keeps settings as long as the contract lets them be', async () => {
      const before = await store().tenants.insertIfAbsent(tenant());
      const returnTo = Array.from({ length: 64 }, (_, n) => `https://a.example/${n}/`.padEnd(2_048, 'x'));
      const logo = randomBytes(MAX_LOGO).toString('base64');
      const link = 'https://a.example/'.padEnd(2_048, 'x');
      const branding = { accentColor: '#aabbcc', logo, termsUrl: link, privacyUrl: link, supportUrl: link };
      const settings = { ...before.settings, displayName: '\u{10ffff}'.repeat(64), returnTo, branding };
      assert.ok(JSON.stringify(settings).length > 165_000);
      const after = { ...before, version: 2, updatedAt: NOW + 1, settings };
      assert.equal(await store().tenants.replace(before, after, NO_TRAIL), true);
      assert.deepEqual(await store().tenants.read(before.id), after);
    });

    it('gives 16 concurrent starters one tenant', async () => {
      const first = tenant();
      const starters = Array.from({ length: 16 }, (_, n) =>
        store().tenants.insertIfAbsent({ ...first, createdAt: NOW + n }),
      );
      assert.equal(new Set((await Promise.all(starters)).map(({ createdAt }) => createdAt)).size, 1);
    });

    it('replaces only the version that was read', async () => {
      const before = await store().tenants.insertIfAbsent(tenant());
      const after = {
        ...before,
        version: 2,
        updatedAt: NOW + 1,
        settings: { ...before.settings, returnTo: [...AWKWARD_TEXTS], signUpOpen: false },
      };
      assert.equal(await store().tenants.replace(before, after, NO_TRAIL), true);
      assert.equal(await store().tenants.replace(before, { ...before, version: 2 }, NO_TRAIL), false);
      assert.deepEqual(await store().tenants.read(before.id), after);
      assert.equal(await store().tenants.replace(tenant(), after, NO_TRAIL), false);
    });
  });

  describe('AuditStore', () => {
    it('gives back events as they were', async () => {
      const tenantId = newTenantId();
      const events = AWKWARD_TEXTS.map((text, n) =>
        event(tenantId, { at: NOW - n, actor: text, subject: text, facts: { z: text, a: text } }),
      );
      await store().audit.append(events);
      await store().audit.append([]);
      assert.deepEqual(await store().audit.list({ tenantId }, { limit: 100 }), { rows: events });
    });

    it('appends all or none', async () => {
      const tenantId = newTenantId();
      const twin = event(tenantId);
      await assert.rejects(store().audit.append([event(tenantId), twin, twin]), { reason: 'DATABASE_UNAVAILABLE' });
      assert.deepEqual(await store().audit.list({ tenantId }, { limit: 100 }), { rows: [] });
    });

    it('lists newest first by instant then id, page by page, each once', async () => {
      const tenantId = newTenantId();
      await store().audit.append(
        [3, 1, 2, 5, 4, 0].map((n) => event(tenantId, { id: `aud_${n}`, at: NOW + Math.floor(n / 3) })),
      );
      await store().audit.append([event(newTenantId())]);
      const pages = await walk((after) =>
        store().audit.list({ tenantId }, { limit: 4, ...(after === undefined ? {} : { after }) }),
      );
      assert.deepEqual(
        pages.map((page) => page.map(({ id }) => id)),
        [
          ['aud_5', 'aud_4', 'aud_3', 'aud_2'],
          ['aud_1', 'aud_0'],
        ],
      );
    });

    it('filters by identity and by action', async () => {
      const tenantId = newTenantId();
      const [a, b, c] = [
        event(tenantId, { at: NOW + 3, identityId: 'idn_1', action: 'session.revoked' }),
        event(tenantId, { at: NOW + 2, identityId: 'idn_1' }),
        event(tenantId, { at: NOW + 1, identityId: 'idn_2' }),
      ];
      await store().audit.append([c, b, a]);
      const list = async (filter: object) => (await store().audit.list({ tenantId, ...filter }, { limit: 9 })).rows;
      assert.deepEqual(await list({ identityId: 'idn_1' }), [a, b]);
      assert.deepEqual(await list({ action: 'session.created' }), [b, c]);
      assert.deepEqual(await list({ identityId: 'idn_1', action: 'session.created' }), [b]);
      assert.deepEqual(await list({ action: 'Session.created' }), []);
    });
  });
}
