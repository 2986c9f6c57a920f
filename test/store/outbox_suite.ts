import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Mail } from '../../server/src/features/mail/mail.ts';
import type { Store } from '../../server/src/store/store.ts';
import { identity, NO_TRAIL, NOW, newTenantId } from './fixtures.ts';

const MINUTE = 60_000;
const mailOf = (tenantId: string, change: Partial<Mail> = {}): Mail => ({
  tenantId,
  id: `mai_${randomBytes(16).toString('hex')}`,
  sealed: `v1.${'é'.repeat(9_000)}`,
  createdAt: NOW,
  expiresAt: NOW + MINUTE,
  ...change,
});

export function outboxSuite(store: () => Store): void {
  describe('OutboxStore', () => {
    /** Queues mails with an act, as every write does. */
    const queue = (...mails: Mail[]) => {
      const [first = mailOf('')] = mails;
      return store().identities.insert(identity(first.tenantId), { ...NO_TRAIL, mails });
    };
    /** Claims all that is due, whoever queued it; gives that of one tenant. */
    const claimAll = async (tenantId: string, lease = MINUTE) =>
      (await store().outbox.claim(1_000, lease)).filter((mail) => mail.tenantId === tenantId);

    it('MAIL-1 keeps a mail with the act that brings it, or neither', async () => {
      const tenantId = newTenantId();
      const taken = identity(tenantId);
      const mail = mailOf(tenantId);
      assert.equal(await store().identities.insert(taken, { ...NO_TRAIL, mails: [mail] }), 'ok');
      const twin = identity(tenantId, { identifiers: taken.identifiers });
      const lost = { ...NO_TRAIL, mails: [mailOf(tenantId)] };
      assert.equal(await store().identities.insert(twin, lost), 'identifier_taken');
      assert.deepEqual(await store().outbox.list(tenantId, 9), [mail]);
    });

    it('keeps a mail that belongs to no other write', async () => {
      const mail = mailOf(newTenantId());
      await store().outbox.queue({ ...NO_TRAIL, mails: [mail] });
      assert.deepEqual(await store().outbox.list(mail.tenantId, 9), [mail]);
    });

    it('MAIL-2 gives each mail to one of 20 callers, and to nobody else while its lease lasts', async () => {
      const tenantId = newTenantId();
      const mails = Array.from({ length: 7 }, () => mailOf(tenantId));
      await queue(...mails);
      const rounds = await Promise.all(Array.from({ length: 20 }, () => store().outbox.claim(50, MINUTE)));
      const claimed = rounds.flat().filter((mail) => mail.tenantId === tenantId);
      assert.deepEqual(claimed.map(({ id }) => id).sort(), mails.map(({ id }) => id).sort());
      assert.deepEqual([...new Set(claimed.map(({ attempt }) => attempt))], [1]);
      assert.deepEqual(await claimAll(tenantId), []);
    });

    it('MAIL-2 gives a mail to another caller once the lease is over, and takes no word from the first one then', async () => {
      const tenantId = newTenantId();
      await queue(mailOf(tenantId));
      const [first] = await claimAll(tenantId, -1);
      const [second] = await claimAll(tenantId, MINUTE);
      assert.ok(first && second);
      assert.deepEqual(second, { ...first, attempt: second.attempt });
      assert.ok(second.attempt > first.attempt);
      assert.equal(await store().outbox.remove(first, NO_TRAIL), false);
      await store().outbox.postpone(first, -1);
      assert.deepEqual(await claimAll(tenantId), []);
      assert.equal(await store().outbox.remove(second, NO_TRAIL), true);
      assert.deepEqual(await store().outbox.list(tenantId, 9), []);
    });

    it('makes a mail due after a delay', async () => {
      const tenantId = newTenantId();
      await queue(mailOf(tenantId));
      const [mail] = await claimAll(tenantId);
      assert.ok(mail);
      await store().outbox.postpone(mail, MINUTE);
      assert.deepEqual(await claimAll(tenantId), []);
      await store().outbox.postpone(mail, -1);
      const [again] = await claimAll(tenantId);
      assert.deepEqual(again, { ...mail, attempt: 2 });
    });

    it('lists the newest first, of one tenant, and prunes what is past its time', async () => {
      const tenantId = newTenantId();
      const ids = ['mai_1', 'mai_2', 'mai_3'];
      await queue(...ids.map((id, place) => mailOf(tenantId, { id, expiresAt: place })));
      await queue(mailOf(newTenantId()));
      const listed = async () => (await store().outbox.list(tenantId, 2)).map(({ id }) => id);
      assert.deepEqual(await listed(), ['mai_3', 'mai_2']);
      assert.equal(await store().purges.purge('mail', 2, 9), 2);
      assert.deepEqual(await listed(), ['mai_3']);
    });
  });
}
