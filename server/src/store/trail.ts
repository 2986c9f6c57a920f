import type { AuditEvent } from '../features/audit/audit.ts';
import { factsText } from '../features/audit/chain.ts';
import type { Ending } from '../features/cascade/cascade.ts';
import type { Change, Trail } from '../features/change/change.ts';
import { carryOut } from './cascade.ts';
import type { Database } from './database.ts';
import type { Transaction } from './dialects/dialect.ts';
import { AuditEventEntity } from './entities/audit_event.ts';
import { MailEntity } from './entities/mail.ts';
import { inserting, say } from './say.ts';

const CHANGE_COLUMNS = ['tenant_id', 'kind', 'subject', 'version', 'epoch', 'ended'];

/** What a row of the feed says, in those columns. */
function changeCells(change: Change): readonly (string | number | boolean)[] {
  const { tenantId, kind, subject, version, epoch, ended } = changeFacts(change);
  return [tenantId, kind, subject, version, epoch, ended];
}

function changeFacts(change: Change) {
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

export type AppendEvents = (tx: Transaction, events: readonly AuditEvent[]) => Promise<void>;

export function eventAppender(database: Database): AppendEvents {
  const insert = inserting(database, AuditEventEntity);
  return (tx, events) =>
    insert(
      tx,
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
export function trailAppender(database: Database): AppendTrail {
  const { dialect, sql, tells } = database;
  const { positionsSql } = dialect;
  const columns = [...(positionsSql === undefined ? [] : ['position']), ...CHANGE_COLUMNS];
  const cells = `(${columns.map(() => '?').join(', ')}, ${dialect.nowSql})`;
  const insertSql = sql(`insert into {change} (${columns.join(', ')}, written_at) values ${cells}`);
  const appendEvents = eventAppender(database);
  const insertMails = inserting(database, MailEntity);

  /** Numbers for rows, where they must commit in the order of these. */
  const takePositions = async (tx: Transaction, count: number): Promise<readonly number[][]> => {
    if (positionsSql === undefined) return Array.from({ length: count }, () => []);
    const { take, last } = positionsSql;
    const taken = await say(tx, sql(take), [count, count]);
    const [row] = last === undefined ? taken.rows : (await say(tx, sql(last), [])).rows;
    return Array.from({ length: count }, (_, place) => [Number(row?.position) - count + 1 + place]);
  };
  const appendChanges = async (tx: Transaction, changes: readonly Change[]) => {
    const positions = await takePositions(tx, changes.length);
    const values = changes.flatMap((change, place) => [...(positions[place] ?? []), ...changeCells(change)]);
    if (changes.length === 1) await say(tx, insertSql, values);
    else await tx.execute(`${insertSql}${`, ${cells}`.repeat(changes.length - 1)}`, values, 'run');
    tells(tx, changes);
  };

  return async (tx, { changes: own, events, mails = [], ending }) => {
    const changes = ending === undefined ? own : [...own, ...(await carryOut(sql, tx, ending))];
    await appendEvents(tx, ending === undefined ? events : events.map(withEpoch(ending, changes)));
    await insertMails(
      tx,
      mails.map((mail) => ({ ...mail, dueAt: 0, attempts: 0 })),
    );
    // Last, for where positions are taken the others wait from then on.
    if (changes.length > 0) await appendChanges(tx, changes);
  };
}
