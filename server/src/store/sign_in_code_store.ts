import type { SignInCode } from '../features/sign_in/sign_in_code.ts';
import type { SignInCodeStore } from '../features/sign_in/store.ts';
import type { Database } from './database.ts';
import { SignInCodeEntity, type SignInCodeRow } from './entities/sign_in_code.ts';
import { listFrom, toJson } from './json.ts';
import type { AppendTrail } from './trail.ts';

function codeFrom({ spentAt: _, sessionHandle: __, replayed: ___, amr, ...same }: SignInCodeRow): SignInCode {
  return { ...same, amr: listFrom(amr) };
}

export function signInCodeStore(database: Database, appendTrail: AppendTrail): SignInCodeStore {
  return {
    insert: (code, trail) =>
      database.write(async (tx) => {
        const unspent = { spentAt: null, sessionHandle: null, replayed: false };
        await tx.insert(SignInCodeEntity, { ...code, ...unspent, amr: toJson(code.amr) });
        await appendTrail(tx, trail);
      }),

    // The first statement is what makes one caller the first: it changes the row only while nobody has spent it.
    spend: (tenantId, digest, sessionHandle, now) =>
      database.write(async (tx) => {
        const key = { tenantId, digest };
        const spent = await tx.nativeUpdate(
          SignInCodeEntity,
          { ...key, spentAt: null },
          { spentAt: now, sessionHandle },
        );
        const first = spent > 0;
        if (!first && (await tx.nativeUpdate(SignInCodeEntity, key, { replayed: true })) === 0) return undefined;
        const row = await tx.findOneOrFail(SignInCodeEntity, key, { disableIdentityMap: true });
        return { code: codeFrom(row), first, sessionHandle: row.sessionHandle ?? '' };
      }),

    wasReplayed: (tenantId, digest) =>
      database.read(async (em) => {
        const row = await em.findOne(SignInCodeEntity, { tenantId, digest }, { disableIdentityMap: true });
        return row?.replayed ?? false;
      }),
  };
}
