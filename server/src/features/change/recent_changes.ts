import type { Change } from './change.ts';
import type { ChangeStore } from './store.ts';
import { BACKLOG_MARGIN, BACKLOG_WINDOW } from './tail.ts';

/** Every change of a tenant that was committed before the call and in the last W, in no order that matters. */
export type RecentChanges = (tenantId: string) => Promise<readonly Change[]>;

const ROWS_PER_READ = 1_000;

export function recentChanges(store: Pick<ChangeStore, 'readRecent'>): RecentChanges {
  return async (tenantId) => {
    const changes: Change[] = [];
    for (let position = 0; ; ) {
      const rows = await store.readRecent(tenantId, BACKLOG_WINDOW + BACKLOG_MARGIN, position, ROWS_PER_READ);
      for (const { change } of rows) changes.push(change);
      const last = rows.at(-1);
      if (last === undefined || rows.length < ROWS_PER_READ) return changes;
      position = last.position;
    }
  };
}
