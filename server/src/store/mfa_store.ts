import type { MfaStore, Totp } from '../features/mfa/store.ts';
import { type Database, lock } from './database.ts';
import type { Statement, Transaction } from './dialects/dialect.ts';
import { PasskeyEntity, RecoveryCodeEntity, RememberedDeviceEntity, TotpEntity, type TotpRow } from './entities/mfa.ts';
import type { AppendTrail } from './trail.ts';

const PLAIN = { disableIdentityMap: true } as const;

const FACTORS: Statement = {
  name: 'factors',
  sql: `select (select count(*) from totp t where t.tenant_id = $1 and t.identity_id = $2),
    (select count(*) from passkey p where p.tenant_id = $1 and p.identity_id = $2),
    (select count(*) from recovery_code r where r.tenant_id = $1 and r.identity_id = $2)`,
};

const totpFrom = ({ lastUsedAt, ...same }: TotpRow): Totp => ({ ...same, lastUsedAt: lastUsedAt ?? undefined });

/** Makes the recovery codes of an identity those with these digests. */
export async function replaceRecoveryCodes(
  tx: Transaction,
  owned: { readonly tenantId: string; readonly identityId: string },
  digests: readonly string[],
): Promise<void> {
  await tx.nativeDelete(RecoveryCodeEntity, owned);
  await tx.insertMany(
    RecoveryCodeEntity,
    digests.map((digest) => ({ ...owned, digest })),
  );
}

/** All that an identity has beside its password. */
export async function removeFactors(
  tx: Transaction,
  owned: { readonly tenantId: string; readonly identityId: string },
): Promise<void> {
  await tx.nativeDelete(TotpEntity, owned);
  await tx.nativeDelete(PasskeyEntity, owned);
  await tx.nativeDelete(RecoveryCodeEntity, owned);
  await tx.nativeDelete(RememberedDeviceEntity, owned);
}

export function mfaStore(database: Database, appendTrail: AppendTrail): MfaStore {
  return {
    factors: async (tenantId, identityId) => {
      const [[totp, passkeys, recoveryCodes] = []] = await database.reader.rows(FACTORS, [tenantId, identityId]);
      return { totp: Number(totp) > 0, passkeys: Number(passkeys), recoveryCodes: Number(recoveryCodes) };
    },

    readTotp: (tenantId, identityId) =>
      database.read(async (em) => {
        const row = await em.findOne(TotpEntity, { tenantId, identityId }, PLAIN);
        return row === null ? undefined : totpFrom(row);
      }),

    setTotp: (totp, recoveryCodes, trail) =>
      database.write(async (tx) => {
        const { tenantId, identityId } = totp;
        await lock(database, tx, `factors ${tenantId} ${identityId}`);
        await tx.nativeDelete(TotpEntity, { tenantId, identityId });
        await tx.insert(TotpEntity, { ...totp, lastUsedAt: totp.lastUsedAt ?? null });
        if (recoveryCodes !== undefined) await replaceRecoveryCodes(tx, { tenantId, identityId }, recoveryCodes);
        await appendTrail(tx, trail);
      }),

    useStep: ({ tenantId, identityId, id }, step, now, trail) =>
      database.write(async (tx) => {
        const key = { tenantId, identityId, id, lastStep: { $lt: step } };
        if ((await tx.nativeUpdate(TotpEntity, key, { lastStep: step, lastUsedAt: now })) === 0) return false;
        await appendTrail(tx, trail);
        return true;
      }),

    setRecoveryCodes: (tenantId, identityId, digests, trail) =>
      database.write(async (tx) => {
        await lock(database, tx, `factors ${tenantId} ${identityId}`);
        await replaceRecoveryCodes(tx, { tenantId, identityId }, digests);
        await appendTrail(tx, trail);
      }),

    spendRecoveryCode: (tenantId, identityId, digest, trail) =>
      database.write(async (tx) => {
        if ((await tx.nativeDelete(RecoveryCodeEntity, { tenantId, identityId, digest })) === 0) return undefined;
        await appendTrail(tx, trail);
        return tx.count(RecoveryCodeEntity, { tenantId, identityId });
      }),

    remember: (device, trail) =>
      database.write(async (tx) => {
        await tx.insert(RememberedDeviceEntity, device);
        await appendTrail(tx, trail);
      }),

    readDevice: (tenantId, digest) =>
      database.read(async (em) => {
        const row = await em.findOne(RememberedDeviceEntity, { tenantId, digest }, PLAIN);
        return row ?? undefined;
      }),

    forgetDevices: (trail) => database.write((tx) => appendTrail(tx, trail)),

    removeFactor: (tenantId, identityId, id, trail) =>
      database.write(async (tx) => {
        const owned = { tenantId, identityId };
        await lock(database, tx, `factors ${tenantId} ${identityId}`);
        const removed =
          (await tx.nativeDelete(TotpEntity, { ...owned, id })) +
          (await tx.nativeDelete(PasskeyEntity, { ...owned, id }));
        if (removed === 0) return false;
        const left = (await tx.count(TotpEntity, owned)) + (await tx.count(PasskeyEntity, owned));
        if (left === 0) await removeFactors(tx, owned);
        await appendTrail(tx, trail);
        return true;
      }),
  };
}
