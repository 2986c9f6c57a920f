import { hash } from 'node:crypto';
import type { Passkey } from '../features/passkey/passkey.ts';
import type { PasskeyStore } from '../features/passkey/store.ts';
import { type Database, lock, undo } from './database.ts';
import { PasskeyChallengeEntity, PasskeyEntity, type PasskeyRow } from './entities/mfa.ts';
import { isUniqueViolation } from './fault.ts';
import { listFrom, toJson } from './json.ts';
import { replaceRecoveryCodes } from './mfa_store.ts';
import type { AppendTrail } from './trail.ts';

const PLAIN = { disableIdentityMap: true } as const;

const digestOf = (credentialId: string) => hash('sha256', credentialId, 'hex');

function passkeyFrom({ credentialDigest: _, transports, lastUsedAt, ...same }: PasskeyRow): Passkey {
  return { ...same, transports: listFrom(transports), lastUsedAt: lastUsedAt ?? undefined };
}

export function passkeyStore(database: Database, appendTrail: AppendTrail): PasskeyStore {
  return {
    list: (tenantId, identityId) =>
      database.read(async (em) => {
        const orderBy = { createdAt: 'asc', id: 'asc' } as const;
        const rows = await em.find(PasskeyEntity, { tenantId, identityId }, { ...PLAIN, orderBy });
        return rows.map(passkeyFrom);
      }),

    read: (tenantId, credentialId) =>
      database.read(async (em) => {
        const key = { tenantId, credentialDigest: digestOf(credentialId) };
        const row = await em.findOne(PasskeyEntity, key, PLAIN);
        return row === null ? undefined : passkeyFrom(row);
      }),

    insert: (passkey, recoveryCodes, most, trail) =>
      database.write<'ok' | 'taken' | 'too_many'>(async (tx) => {
        const { tenantId, identityId, transports, lastUsedAt = null, ...same } = passkey;
        const owned = { tenantId, identityId };
        const credentialDigest = digestOf(passkey.credentialId);
        await lock(database, tx, `passkey ${tenantId} ${credentialDigest}`);
        await lock(database, tx, `factors ${tenantId} ${identityId}`);
        if ((await tx.count(PasskeyEntity, { tenantId, credentialDigest })) > 0) return 'taken';
        if ((await tx.count(PasskeyEntity, owned)) >= most) return 'too_many';
        const row = { ...same, ...owned, credentialDigest, lastUsedAt, transports: toJson(transports) };
        await tx.insert(PasskeyEntity, row);
        if (recoveryCodes !== undefined) await replaceRecoveryCodes(tx, owned, recoveryCodes);
        await appendTrail(tx, trail);
        return 'ok';
      }),

    use: ({ tenantId, credentialId, id }, counter, now, trail) =>
      database.write(async (tx) => {
        const key = { tenantId, credentialDigest: digestOf(credentialId), id };
        // An authenticator that does not count says 0 each time.
        const rising = counter === 0 ? { counter: 0 } : { counter: { $lt: counter } };
        if ((await tx.nativeUpdate(PasskeyEntity, { ...key, ...rising }, { counter, lastUsedAt: now })) === 0) {
          return false;
        }
        await appendTrail(tx, trail);
        return true;
      }),

    // The key makes the first insertion the only one.
    spendChallenge: (challenge) =>
      database.write(async (tx) => {
        try {
          await tx.insert(PasskeyChallengeEntity, challenge);
          return true;
        } catch (error) {
          if (isUniqueViolation(error)) undo(false);
          throw error;
        }
      }),
  };
}
