import type { ChainedEvent, StoredEvent } from '../features/audit/chain.ts';
import type { Checkpoint, CheckpointKind } from '../features/audit/checkpoint.ts';
import type { ChainStore } from '../features/audit/store.ts';
import { type Database, lock } from './database.ts';
import type { Row, Transaction } from './dialects/dialect.ts';
import { AuditCheckpointEntity, AuditEventEntity, type AuditEventRow } from './entities/audit_event.ts';

const PLAIN = { disableIdentityMap: true } as const;
const LOCK = 'audit chain';
/** Checkpoints that sealing is given: more than it needs, for some may be damaged. */
const NEWEST = 16;
/** Those that cutting is given: the cut before and the end of the next piece. */
const OLDEST = 2;
/** Events that a piece of the chain may have; the longest that is sealed has 328. */
const LONGEST_PIECE = 1_000;
const OLD_EVENTS = 1_000;

const EVENT_COLUMNS = 'tenant_id, id, at, action, actor, identity_id, subject, facts, seq, hash';

const storedFrom = ({ tenantId, id, at, action, actor, identityId, subject, facts }: AuditEventRow): StoredEvent => ({
  tenantId,
  id,
  at,
  action,
  actor,
  identityId,
  subject,
  facts,
});

const chainedFrom = (row: AuditEventRow): ChainedEvent => ({
  ...storedFrom(row),
  seq: row.seq ?? 0,
  hash: row.hash ?? '',
});

function chainedFromCells(cells: Row): ChainedEvent {
  const [tenantId = '', id = '', at, action = '', actor = '', identityId = '', subject = '', facts = '', seq, hash] =
    cells;
  const text = { tenantId, id, action, actor, identityId, subject, facts, hash: hash ?? '' };
  const strings = Object.fromEntries(Object.entries(text).map(([name, value]) => [name, String(value)]));
  return { ...(strings as Record<keyof typeof text, string>), at: Number(at), seq: Number(seq) };
}

const checkpointFrom = (row: { tenantId: string; kind: string; seq: number; token: string }): Checkpoint => ({
  tenantId: row.tenantId,
  kind: row.kind as CheckpointKind,
  seq: row.seq,
  token: row.token,
});

export function chainStore(database: Database): ChainStore {
  const { dialect, reader } = database;
  const chained = {
    name: 'audit_chained',
    sql: `select ${EVENT_COLUMNS} from {audit_event} where seq >= $1 and (seq > $1 or tenant_id > $2)
      order by seq, tenant_id, at, id limit $3`,
  };
  const unchained = {
    name: 'audit_unchained',
    sql: 'select count(*), min(at) from {audit_event} where seq is null',
  };
  const anyUnchained = { name: 'audit_any_unchained', sql: 'select 1 from {audit_event} where seq is null limit 1' };
  const old = {
    name: 'audit_old',
    sql: 'select distinct tenant_id from (select tenant_id from {audit_event} where at < $1 order by at limit $2) found',
  };

  const checkpointsOf = async (tx: Transaction, tenantId: string, order: 'asc' | 'desc', limit: number) => {
    const options = { ...PLAIN, orderBy: { seq: order, kind: order }, limit } as const;
    return (await tx.find(AuditCheckpointEntity, { tenantId }, options)).map(checkpointFrom);
  };

  async function place(
    tx: Transaction,
    events: readonly StoredEvent[],
    places: readonly { seq: number; hash: string }[],
  ) {
    const sql = dialect.updateBy({
      table: '{audit_event} as placed',
      columns: ['given_tenant_id', 'given_id', 'given_seq', 'given_hash'],
      rows: events.length,
      set: 'seq = given_seq, hash = given_hash',
      where: 'placed.tenant_id = given_tenant_id and placed.id = given_id',
    });
    const values = events.flatMap(({ tenantId, id }, at) => [tenantId, id, places[at]?.seq, places[at]?.hash]);
    await tx.execute(database.sql(sql), values, 'run');
  }

  return {
    seal: async (limit, seal) => {
      if ((await reader.rows(anyUnchained, [])).length === 0) return 0;
      return await database.write(async (tx) => {
        await lock(database, tx, LOCK);
        const order = { orderBy: { seq: 'asc', tenantId: 'asc', at: 'asc', id: 'asc' } } as const;
        const rows = (await tx.find(AuditEventEntity, { seq: null }, { ...PLAIN, ...order, limit })).map(storedFrom);
        for (const [tenantId, events] of Map.groupBy(rows, (row) => row.tenantId)) {
          const newest = await checkpointsOf(tx, tenantId, 'desc', NEWEST);
          const { places, checkpoint, superseded } = seal(tenantId, newest, events);
          await place(tx, events, places);
          if (superseded !== undefined) {
            const { kind, seq } = superseded;
            await tx.nativeDelete(AuditCheckpointEntity, { tenantId, kind, seq });
          }
          await tx.insert(AuditCheckpointEntity, checkpoint);
        }
        return rows.length;
      });
    },

    cut: async (before, cut) => {
      const tenants = (await reader.rows(old, [before, OLD_EVENTS])).map(([tenantId]) => String(tenantId));
      let gone = 0;
      for (const tenantId of tenants) {
        gone += await database.write(async (tx) => {
          await lock(database, tx, LOCK);
          const checkpoints = await checkpointsOf(tx, tenantId, 'asc', OLDEST);
          const from = checkpoints.find(({ kind }) => kind === 'cut')?.seq ?? 0;
          const many = Math.min(LONGEST_PIECE, (checkpoints.at(-1)?.seq ?? 0) - from);
          // Place by place: of a range SQLite would read every event of the tenant.
          const places = Array.from({ length: Math.max(0, many) }, (_, place) => from + 1 + place);
          const order = { orderBy: { seq: 'asc' } } as const;
          const rows = await tx.find(AuditEventEntity, { tenantId, seq: { $in: places } }, { ...PLAIN, ...order });
          const made = cut(checkpoints, rows.map(chainedFrom));
          if (made === undefined) return 0;
          await tx.nativeDelete(AuditCheckpointEntity, { tenantId, seq: { $lte: made.seq } });
          await tx.insert(AuditCheckpointEntity, made);
          return await tx.nativeDelete(AuditEventEntity, {
            tenantId,
            seq: { $in: places.filter((n) => n <= made.seq) },
          });
        });
      }
      return gone;
    },

    checkpoints: (tenantId, after, limit) =>
      database.read(async (em) => {
        const order = { orderBy: { tenantId: 'asc', seq: 'asc', kind: 'asc' }, limit } as const;
        const later = after && {
          tenantId: { $gte: after.tenantId },
          $or: [
            { tenantId: { $gt: after.tenantId } },
            { seq: { $gt: after.seq } },
            { seq: after.seq, kind: { $gt: after.kind } },
          ],
        };
        const only = tenantId === undefined ? [] : [{ tenantId }];
        const where = { $and: [...only, ...(later ? [later] : [])] };
        return (await em.find(AuditCheckpointEntity, where, { ...PLAIN, ...order })).map(checkpointFrom);
      }),

    chained: async (after, limit) => {
      const rows = (await reader.rows(chained, [after.seq, after.tenantId, limit])).map(chainedFromCells);
      const last = rows.at(-1);
      if (last === undefined || rows.length < limit) return rows;
      // More of the last place may follow: it comes with the next page, whole.
      const whole = rows.filter(({ seq, tenantId }) => seq !== last.seq || tenantId !== last.tenantId);
      return whole.length > 0 ? whole : rows;
    },

    unchained: async () => {
      const [[events, oldest] = []] = await reader.rows(unchained, []);
      return { events: Number(events), oldest: oldest === null ? undefined : Number(oldest) };
    },
  };
}
