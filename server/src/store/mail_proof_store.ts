import type { InferEntity } from '@mikro-orm/core';
import type { MailProof, Purpose } from '../features/mail_proof/mail_proof.ts';
import type { MailProofStore } from '../features/mail_proof/store.ts';
import type { Database } from './database.ts';
import { MailProofEntity } from './entities/mail_proof.ts';
import type { AppendTrail } from './trail.ts';

const PLAIN = { disableIdentityMap: true } as const;

type ProofRow = InferEntity<typeof MailProofEntity>;

function proofFrom({ attempts: _, spentAt: __, purpose, sessionHandle, pendingDigest, ...same }: ProofRow): MailProof {
  const within = { sessionHandle: sessionHandle ?? undefined, pendingDigest: pendingDigest ?? undefined };
  return { ...same, purpose: purpose as Purpose, within };
}

function columnsOf({ within, ...same }: MailProof) {
  return { ...same, sessionHandle: within?.sessionHandle ?? null, pendingDigest: within?.pendingDigest ?? null };
}

export function mailProofStore(database: Database, appendTrail: AppendTrail): MailProofStore {
  const read = (
    key: { readonly tenantId: string; readonly digest?: string; readonly linkDigest?: string },
    now: number,
  ) =>
    database.read(async (em) => {
      const alive = { ...key, spentAt: null, expiresAt: { $gt: now } };
      const row = await em.findOne(MailProofEntity, alive, PLAIN);
      return row === null ? undefined : proofFrom(row);
    });
  const count = (sql: string, values: readonly unknown[]) =>
    database.write(async (tx) => {
      const { affectedRows } = await tx.execute<{ affectedRows: number }>(database.sql(sql), [...values], 'run');
      return affectedRows > 0;
    });

  return {
    insert: (proof, trail) =>
      database.write(async (tx) => {
        await tx.insert(MailProofEntity, { ...columnsOf(proof), attempts: 0, spentAt: null });
        await appendTrail(tx, trail);
      }),

    readByFlow: (tenantId, digest, now) => read({ tenantId, digest }, now),
    readByLink: (tenantId, linkDigest, now) => read({ tenantId, linkDigest }, now),

    // One statement: the row's own lock counts for all nodes.
    attempt: ({ tenantId, digest }, most) =>
      count(
        'update {mail_proof} set attempts = attempts + 1 where tenant_id = ? and digest = ? and attempts < ? and spent_at is null',
        [tenantId, digest, most],
      ),

    giveBack: async ({ tenantId, digest }) => {
      const sql = 'update {mail_proof} set attempts = attempts - 1 where tenant_id = ? and digest = ? and attempts > 0';
      await count(sql, [tenantId, digest]);
    },

    spend: ({ tenantId, digest }, now, trail) =>
      database.write(async (tx) => {
        const key = { tenantId, digest, spentAt: null, expiresAt: { $gt: now } };
        if ((await tx.nativeUpdate(MailProofEntity, key, { spentAt: now })) === 0) return false;
        await appendTrail(tx, trail);
        return true;
      }),
  };
}
