import assert from 'node:assert/strict';
import type { LinkedAccount, OauthAttempt } from '../../server/src/features/oauth/oauth.ts';
import type { Store } from '../../server/src/store/store.ts';
import { identity, NO_TRAIL, NOW, newTenantId } from './fixtures.ts';

const many = <T>(run: (n: number) => Promise<T>, count = 50) =>
  Promise.all(Array.from({ length: count }, (_, n) => run(n)));

const attemptOf = (tenantId: string, change: Partial<OauthAttempt> = {}): OauthAttempt => ({
  tenantId,
  digest: 'd1',
  provider: 'acme',
  purpose: 'sign_in',
  binding: 'b',
  identityId: '',
  epoch: 0,
  sealed: 'v1.x',
  expiresAt: NOW + 600_000,
  ...change,
});

const accountOf = (tenantId: string, change: Partial<LinkedAccount> = {}): LinkedAccount => ({
  tenantId,
  id: 'lac_1',
  identityId: 'idn_1',
  provider: 'acme',
  issuer: 'https://idp.example',
  subject: 'ada-1',
  email: 'ada@example.com',
  sealedTokens: undefined,
  createdAt: NOW,
  lastUsedAt: NOW,
  ...change,
});

export function oauthSuite(store: () => Store): void {
  describe('OauthStore', () => {
    it('gives back attempts that are alive, of their tenant', async () => {
      const { oauth, purges } = store();
      const attempt = attemptOf(newTenantId(), { purpose: 'link', identityId: 'idn_1', epoch: 3 });
      await oauth.begin(attempt);
      const { tenantId, digest, expiresAt } = attempt;
      assert.deepEqual(await oauth.readAttempt(tenantId, digest, NOW), attempt);
      assert.equal(await oauth.readAttempt(tenantId, digest, expiresAt), undefined);
      assert.equal(await oauth.readAttempt(newTenantId(), digest, NOW), undefined);
      assert.equal(await oauth.spend(attempt, expiresAt), false);
      assert.ok((await purges.purge('oauth_attempt', expiresAt + 1, 500)) >= 1);
      assert.equal(await oauth.readAttempt(tenantId, digest, NOW), undefined);
    });

    it('OAU-2 an attempt is spent by exactly one of 50 callers', async () => {
      const attempt = attemptOf(newTenantId());
      await store().oauth.begin(attempt);
      const answers = await many(() => store().oauth.spend(attempt, NOW));
      assert.equal(answers.filter(Boolean).length, 1);
      assert.equal(await store().oauth.readAttempt(attempt.tenantId, attempt.digest, NOW), undefined);
    });

    it('OAU-5 finds an account by issuer and subject, byte by byte', async () => {
      const { oauth } = store();
      const tenantId = newTenantId();
      const account = accountOf(tenantId, { sealedTokens: 'v1.tokens' });
      assert.equal(await oauth.link(account, 20, NO_TRAIL), 'ok');
      const { issuer, subject } = account;
      assert.deepEqual(await oauth.find(tenantId, issuer, subject), account);
      for (const other of ['Ada-1', 'ada-1 ', 'ada', ''])
        assert.equal(await oauth.find(tenantId, issuer, other), undefined);
      assert.equal(await oauth.find(tenantId, `${issuer}/`, subject), undefined);
      assert.equal(await oauth.find(newTenantId(), issuer, subject), undefined);
      await oauth.use({ ...account, email: '', sealedTokens: undefined, lastUsedAt: NOW + 5 }, NO_TRAIL);
      const used = await oauth.find(tenantId, issuer, subject);
      assert.deepEqual(used, { ...account, email: '', sealedTokens: undefined, lastUsedAt: NOW + 5 });
    });

    it('OAU-8 an account is linked by one of 50 callers, and by no more than fit', async () => {
      const { oauth } = store();
      const tenantId = newTenantId();
      const one = await many((n) =>
        oauth.link(accountOf(tenantId, { id: `lac_${n}`, identityId: `idn_${n}` }), 20, NO_TRAIL),
      );
      assert.equal(one.filter((answer) => answer === 'ok').length, 1);
      assert.ok(one.every((answer) => answer === 'ok' || answer === 'linked'));
      const own = await many(
        (n) =>
          oauth.link(accountOf(tenantId, { id: `lac_x${n}`, identityId: 'idn_x', subject: `s${n}` }), 20, NO_TRAIL),
        30,
      );
      assert.equal(own.filter((answer) => answer === 'ok').length, 20);
      assert.equal((await oauth.list(tenantId, 'idn_x')).length, 20);
    });

    it('OAU-5 one account makes one identity, whoever of 16 callers is first', async () => {
      const { oauth, identities } = store();
      const tenantId = newTenantId();
      const answers = await many(async (n) => {
        const id = `idn_${String(n).padStart(32, '0')}`;
        const made = identity(tenantId, {
          id,
          identifiers: [{ type: 'email', value: `n${n}@example.com`, verified: true }],
        });
        return oauth.signUp(made, accountOf(tenantId, { id: `lac_${n}`, identityId: id }), undefined, NO_TRAIL);
      }, 16);
      assert.equal(answers.filter((answer) => answer === 'ok').length, 1);
      assert.equal(answers.filter((answer) => answer === 'linked').length, 15);
      assert.equal((await identities.list(tenantId, { limit: 50 })).rows.length, 1);
    });

    it('OAU-7 the address goes from one identity to the other in one step, or nothing does', async () => {
      const { oauth, identities } = store();
      const tenantId = newTenantId();
      const address = { type: 'email' as const, value: 'ada@example.com', verified: false };
      const before = identity(tenantId, { id: 'idn_squatter', identifiers: [address] });
      await identities.insert(before, NO_TRAIL);
      const after = { ...before, identifiers: [], epoch: 2, version: 2 };
      const made = identity(tenantId, { id: 'idn_owner', identifiers: [{ ...address, verified: true }] });
      const account = accountOf(tenantId, { identityId: made.id });
      assert.equal(await oauth.signUp(made, account, undefined, NO_TRAIL), 'identifier_taken');
      assert.equal(await oauth.find(tenantId, account.issuer, account.subject), undefined);
      const old = { ...before, version: 9 };
      assert.equal(await oauth.signUp(made, account, { before: old, after }, NO_TRAIL), 'changed');
      assert.equal(await oauth.find(tenantId, account.issuer, account.subject), undefined);
      assert.equal(await oauth.signUp(made, account, { before, after }, NO_TRAIL), 'ok');
      assert.equal((await identities.readByIdentifier(tenantId, 'email', address.value))?.id, 'idn_owner');
      const loser = await identities.read(tenantId, before.id);
      assert.deepEqual([loser?.epoch, loser?.identifiers], [2, []]);
    });

    it('OAU-8 of two last ways in, one stays, though both are taken away at once', async () => {
      const { oauth } = store();
      for (let round = 0; round < 8; round++) {
        const tenantId = newTenantId();
        for (const id of ['a', 'b']) await oauth.link(accountOf(tenantId, { id, subject: id }), 20, NO_TRAIL);
        const answers = await Promise.all(
          ['a', 'b'].map((id) => oauth.unlink(tenantId, 'idn_1', id, ['acme'], NO_TRAIL)),
        );
        assert.deepEqual(answers.toSorted(), ['last_way_in', 'ok']);
        assert.equal((await oauth.list(tenantId, 'idn_1')).length, 1);
      }
    });

    it('OAU-8 a password with a name, or a passkey, is a way in; an account of no provider is none', async () => {
      const { oauth, identities, passkeys } = store();
      const tenantId = newTenantId();
      const link = (id: string, change: Partial<LinkedAccount> = {}) =>
        oauth.link(accountOf(tenantId, { id, subject: id, ...change }), 20, NO_TRAIL);
      const unlink = (id: string, identityId = 'idn_1') => oauth.unlink(tenantId, identityId, id, ['acme'], NO_TRAIL);
      await link('a');
      await link('b', { provider: 'gone' });
      assert.equal(await unlink('a'), 'last_way_in');
      assert.equal(await unlink('a', 'idn_2'), 'not_found');
      const key = {
        tenantId,
        credentialId: 'Y3JlZA',
        identityId: 'idn_1',
        id: 'fac_1',
        label: '',
        publicKey: 'cA',
        counter: 0,
      };
      await passkeys.insert({ ...key, transports: [], createdAt: NOW, lastUsedAt: undefined }, undefined, 20, NO_TRAIL);
      assert.equal(await unlink('a'), 'ok');

      const named = identity(tenantId, { id: 'idn_named' });
      await identities.insert(named, NO_TRAIL, 'hash');
      await link('c', { identityId: named.id });
      assert.equal(await unlink('c', named.id), 'ok');
      const nameless = identity(tenantId, { id: 'idn_nameless', identifiers: [] });
      await identities.insert(nameless, NO_TRAIL, 'hash');
      await link('d', { identityId: nameless.id });
      assert.equal(await unlink('d', nameless.id), 'last_way_in');
    });

    it('goes with its identity', async () => {
      const { oauth, identities } = store();
      const tenantId = newTenantId();
      const made = identity(tenantId, { id: 'idn_gone' });
      const account = accountOf(tenantId, { identityId: made.id });
      const attempt = attemptOf(tenantId, { purpose: 'link', identityId: made.id });
      assert.equal(await oauth.signUp(made, account, undefined, NO_TRAIL), 'ok');
      await oauth.begin(attempt);
      assert.equal(await identities.remove(made, NO_TRAIL), true);
      assert.equal(await oauth.find(tenantId, account.issuer, account.subject), undefined);
      assert.equal(await oauth.readAttempt(tenantId, attempt.digest, NOW), undefined);
    });
  });
}
