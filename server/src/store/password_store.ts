import type { PasswordStore } from '../features/password/store.ts';
import type { Database } from './database.ts';
import type { Statement } from './dialects/dialect.ts';
import { PasswordEntity } from './entities/identity.ts';
import { replaceIdentity, writePassword } from './identity_store.ts';
import type { AppendTrail } from './trail.ts';

const HASH: Statement = {
  name: 'password_hash',
  sql: 'select hash from {password} where tenant_id = $1 and identity_id = $2',
};

export function passwordStore(database: Database, appendTrail: AppendTrail): PasswordStore {
  return {
    read: async (tenantId, identityId) => {
      const [row] = await database.reader.rows(HASH, [tenantId, identityId]);
      return row === undefined ? undefined : String(row[0]);
    },

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
