import type { Method } from '../features/mfa/assurance.ts';
import type { PendingSignIn } from '../features/pending_sign_in/pending_sign_in.ts';
import type { PendingSignInStore } from '../features/pending_sign_in/store.ts';
import { type Database, lock } from './database.ts';
import { PendingSignInEntity, type PendingSignInRow } from './entities/mfa.ts';
import { listFrom, toJson } from './json.ts';
import type { AppendTrail } from './trail.ts';

const PLAIN = { disableIdentityMap: true } as const;

function pendingFrom({ attempts: _, spentAt: __, proved, sessionHandle, ...same }: PendingSignInRow): PendingSignIn {
  return {
    ...same,
    proved: listFrom(proved) as readonly Method[],
    sessionHandle: sessionHandle ?? undefined,
    held: Boolean(same.held),
  };
}

export function pendingSignInStore(database: Database, appendTrail: AppendTrail): PendingSignInStore {
  return {
    insert: (pending, trail) =>
      database.write(async (tx) => {
        const { proved, sessionHandle = null, ...same } = pending;
        const row = { ...same, sessionHandle, proved: toJson(proved), attempts: 0, spentAt: null };
        await tx.insert(PendingSignInEntity, row);
        await appendTrail(tx, trail);
      }),

    read: (tenantId, digest, now) =>
      database.read(async (em) => {
        const key = { tenantId, digest, spentAt: null, expiresAt: { $gt: now } };
        const row = await em.findOne(PendingSignInEntity, key, PLAIN);
        return row === null ? undefined : pendingFrom(row);
      }),

    // One lock for all sign-ins of an identity: their tries are counted together.
    attempt: ({ tenantId, digest, identityId }, { each, identity }, now) =>
      database.write<'ok' | 'used_up' | 'identity_used_up'>(async (tx) => {
        await lock(database, tx, `attempts ${tenantId} ${identityId}`);
        const alive = { tenantId, identityId, spentAt: null, expiresAt: { $gt: now } };
        const rows = await tx.find(PendingSignInEntity, alive, PLAIN);
        const own = rows.find((row) => row.digest === digest);
        if (own === undefined || own.attempts >= each) return 'used_up';
        if (rows.reduce((sum, { attempts }) => sum + attempts, 0) >= identity) return 'identity_used_up';
        await tx.nativeUpdate(PendingSignInEntity, { tenantId, digest }, { attempts: own.attempts + 1 });
        return 'ok';
      }),

    prove: async ({ tenantId, digest }, proved) => {
      await database.write((tx) =>
        tx.nativeUpdate(PendingSignInEntity, { tenantId, digest, spentAt: null }, { proved: toJson(proved) }),
      );
    },

    spend: ({ tenantId, digest }, now, trail) =>
      database.write(async (tx) => {
        const key = { tenantId, digest, spentAt: null, expiresAt: { $gt: now } };
        if ((await tx.nativeUpdate(PendingSignInEntity, key, { spentAt: now })) === 0) return undefined;
        await appendTrail(tx, trail);
        return (await tx.findOneOrFail(PendingSignInEntity, { tenantId, digest }, PLAIN)).epoch;
      }),
  };
}
