import {
  retired,
  type SigningAlgorithm,
  type SigningKey,
  type SigningKeyState,
} from '../features/signing_key/signing_key.ts';
import type { SigningKeyStore } from '../features/signing_key/store.ts';
import type { Instant } from '../kernel/clock.ts';
import { type Database, lock } from './database.ts';
import type { Transaction } from './dialects/dialect.ts';
import { SigningKeyEntity, type SigningKeyRow } from './entities/signing_key.ts';
import type { AppendTrail } from './trail.ts';

const PLAIN = { disableIdentityMap: true } as const;

const columnsOf = (key: SigningKey) => ({
  ...key,
  activatedAt: key.activatedAt ?? null,
  retiringAt: key.retiringAt ?? null,
  retiredAt: key.retiredAt ?? null,
});

function keyFrom(row: SigningKeyRow): SigningKey {
  return {
    tenantId: row.tenantId,
    kid: row.kid,
    alg: row.alg as SigningAlgorithm,
    state: row.state as SigningKeyState,
    publicJwk: row.publicJwk,
    sealed: row.sealed,
    createdAt: row.createdAt,
    activatedAt: row.activatedAt ?? undefined,
    retiringAt: row.retiringAt ?? undefined,
    retiredAt: row.retiredAt ?? undefined,
  };
}

const lockKeys = (database: Database, tx: Transaction, tenantId: string) =>
  lock(database, tx, `signing keys ${tenantId}`);

/** Retires in `tx` every signing key of a tenant; answers the kids of those that were not retired yet. */
export async function retireSigningKeys(
  database: Database,
  tx: Transaction,
  tenantId: string,
  at: Instant,
): Promise<readonly string[]> {
  await lockKeys(database, tx, tenantId);
  const rows = await tx.find(SigningKeyEntity, { tenantId, state: { $ne: 'retired' } }, PLAIN);
  for (const row of rows) {
    const { tenantId: _, kid, ...facts } = columnsOf(retired(keyFrom(row), at));
    await tx.nativeUpdate(SigningKeyEntity, { tenantId, kid }, facts);
  }
  return rows.map(({ kid }) => kid);
}

export function signingKeyStore(database: Database, appendTrail: AppendTrail): SigningKeyStore {
  return {
    list: (tenantId) =>
      database.read(async (em) => {
        const order = { orderBy: { createdAt: 'desc', kid: 'desc' } } as const;
        return (await em.find(SigningKeyEntity, { tenantId }, { ...PLAIN, ...order })).map(keyFrom);
      }),

    apply: (tenantId, known, inserts, updates, trail) =>
      database.write(async (tx) => {
        await lockKeys(database, tx, tenantId);
        const stored = await tx.find(SigningKeyEntity, { tenantId }, PLAIN);
        const states = new Map(stored.map(({ kid, state }) => [kid, state]));
        if (stored.some(({ kid }) => !known.includes(kid))) return false;
        if (updates.some(({ before }) => states.get(before.kid) !== before.state)) return false;
        for (const { before, after } of updates) {
          const { tenantId: _, kid: __, ...facts } = columnsOf(after);
          await tx.nativeUpdate(SigningKeyEntity, { tenantId, kid: before.kid }, facts);
        }
        if (inserts.length > 0) await tx.insertMany(SigningKeyEntity, inserts.map(columnsOf));
        await appendTrail(tx, trail);
        return true;
      }),
  };
}
