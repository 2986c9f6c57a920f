import type { Change } from '../features/change/change.ts';
import type { Instant } from '../kernel/clock.ts';
import type { Transaction } from './dialects/dialect.ts';
import { SessionEntity } from './entities/session.ts';

const PLAIN = { disableIdentityMap: true } as const;

/** Ends in `tx` the sessions in which others act that were begun from a session, or by a service key (spec ACC-6, ACC-7). */
export async function endActing(
  tx: Transaction,
  where: { readonly tenantId: string } & ({ readonly parentHandle: string } | { readonly actingKey: string }),
  at: Instant,
): Promise<readonly Change[]> {
  const rows = await tx.find(SessionEntity, { ...where, revokedAt: null }, { ...PLAIN, orderBy: { handle: 'asc' } });
  const changes: Change[] = [];
  for (const { tenantId, handle, version } of rows) {
    await tx.nativeUpdate(SessionEntity, { tenantId, handle }, { version: version + 1, revokedAt: at });
    changes.push({ tenantId, kind: 'session', handle, version: version + 1, revoked: true });
  }
  return changes;
}
