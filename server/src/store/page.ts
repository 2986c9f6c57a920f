import type { Position } from '../kernel/page.ts';

/** Condition for rows after a position in a list ordered by instant, then id, both falling. The outer bound lets an index be used. */
export function afterPosition(instant: string, id: string, after: Position | undefined): Record<string, unknown> {
  if (after === undefined) return {};
  return {
    [instant]: { $lte: after.at },
    $or: [{ [instant]: { $lt: after.at } }, { [id]: { $lt: after.id } }],
  };
}
