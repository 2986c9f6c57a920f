import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { MailProof } from '../../server/src/features/mail_proof/mail_proof.ts';
import type { Store } from '../../server/src/store/store.ts';
import { identity, NO_TRAIL, NOW, newTenantId } from './fixtures.ts';

const hex = () => randomBytes(32).toString('hex');
const proofOf = (change: Partial<MailProof> = {}): MailProof => ({
  tenantId: newTenantId(),
  digest: hex(),
  linkDigest: hex(),
  codeDigest: hex(),
  purpose: 'reset',
  identityId: 'idn_1',
  epoch: 3,
  email: 'ada@example.com',
  replaces: 'old@example.com',
  binding: hex(),
  request: '{"return_to":"https://app.example/"}',
  within: { sessionHandle: 'ses_1', pendingDigest: hex() },
  expiresAt: NOW + 900_000,
  ...change,
});
const many = <T>(run: () => Promise<T>) => Promise.all(Array.from({ length: 50 }, run));

export function mailProofSuite(store: () => Store): void {
  describe('MailProofStore', () => {
    it('gives back what is alive, of its tenant, by each of its names', async () => {
      const { mailProofs } = store();
      const proof = proofOf();
      const { tenantId, digest, linkDigest, expiresAt } = proof;
      await mailProofs.insert(proof, NO_TRAIL);
      assert.deepEqual(await mailProofs.readByFlow(tenantId, digest, NOW), proof);
      assert.deepEqual(await mailProofs.readByLink(tenantId, linkDigest, NOW), proof);
      assert.equal(await mailProofs.readByFlow(tenantId, linkDigest, NOW), undefined);
      assert.equal(await mailProofs.readByLink(tenantId, digest, NOW), undefined);
      assert.equal(await mailProofs.readByFlow(newTenantId(), digest, NOW), undefined);
      assert.equal(await mailProofs.readByLink(tenantId, linkDigest, expiresAt), undefined);
      assert.equal(await mailProofs.spend(proof, expiresAt, NO_TRAIL), false);
    });

    it('MAIL-7 is spent by exactly one of 50 callers', async () => {
      const proof = proofOf();
      await store().mailProofs.insert(proof, NO_TRAIL);
      const answers = await many(() => store().mailProofs.spend(proof, NOW, NO_TRAIL));
      assert.equal(answers.filter(Boolean).length, 1);
      assert.equal(await store().mailProofs.readByFlow(proof.tenantId, proof.digest, NOW), undefined);
      assert.equal(await store().mailProofs.attempt(proof, 5), false);
    });

    it('MAIL-8 lets 5 of 50 parallel guesses through, and one more for each that is given back', async () => {
      const proof = proofOf();
      const { mailProofs } = store();
      await mailProofs.insert(proof, NO_TRAIL);
      const passed = async () => (await many(() => mailProofs.attempt(proof, 5))).filter(Boolean).length;
      assert.equal(await passed(), 5);
      await mailProofs.giveBack(proof);
      assert.equal(await passed(), 1);
      for (let n = 0; n < 9; n++) await mailProofs.giveBack(proof);
      assert.equal(await passed(), 5, 'none is given back that was not made');
    });

    it('goes with its identity, and past its time', async () => {
      const ada = identity(newTenantId());
      const { tenantId } = ada;
      const { identities, mailProofs, purges } = store();
      await identities.insert(ada, NO_TRAIL);
      const own = proofOf({ tenantId, identityId: ada.id });
      const old = proofOf({ tenantId, expiresAt: 5 });
      for (const proof of [own, old]) await mailProofs.insert(proof, NO_TRAIL);
      assert.equal(await purges.purge('mail_proof', 6, 9), 1);
      await identities.remove(ada, NO_TRAIL);
      assert.equal(await mailProofs.readByFlow(tenantId, own.digest, NOW), undefined);
    });
  });
}
