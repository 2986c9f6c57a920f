import type { Instant } from './clock.ts';

/** Where the page before ended: lists are ordered by instant, then id, both falling. */
export type Position = { readonly at: Instant; readonly id: string };

/** One page of a list and where it ended, if more may follow. */
export type Page<T> = { readonly rows: readonly T[]; readonly next?: Position };

/** What a list call asks for: at most `limit` rows after `after`. */
export type PageQuery = { readonly limit: number; readonly after?: Position };

/** Cuts the one row too many that a store reads to know whether more follow. */
export function pageOf<T>(rows: readonly T[], limit: number, position: (row: T) => Position): Page<T> {
  const last = rows[limit - 1];
  return rows.length > limit && last !== undefined ? { rows: rows.slice(0, limit), next: position(last) } : { rows };
}
