import type { Instant } from '../../kernel/clock.ts';

/** Identities, of any tenant, whose deletion is due at an instant; at most `limit`, the longest due first. */
export type DueDeletions = (
  now: Instant,
  limit: number,
) => Promise<readonly { readonly tenantId: string; readonly id: string; readonly version: number }[]>;
