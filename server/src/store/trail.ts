import type { AuditEvent } from '../features/audit/audit.ts';
import { factsText } from '../features/audit/chain.ts';
import type { Ending } from '../features/cascade/cascade.ts';
import type { Change, Trail } from '../features/change/change.ts';
import { carryOut } from './cascade.ts';
import type { Database } from './database.ts';
import type { Transaction } from './dialects/dialect.ts';
import { AuditEventEntity } from './entities/audit_event.ts';
import { MailEntity } from './entities/mail.ts';

/** What a row of the feed says, in the columns of its table. */
export function changeColumns(change: Change) {
  const none = { tenantId: change.tenantId, kind: change.kind, subject: '', version: 0, epoch: 0, ended: false };
  switch (change.kind) {
    case 'session':
      return { ...none, subject: change.handle, version: change.version, ended: change.revoked };
    case 'identity':
      return { ...none, subject: change.identityId, version: change.version, epoch: change.epoch };
    case 'signing_key':
      return { ...none, subject: change.kid, ended: change.retired };
    case 'service':
      return { ...none, subject: change.service };
    case 'organisation': {
      const subject = [change.organisationId, change.identityId].join(' ').trimEnd();
      return { ...none, subject, version: change.version };
    }
    case 'tenant':
      return { ...none, version: change.version };
  }
}

export async function appendEvents(tx: Transaction, events: readonly AuditEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.insertMany(
    AuditEventEntity,
    events.map((event) => ({ ...event, facts: factsText(event.facts) })),
  );
}

/** An event of the identity whose epoch its act has raised says so: sessions of older epochs ended by it. */
const withEpoch = (ending: Ending, changes: readonly Change[]) => (event: AuditEvent) => {
  const { tenantId, identityId } = ending;
  const raised = changes.find((change) => change.kind === 'identity' && change.identityId === identityId);
  if (raised?.kind !== 'identity' || event.identityId !== identityId || event.tenantId !== tenantId) return event;
  return { ...event, facts: { ...event.facts, epoch: String(raised.epoch) } };
};

/** Appends what a write tells, in its own transaction. */
export type AppendTrail = (tx: Transaction, trail: Trail) => Promise<void>;

/** Carries out what the write ends. Rows of the feed are stamped by the database's own clock, and told of once the transaction that writes them is committed. */
export function trailAppender({ dialect, sql, tells }: Pick<Database, 'dialect' | 'sql' | 'tells'>): AppendTrail {
  const table = sql('{change}');
  const cells = `(?, ?, ?, ?, ?, ?, ${dialect.nowSql})`;
  const { positionsSql } = dialect;
  const firstPosition = async (tx: Transaction, count: number): Promise<number | undefined> => {
    if (positionsSql === undefined) return undefined;
    await tx.execute(sql(positionsSql.take), [count, count], 'run');
    const [row] = await tx.execute<{ position: number }[]>(sql(positionsSql.last));
    return Number(row?.position) - count + 1;
  };
  return async (tx, { changes: own, events, mails = [], ending }) => {
    const changes = ending === undefined ? own : [...own, ...(await carryOut(sql, tx, ending))];
    if (changes.length > 0) {
      const rows = changes.map(changeColumns);
      const first = await firstPosition(tx, rows.length);
      await tx.execute(
        `insert into ${table} (${first === undefined ? '' : 'position, '}tenant_id, kind, subject, version, epoch, ended, written_at)
         values ${rows.map((_, place) => (first === undefined ? cells : `(${first + place}, ${cells.slice(1)}`)).join(', ')}`,
        rows.flatMap(({ tenantId, kind, subject, version, epoch, ended }) => {
          return [tenantId, kind, subject, version, epoch, ended];
        }),
        'run',
      );
      tells(tx, changes);
    }
    await appendEvents(tx, ending === undefined ? events : events.map(withEpoch(ending, changes)));
    if (mails.length > 0) {
      await tx.insertMany(
        MailEntity,
        mails.map((mail) => ({ ...mail, dueAt: 0, attempts: 0 })),
      );
    }
  };
}
