import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { TrustError } from '../../server/src/errors/trust_error.ts';
import type { Invitation } from '../../server/src/features/invitation/invitation.ts';
import type { Standing } from '../../server/src/features/organisation/store.ts';
import type { Store } from '../../server/src/store/store.ts';
import { email, identity, NO_TRAIL, NOW, newTenantId } from './fixtures.ts';

const hex = (bytes: number) => randomBytes(bytes).toString('hex');

export function invitationSuite(store: () => Store): void {
  const organisation = async (tenantId = newTenantId()) => {
    const made = {
      ...{ tenantId, id: `org_${hex(16)}`, displayName: 'Acme', metadata: {}, version: 1 },
      roles: [{ number: 1, name: 'reader', permissions: [] }],
      ...{ createdAt: NOW, updatedAt: NOW },
    };
    await store().organisations.insert(made, NO_TRAIL);
    return made;
  };
  const invitationTo = (
    of: { readonly tenantId: string; readonly id: string },
    change: Partial<Invitation> = {},
  ): Invitation => ({
    ...{ tenantId: of.tenantId, id: `inv_${hex(16)}`, organisationId: of.id, email: `${hex(6)}@example.com` },
    ...{
      roles: [1],
      digest: hex(32),
      returnTo: 'https://app.example/start?é=1',
      createdAt: NOW,
      expiresAt: NOW + 1_000,
    },
    ...{ acceptedAt: undefined, revokedAt: undefined },
    ...change,
  });
  const member = async (tenantId: string) => {
    const made = identity(tenantId);
    await store().identities.insert(made, NO_TRAIL);
    return made;
  };
  const joins =
    ({ tenantId, organisationId, roles }: Invitation, identityId: string) =>
    ({ organisation: before }: Standing) => ({
      organisation: { ...before, version: before.version + 1 },
      membership: { tenantId, organisationId, identityId, roles, createdAt: NOW },
      trail: NO_TRAIL,
    });
  const many = <T>(run: (n: number) => Promise<T>) => Promise.all(Array.from({ length: 50 }, (_, n) => run(n)));

  describe('InvitationStore', () => {
    it('gives back what was written, of its tenant', async () => {
      const { invitations } = store();
      const one = invitationTo(await organisation());
      assert.equal(await invitations.insert(one, 9, NO_TRAIL), 'ok');
      assert.deepEqual(await invitations.readByDigest(one.tenantId, one.digest), one);
      assert.equal(await invitations.readByDigest(newTenantId(), one.digest), undefined);
      assert.equal(await invitations.readByDigest(one.tenantId, one.digest.toUpperCase()), undefined);
      const gone = { tenantId: one.tenantId, id: `org_${hex(16)}` };
      assert.equal(await invitations.insert(invitationTo(gone), 9, NO_TRAIL), 'no_organisation');
    });

    it('INV-2 a newer one for the address takes the place of the older, and as many wait as may', async () => {
      const { invitations } = store();
      const of = await organisation();
      const first = invitationTo(of);
      const other = invitationTo(of, { email: first.email, createdAt: NOW + 1, expiresAt: NOW + 9_000 });
      assert.equal(await invitations.insert(first, 2, NO_TRAIL), 'ok');
      assert.equal(await invitations.insert(other, 2, NO_TRAIL), 'ok');
      const replaced = await invitations.readByDigest(of.tenantId, first.digest);
      assert.deepEqual(replaced, { ...first, revokedAt: NOW + 1, email: '' });
      const more = () => invitationTo(of, { createdAt: NOW + 2, expiresAt: NOW + 9_000 });
      assert.equal(await invitations.insert(more(), 2, NO_TRAIL), 'ok');
      assert.equal(await invitations.insert(more(), 2, NO_TRAIL), 'too_many');
      const again = invitationTo(of, { email: other.email, createdAt: NOW + 3, expiresAt: NOW + 9_000 });
      assert.equal(await invitations.insert(again, 2, NO_TRAIL), 'ok', 'one in the place of another');
      const later = invitationTo(of, { createdAt: NOW + 9_000, expiresAt: NOW + 10_000 });
      assert.equal(await invitations.insert(later, 2, NO_TRAIL), 'ok', 'those past their time do not wait');
    });

    it('INV-5 of 50 who accept at once exactly one is a member by it', async () => {
      const { invitations, organisations } = store();
      const of = await organisation();
      const one = invitationTo(of);
      await invitations.insert(one, 9, NO_TRAIL);
      const people = [await member(of.tenantId), await member(of.tenantId)];
      const answers = await many((n) => {
        const identityId = people[n % 2]?.id ?? '';
        return invitations.accept(one, { identityId }, NOW, joins(one, identityId));
      });
      assert.equal(answers.filter((answer) => answer !== 'over').length, 1);
      const { rows } = await organisations.listMembers(of.tenantId, of.id, { limit: 9 });
      assert.equal(rows.length, 1);
      assert.equal((await organisations.read(of.tenantId, of.id))?.version, 2);
      const left = await invitations.readByDigest(of.tenantId, one.digest);
      assert.deepEqual(left, { ...one, acceptedAt: NOW, email: '' }, 'and nothing of the person is kept');
    });

    it('INV-5 a new identity comes with its membership, or not at all', async () => {
      const { invitations, identities, passwords } = store();
      const of = await organisation();
      const [one, late] = [invitationTo(of), invitationTo(of)];
      for (const each of [one, late]) await invitations.insert(each, 9, NO_TRAIL);
      const made = identity(of.tenantId, { identifiers: [email(one.email)] });
      const who = { identityId: made.id, signUp: { identity: made, passwordHash: 'hash' } };
      const refused = invitations.accept(one, who, NOW, () => {
        throw new TrustError('ALREADY_MEMBER');
      });
      await assert.rejects(refused, { reason: 'ALREADY_MEMBER' });
      assert.equal(await identities.read(of.tenantId, made.id), undefined);
      assert.deepEqual(await invitations.readByDigest(of.tenantId, one.digest), one);
      assert.ok(await invitations.accept(one, who, NOW, joins(one, made.id)));
      assert.deepEqual(await identities.read(of.tenantId, made.id), made);
      assert.equal(await passwords.read(of.tenantId, made.id), 'hash');
      const twin = identity(of.tenantId, { identifiers: [email(one.email)] });
      const again = { identityId: twin.id, signUp: { identity: twin, passwordHash: 'hash' } };
      assert.equal(await invitations.accept(late, again, NOW, joins(late, twin.id)), 'identifier_taken');
      assert.deepEqual(await invitations.readByDigest(of.tenantId, late.digest), late);
    });

    it('is over once it was revoked, past its time, or its organisation is gone', async () => {
      const { invitations, organisations } = store();
      const of = await organisation();
      const { id: identityId } = await member(of.tenantId);
      const [one, past, lost] = [invitationTo(of), invitationTo(of), invitationTo(of)];
      for (const each of [one, past, lost]) await invitations.insert(each, 9, NO_TRAIL);
      const accept = (each: Invitation, at: number) =>
        invitations.accept(each, { identityId }, at, joins(each, identityId));
      assert.equal(await invitations.revoke(of.tenantId, `org_${hex(16)}`, one.id, NOW, NO_TRAIL), false);
      assert.equal(await invitations.revoke(newTenantId(), of.id, one.id, NOW, NO_TRAIL), false);
      assert.equal(await invitations.revoke(of.tenantId, of.id, one.id, NOW, NO_TRAIL), true);
      assert.equal(await invitations.revoke(of.tenantId, of.id, one.id, NOW + 5, NO_TRAIL), true);
      const revoked = await invitations.readByDigest(of.tenantId, one.digest);
      assert.deepEqual(revoked, { ...one, revokedAt: NOW, email: '' });
      assert.equal(await accept(one, NOW), 'over');
      assert.equal(await accept(past, past.expiresAt), 'over');
      await organisations.remove(of.tenantId, of.id, NO_TRAIL);
      assert.equal(await accept(lost, NOW), undefined);
      assert.deepEqual(await invitations.readByDigest(of.tenantId, lost.digest), lost);
    });

    it('lists those that wait, newest first, page by page, and removes them long after their time', async () => {
      const { invitations } = store();
      const of = await organisation();
      const all = [0, 1, 2, 3].map((n) => invitationTo(of, { createdAt: NOW + n, expiresAt: n === 0 ? 5 : NOW + 99 }));
      for (const each of all) await invitations.insert(each, 9, NO_TRAIL);
      await invitations.revoke(of.tenantId, of.id, all[2]?.id ?? '', NOW, NO_TRAIL);
      const first = await invitations.list(of.tenantId, of.id, { limit: 2 });
      assert.deepEqual(first.rows, [all[3], all[1]]);
      assert.ok(first.next);
      const { rows, next } = await invitations.list(of.tenantId, of.id, { limit: 2, after: first.next });
      assert.deepEqual([rows, next], [[all[0]], undefined]);
      assert.ok((await store().purges.purge('invitation', 6, 500)) >= 1);
      assert.equal(await invitations.readByDigest(of.tenantId, all[0]?.digest ?? ''), undefined);
      assert.deepEqual(await invitations.readByDigest(of.tenantId, all[1]?.digest ?? ''), all[1]);
    });
  });
}
