import type { Perishable, PurgeStore } from '../features/purge/store.ts';
import type { Database } from './database.ts';
import type { Row } from './dialects/dialect.ts';

/** Where the rows of each kind are, what tells one from another in a tenant, and when they ended. */
const PLACES: Readonly<Record<Perishable, { readonly key: string; readonly end: string }>> = {
  pending_sign_in: { key: 'digest', end: 'expires_at' },
  mail_proof: { key: 'digest', end: 'expires_at' },
  oauth_attempt: { key: 'digest', end: 'expires_at' },
  passkey_challenge: { key: 'digest', end: 'expires_at' },
  remembered_device: { key: 'digest', end: 'expires_at' },
  known_device: { key: 'digest', end: 'last_seen_at' },
  mail: { key: 'id', end: 'expires_at' },
  invitation: { key: 'id', end: 'expires_at' },
  sign_in_code: { key: 'digest', end: 'expires_at' },
  session: { key: 'handle', end: 'expires_at' },
};

export function purgeStore(database: Database): PurgeStore {
  return {
    // Two statements, for databases differ in what DELETE may be told: the index of ends names the rows, their keys find them.
    purge: async (kind, before, limit) => {
      const { key, end } = PLACES[kind];
      const sql = `select tenant_id, ${key} from {${kind}} where ${end} < $1 order by ${end} limit $2`;
      const rows = await database.reader.rows({ name: `ended ${kind}`, sql }, [before, limit]);
      if (rows.length === 0) return 0;
      await database.write(async (tx) => {
        for (const [tenantId, keys] of byTenant(rows)) {
          const places = keys.map(() => '?').join(', ');
          await tx.execute(
            database.sql(`delete from {${kind}} where tenant_id = ? and ${key} in (${places}) and ${end} < ?`),
            [tenantId, ...keys, before],
            'run',
          );
        }
      });
      return rows.length;
    },
  };
}

/** In one order on all nodes, so that they do not lock each other out. */
function byTenant(rows: readonly Row[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [tenantId, key] of [...rows].map((row) => [String(row[0]), String(row[1])] as const).sort()) {
    const keys = found.get(tenantId);
    if (keys === undefined) found.set(tenantId, [key]);
    else keys.push(key);
  }
  return found;
}
