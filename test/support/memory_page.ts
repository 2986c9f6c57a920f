import { type Page, type PageQuery, pageOf } from '../../server/src/kernel/page.ts';

/** Newest first by instant, then id; what follows `after`; at most `limit`. */
export function paged<T>(
  rows: readonly T[],
  query: PageQuery,
  position: (row: T) => { at: number; id: string },
): Page<T> {
  const falling = (a: { at: number; id: string }, b: { at: number; id: string }) =>
    b.at - a.at || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
  const { limit, after } = query;
  const following = rows
    .filter((row) => after === undefined || falling(after, position(row)) < 0)
    .sort((a, b) => falling(position(a), position(b)));
  return pageOf(following, limit, position);
}
