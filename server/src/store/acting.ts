import type { Change } from '../features/change/change.ts';
import type { Instant } from '../kernel/clock.ts';
import type { Database } from './database.ts';
import type { Transaction } from './dialects/dialect.ts';
import { say } from './say.ts';

/** Ends in `tx` the sessions in which others act that were begun from a session, or by a service key (spec ACC-6, ACC-7). */
export async function endActing(
  { sql }: Pick<Database, 'sql'>,
  tx: Transaction,
  where: { readonly tenantId: string } & ({ readonly parentHandle: string } | { readonly actingKey: string }),
  at: Instant,
): Promise<readonly Change[]> {
  const { tenantId } = where;
  const [column, value] =
    'parentHandle' in where ? ['parent_handle', where.parentHandle] : ['acting_key', where.actingKey];
  const found = sql(
    `select handle, version from {session} where tenant_id = ? and ${column} = ? and revoked_at is null`,
  );
  const rows = (await say(tx, found, [tenantId, value])).rows.map((row) => {
    return { handle: String(row.handle), version: Number(row.version) + 1 };
  });
  // In one order everywhere, so that two who end the same ones do not lock each other out. Sorted here: told to do it, SQLite would read all
  // sessions of the tenant, in that order, to find those few.
  rows.sort((a, b) => (a.handle < b.handle ? -1 : 1));
  const end = sql('update {session} set version = ?, revoked_at = ? where tenant_id = ? and handle = ?');
  for (const { handle, version } of rows) await say(tx, end, [version, at, tenantId, handle]);
  return rows.map((row) => ({ tenantId, kind: 'session', ...row, revoked: true }));
}
