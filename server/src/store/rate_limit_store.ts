import type { RateLimitStore } from '../features/rate_limit/store.ts';
import type { Database } from './database.ts';
import { say } from './say.ts';

const COLUMNS = '(tenant_id, subject, arrival)';
const KEY = ['tenant_id', 'subject'];

/** So many times, for as many rows or values. */
const times = (text: string, count: number) => Array.from({ length: count }, () => text).join(', ');

export function rateLimitStore(database: Database): RateLimitStore {
  const { overwriteSql, lockRowsSql, nowSql } = database.dialect;
  // An attempt has a handful of subjects, so there are a handful of texts of each.
  const inserted = (rows: number, column: string) =>
    database.sql(`insert into {rate_limit} ${COLUMNS} values ${times('(?, ?, ?)', rows)} ${overwriteSql(KEY, column)}`);
  // Where a write transaction excludes all others there is nothing to lock, and rows that are not there need not be made for it.
  const excludes = lockRowsSql === '';
  const locked = (subjects: number) => {
    const rows = `from {rate_limit} where tenant_id = ? and subject in (${times('?', subjects)})`;
    return database.sql(
      excludes
        ? `select '' as subject, 0 as arrival, ${nowSql} as now union all select subject, arrival, 0 ${rows}`
        : `select subject, arrival, ${nowSql} as now ${rows} order by subject ${lockRowsSql}`,
    );
  };
  return {
    // Where others write beside it, all rows are made first and then locked, each time in one order: two callers never wait for each other in a
    // circle.
    update: (tenantId, subjects, decide) =>
      database.write(async (tx) => {
        const ordered = [...new Set(subjects)].sort();
        if (!excludes) {
          const made = ordered.flatMap((subject) => [tenantId, subject, 0]);
          await say(tx, inserted(ordered.length, 'subject'), made);
        }
        const { rows } = await say(tx, locked(ordered.length), [tenantId, ...ordered]);
        const stored = new Map(rows.map(({ subject, arrival }) => [String(subject), Number(arrival)]));
        const before = subjects.map((subject) => stored.get(subject) ?? 0);
        const after = decide(before, Math.max(...rows.map(({ now }) => Number(now))));
        const changed = subjects.flatMap((subject, place) => {
          const arrival = after[place];
          return arrival === undefined || arrival === before[place] ? [] : [tenantId, subject, arrival];
        });
        if (changed.length > 0) await say(tx, inserted(changed.length / 3, 'arrival'), changed);
      }),

    prune: (age, limit) =>
      database.write(async (tx) => {
        const { affectedRows } = await tx.execute<{ affectedRows: number }>(
          `delete from rate_limit where (tenant_id, subject) in (select tenant_id, subject from
             (select tenant_id, subject from rate_limit where arrival < ${nowSql} - ? order by arrival limit ?) old)
             and arrival < ${nowSql} - ?`,
          [age, limit, age],
          'run',
        );
        return affectedRows;
      }),
  };
}
