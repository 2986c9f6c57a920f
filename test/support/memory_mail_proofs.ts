import type { Trail } from '../../server/src/features/change/change.ts';
import type { MailProof } from '../../server/src/features/mail_proof/mail_proof.ts';
import type { MailProofStore } from '../../server/src/features/mail_proof/store.ts';

/** Codes and links over a list. */
export function memoryMailProofs(append: (trail: Trail) => void): MailProofStore {
  const rows: { proof: MailProof; attempts: number; spent: boolean }[] = [];
  const own = ({ tenantId, digest }: MailProof) =>
    rows.find(({ proof }) => proof.tenantId === tenantId && proof.digest === digest);
  const alive = (tenantId: string, now: number, is: (proof: MailProof) => boolean) =>
    rows.find(({ proof, spent }) => proof.tenantId === tenantId && !spent && now < proof.expiresAt && is(proof))?.proof;
  return {
    async insert(proof, trail) {
      rows.push({ proof, attempts: 0, spent: false });
      append(trail);
    },
    readByFlow: async (tenantId, digest, now) => alive(tenantId, now, (proof) => proof.digest === digest),
    readByLink: async (tenantId, digest, now) => alive(tenantId, now, (proof) => proof.linkDigest === digest),
    async attempt(proof, most) {
      const row = own(proof);
      if (row === undefined || row.spent || row.attempts >= most) return false;
      row.attempts += 1;
      return true;
    },
    async giveBack(proof) {
      const row = own(proof);
      if (row !== undefined) row.attempts -= 1;
    },
    async spend(proof, now, trail) {
      const row = own(proof);
      if (row === undefined || row.spent || now >= proof.expiresAt) return false;
      row.spent = true;
      append(trail);
      return true;
    },
  };
}
