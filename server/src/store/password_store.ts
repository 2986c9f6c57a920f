import type { PasswordStore } from '../features/password/store.ts';
import type { Database } from './database.ts';
import { PasswordEntity } from './entities/identity.ts';
import { replaceIdentity, writePassword } from './identity_store.ts';
import type { AppendTrail } from './trail.ts';

export function passwordStore(database: Database, appendTrail: AppendTrail): PasswordStore {
  return {
    read: (tenantId, identityId) =>
      database.read(async (em) => {
        const row = await em.findOne(PasswordEntity, { tenantId, identityId }, { disableIdentityMap: true });
        return row?.hash;
      }),

    set: (before, after, hash, trail) =>
      database.write(async (tx) => {
        if (!(await replaceIdentity(tx, before, after))) return false;
        await writePassword(tx, before, hash);
        await appendTrail(tx, trail);
        return true;
      }),

    rehash: (tenantId, identityId, from, to) =>
      database.write(async (tx) => {
        await tx.nativeUpdate(PasswordEntity, { tenantId, identityId, hash: from }, { hash: to });
      }),
  };
}
