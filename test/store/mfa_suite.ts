import assert from 'node:assert/strict';
import type { Totp } from '../../server/src/features/mfa/store.ts';
import type { Passkey } from '../../server/src/features/passkey/passkey.ts';
import type { PendingSignIn } from '../../server/src/features/pending_sign_in/pending_sign_in.ts';
import type { Store } from '../../server/src/store/store.ts';
import { NO_TRAIL, NOW, newTenantId } from './fixtures.ts';

const LIMITS = { each: 5, identity: 10 };
const many = <T>(run: (n: number) => Promise<T>, count = 50) =>
  Promise.all(Array.from({ length: count }, (_, n) => run(n)));

const pendingOf = (tenantId: string, change: Partial<PendingSignIn> = {}): PendingSignIn => ({
  tenantId,
  digest: 'd1',
  identityId: 'idn_1',
  epoch: 1,
  sessionHandle: undefined,
  held: false,
  proved: ['password'],
  authenticatedAt: NOW,
  binding: '',
  expiresAt: NOW + 600_000,
  ...change,
});

const totpOf = (tenantId: string, change: Partial<Totp> = {}): Totp => ({
  tenantId,
  identityId: 'idn_1',
  id: 'fac_1',
  label: 'Phone',
  sealed: 'v1.x',
  lastStep: 100,
  createdAt: NOW,
  lastUsedAt: undefined,
  ...change,
});

const passkeyOf = (tenantId: string, change: Partial<Passkey> = {}): Passkey => ({
  tenantId,
  credentialId: 'Y3JlZGVudGlhbA',
  identityId: 'idn_1',
  id: 'fac_2',
  label: 'Laptop',
  publicKey: 'cHVibGlj',
  counter: 3,
  transports: ['internal', 'hybrid'],
  createdAt: NOW,
  lastUsedAt: undefined,
  ...change,
});

export function mfaSuite(store: () => Store): void {
  describe('PendingSignInStore', () => {
    it('gives back what is alive, of its tenant, and nothing that is spent or past its time', async () => {
      const { pendingSignIns } = store();
      const pending = pendingOf(newTenantId(), {
        sessionHandle: 'ses_1',
        held: true,
        binding: 'b',
        proved: ['session', 'totp'],
      });
      await pendingSignIns.insert(pending, NO_TRAIL);
      const { tenantId, digest } = pending;
      assert.deepEqual(await pendingSignIns.read(tenantId, digest, NOW), pending);
      assert.equal(await pendingSignIns.read(tenantId, digest, pending.expiresAt), undefined);
      assert.equal(await pendingSignIns.read(newTenantId(), digest, NOW), undefined);
      await pendingSignIns.prove(pending, ['session', 'passkey']);
      assert.deepEqual((await pendingSignIns.read(tenantId, digest, NOW))?.proved, ['session', 'passkey']);
      assert.equal(await pendingSignIns.spend(pending, NOW, NO_TRAIL), 1);
      assert.equal(await pendingSignIns.read(tenantId, digest, NOW), undefined);
    });

    it('MFA-3 is spent by exactly one of 50 callers', async () => {
      const pending = pendingOf(newTenantId());
      await store().pendingSignIns.insert(pending, NO_TRAIL);
      const answers = await many(() => store().pendingSignIns.spend(pending, NOW, NO_TRAIL));
      assert.equal(answers.filter(Boolean).length, 1);
    });

    it('MFA-4 lets 5 of 50 parallel tries through, 10 of all that an identity has open', async () => {
      const tenantId = newTenantId();
      const all = ['d1', 'd2', 'd3'].map((digest) => pendingOf(tenantId, { digest }));
      for (const pending of all) await store().pendingSignIns.insert(pending, NO_TRAIL);
      const tries = async (n: number) =>
        (await many(() => store().pendingSignIns.attempt(all[n] ?? pendingOf(''), LIMITS, NOW))).filter(
          (answer) => answer === 'ok',
        ).length;
      assert.deepEqual([await tries(0), await tries(1), await tries(2)], [5, 5, 0]);
      const third = all[2] ?? pendingOf('');
      assert.equal(await store().pendingSignIns.attempt(third, LIMITS, NOW), 'identity_used_up');
      await store().pendingSignIns.spend(all[0] ?? third, NOW, NO_TRAIL);
      assert.equal(await store().pendingSignIns.attempt(third, LIMITS, NOW), 'ok');
    });

    it('prunes what is past its time', async () => {
      const pending = pendingOf(newTenantId(), { expiresAt: 5 });
      await store().pendingSignIns.insert(pending, NO_TRAIL);
      assert.equal(await store().purges.purge('pending_sign_in', 6, 9), 1);
      assert.equal(await store().purges.purge('pending_sign_in', 6, 9), 0);
    });
  });

  describe('MfaStore', () => {
    it('MFA-5 uses each time-step once among 50 callers, and none before the latest', async () => {
      const totp = totpOf(newTenantId());
      const { mfa } = store();
      await mfa.setTotp(totp, undefined, NO_TRAIL);
      assert.deepEqual(await mfa.readTotp(totp.tenantId, totp.identityId), totp);
      const answers = await many(() => mfa.useStep(totp, 101, NOW, NO_TRAIL));
      assert.equal(answers.filter(Boolean).length, 1);
      assert.equal(await mfa.useStep(totp, 100, NOW, NO_TRAIL), false);
      assert.deepEqual(await mfa.readTotp(totp.tenantId, totp.identityId), { ...totp, lastStep: 101, lastUsedAt: NOW });
    });

    it('MFA-7 spends each recovery code once among 50 callers; new ones end the old', async () => {
      const totp = totpOf(newTenantId());
      const { tenantId, identityId } = totp;
      const { mfa } = store();
      await mfa.setTotp(totp, ['a', 'b', 'c'], NO_TRAIL);
      const spend = (digest: string) => mfa.spendRecoveryCode(tenantId, identityId, digest, NO_TRAIL);
      const answers = await many(() => spend('a'));
      assert.deepEqual(
        answers.filter((left) => left !== undefined),
        [2],
      );
      await mfa.setRecoveryCodes(tenantId, identityId, ['x', 'y'], NO_TRAIL);
      assert.equal(await spend('b'), undefined);
      assert.equal(await spend('x'), 1);
      assert.deepEqual(await mfa.factors(tenantId, identityId), { totp: true, passkeys: 0, recoveryCodes: 1 });
    });

    it('MFA-9 remembers devices until they are forgotten', async () => {
      const device = { tenantId: newTenantId(), digest: 'd', identityId: 'idn_1', epoch: 1, expiresAt: NOW };
      await store().mfa.remember(device, NO_TRAIL);
      assert.deepEqual({ ...(await store().mfa.readDevice(device.tenantId, 'd')) }, device);
      assert.equal(await store().mfa.readDevice(newTenantId(), 'd'), undefined);
      const ending = { tenantId: device.tenantId, identityId: 'idn_1', acts: ['devices_forgotten'] as const, at: NOW };
      await store().mfa.forgetDevices({ ...NO_TRAIL, ending });
      assert.equal(await store().mfa.readDevice(device.tenantId, 'd'), undefined);
    });

    it('MFA-7 takes recovery codes and devices away with the last factor', async () => {
      const totp = totpOf(newTenantId());
      const { tenantId, identityId } = totp;
      const { mfa, passkeys } = store();
      await mfa.setTotp(totp, ['a'], NO_TRAIL);
      await passkeys.insert(passkeyOf(tenantId), undefined, 20, NO_TRAIL);
      await mfa.remember({ tenantId, digest: 'd', identityId, epoch: 1, expiresAt: NOW }, NO_TRAIL);
      assert.equal(await mfa.removeFactor(tenantId, identityId, 'fac_9', NO_TRAIL), false);
      assert.equal(await mfa.removeFactor(tenantId, 'idn_2', 'fac_1', NO_TRAIL), false);
      assert.equal(await mfa.removeFactor(tenantId, identityId, 'fac_1', NO_TRAIL), true);
      assert.deepEqual(await mfa.factors(tenantId, identityId), { totp: false, passkeys: 1, recoveryCodes: 1 });
      assert.equal(await mfa.removeFactor(tenantId, identityId, 'fac_2', NO_TRAIL), true);
      assert.deepEqual(await mfa.factors(tenantId, identityId), { totp: false, passkeys: 0, recoveryCodes: 0 });
      assert.equal(await mfa.readDevice(tenantId, 'd'), undefined);
    });
  });

  describe('PasskeyStore', () => {
    it('PKY-5 keeps a passkey whole, once in a tenant, and as many as one may have', async () => {
      const passkey = passkeyOf(newTenantId());
      const { tenantId } = passkey;
      const insert = (change: Partial<Passkey>, most = 2) =>
        store().passkeys.insert({ ...passkey, ...change }, ['a'], most, NO_TRAIL);
      const answers = await many((n) => insert({ id: `fac_${n}` }), 16);
      assert.deepEqual(
        answers.filter((answer) => answer === 'ok'),
        ['ok'],
      );
      const [stored = passkey] = await store().passkeys.list(tenantId, 'idn_1');
      assert.deepEqual({ ...stored, id: passkey.id }, passkey);
      assert.deepEqual(await store().passkeys.read(tenantId, passkey.credentialId), stored);
      assert.equal(await store().passkeys.read(tenantId, passkey.credentialId.toLowerCase()), undefined);
      assert.equal(await insert({ identityId: 'idn_2' }), 'taken');
      assert.equal(await insert({ credentialId: 'x'.repeat(1_400), id: 'fac_b' }), 'ok');
      assert.equal(await insert({ credentialId: 'y', id: 'fac_c' }), 'too_many');
    });

    it('PKY-4 raises the counter, once among 50 callers', async () => {
      const passkey = passkeyOf(newTenantId());
      await store().passkeys.insert(passkey, undefined, 20, NO_TRAIL);
      const use = (counter: number) => store().passkeys.use(passkey, counter, NOW, NO_TRAIL);
      assert.deepEqual([await use(3), await use(0), await use(2)], [false, false, false]);
      assert.equal((await many(() => use(4))).filter(Boolean).length, 1);
      const still = passkeyOf(newTenantId(), { counter: 0 });
      await store().passkeys.insert(still, undefined, 20, NO_TRAIL);
      const zero = await many(() => store().passkeys.use(still, 0, NOW, NO_TRAIL), 3);
      assert.deepEqual(zero, [true, true, true]);
    });

    it('PKY-2 spends a challenge for exactly one of 50 callers', async () => {
      const challenge = { tenantId: newTenantId(), digest: 'd', expiresAt: 7 };
      const answers = await many(() => store().passkeys.spendChallenge(challenge));
      assert.equal(answers.filter(Boolean).length, 1);
      assert.equal(await store().passkeys.spendChallenge({ ...challenge, tenantId: newTenantId() }), true);
      assert.equal(await store().purges.purge('passkey_challenge', 8, 9), 2);
    });
  });
}
