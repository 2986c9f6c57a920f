import { LockMode } from '@mikro-orm/core';
import type { RateLimitStore } from '../features/rate_limit/store.ts';
import type { Database } from './database.ts';
import { RateLimitEntity } from './entities/rate_limit.ts';

export function rateLimitStore(database: Database): RateLimitStore {
  const { nowSql } = database.dialect;
  return {
    // All rows are made first and then locked, each time in one order: two callers never wait for each other in a circle.
    update: (tenantId, subjects, decide) =>
      database.write(async (tx) => {
        const ordered = [...new Set(subjects)].sort();
        const rows = ordered.map((subject) => ({ tenantId, subject, arrival: 0 }));
        const key = ['tenantId', 'subject'] as const;
        await tx
          .createQueryBuilder(RateLimitEntity)
          .insert(rows)
          .onConflict([...key])
          .merge(['subject'])
          .execute('run');
        const found = await tx.find(
          RateLimitEntity,
          { tenantId, subject: { $in: ordered } },
          { orderBy: { subject: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true },
        );
        const stored = new Map(found.map(({ subject, arrival }) => [subject, arrival]));
        const before = subjects.map((subject) => stored.get(subject) ?? 0);
        const [clock] = await tx.execute<{ now: number | string }[]>(`select ${nowSql} as now`);
        const after = decide(before, Number(clock?.now));
        const changed = subjects.flatMap((subject, place) => {
          const arrival = after[place];
          return arrival === undefined || arrival === before[place] ? [] : [{ tenantId, subject, arrival }];
        });
        if (changed.length === 0) return;
        await tx
          .createQueryBuilder(RateLimitEntity)
          .insert(changed)
          .onConflict([...key])
          .merge(['arrival'])
          .execute('run');
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
