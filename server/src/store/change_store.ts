import type { Change } from '../features/change/change.ts';
import type { ChangeStore, FeedRow } from '../features/change/store.ts';
import type { Database } from './database.ts';
import type { Row, Statement } from './dialects/dialect.ts';

const COLUMNS = 'position, tenant_id, kind, subject, version, epoch, ended';

type ChangeCells = readonly [number, string, Change['kind'], string, number, number, number | boolean];

function changeFrom([, tenantId, kind, subject, version, epoch, ended]: ChangeCells): Change {
  switch (kind) {
    case 'session':
      return { tenantId, kind, handle: subject, version, revoked: Boolean(ended) };
    case 'identity':
      return { tenantId, kind, identityId: subject, epoch, version };
    case 'signing_key':
      return { tenantId, kind, kid: subject, retired: Boolean(ended) };
    case 'service':
      return { tenantId, kind, service: subject };
    case 'organisation': {
      const [organisationId = '', identityId = ''] = subject.split(' ');
      return { tenantId, kind, organisationId, identityId, version };
    }
    case 'tenant':
      return { tenantId, kind, version };
  }
}

function feedRowFrom(row: Row): FeedRow {
  const cells = row as ChangeCells;
  return { position: cells[0], change: changeFrom(cells) };
}

/** The rows behind `facts` leading columns; a row without a position has these alone. */
function feedRowsFrom(rows: readonly Row[], facts: number): readonly FeedRow[] {
  return rows.filter((row) => row[facts] !== null).map((row) => feedRowFrom(row.slice(facts)));
}

/**
 * Writers numbered by the positions that they took: those that a dirty read saw and a clean one after it did not. A position that neither saw was
 * given up, or its INSERT is under way still; that one is committed within the bound of transactions or not at all.
 */
function underWay(seen: readonly Row[], committed: readonly FeedRow[]): { oldest: number; next: number } {
  const next = Number(seen[0]?.[0] ?? 0);
  const done = new Set(committed.map(({ position }) => position));
  const open = seen.slice(1).flatMap(([position]) => (done.has(Number(position)) ? [] : [Number(position)]));
  return { oldest: Math.min(next, ...open), next };
}

export function changeStore(database: Database): ChangeStore {
  const { dialect, reader } = database;
  const { nowSql, beganSql, gapsSql, writersSql } = dialect;
  // One row at least, for its clock.
  const after: Statement = {
    name: 'changes_after',
    sql: `select ${beganSql}, ${COLUMNS} from (select 1 one) asked left join (
      select ${COLUMNS} from {change} where position > $1 order by position limit $2) found on true order by position`,
  };
  const gapsStatement = { name: 'changes_gaps', sql: gapsSql(COLUMNS) };
  const writersStatement =
    writersSql === undefined ? undefined : { name: 'changes_writers', sql: writersSql, uncommitted: true };
  const pruneSql = database.sql(dialect.deleteSome('{change}', 'position', `written_at < ${nowSql} - ?`, 'written_at'));
  const before = {
    name: 'changes_before',
    sql: `select position from {change} where written_at < ${nowSql} - $1 order by written_at desc limit 1`,
  };
  const recent = {
    name: 'changes_recent',
    sql: `select ${COLUMNS} from {change} where position > $1 and tenant_id = $2 and written_at >= ${nowSql} - $3
      order by position limit $4`,
  };
  return {
    readAfter: async (position, limit) => {
      const rows = await reader.rows(after, [position, limit]);
      return { databaseTime: Number(rows[0]?.[0]), rows: feedRowsFrom(rows, 1) };
    },

    readGaps: async (gaps, limit) => {
      const ranges = JSON.stringify(gaps.map(({ from, to }) => [from, to]));
      // Writers first: one that had not committed by then may have ended when the rows are read, never the other way round.
      const writers = writersStatement === undefined ? undefined : await reader.rows(writersStatement, [ranges]);
      const rows = await reader.rows(gapsStatement, [ranges, limit]);
      const [[databaseTime, oldest, next] = []] = rows;
      const found = feedRowsFrom(rows, 3);
      const byServer = { oldest: Number(oldest), next: Number(next) };
      return {
        databaseTime: Number(databaseTime),
        rows: found,
        ...(writers === undefined ? byServer : underWay(writers, found)),
      };
    },

    positionBefore: async (age) => Number((await reader.rows(before, [age]))[0]?.[0] ?? 0),

    readRecent: async (tenantId, age, position, limit) =>
      (await reader.rows(recent, [position, tenantId, age, limit])).map(feedRowFrom),

    prune: (age, limit) =>
      database.write(async (tx) => {
        const { affectedRows } = await tx.execute<{ affectedRows: number }>(pruneSql, [age, limit], 'run');
        return affectedRows;
      }),

    listen: database.listen,
  };
}
