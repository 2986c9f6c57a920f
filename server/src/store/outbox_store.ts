import type { Mail } from '../features/mail/mail.ts';
import type { ClaimedMail, OutboxStore } from '../features/mail/store.ts';
import type { Database } from './database.ts';
import type { Row, Statement } from './dialects/dialect.ts';
import { MailEntity } from './entities/mail.ts';
import type { AppendTrail } from './trail.ts';

const COLUMNS = 'tenant_id, id, sealed, created_at, expires_at, attempts';

const LIST: Statement = {
  name: 'outbox',
  sql: `select ${COLUMNS} from {mail} where tenant_id = $1 order by id desc limit $2`,
};

function mailFrom([tenantId, id, sealed, createdAt, expiresAt]: Row): Mail {
  return {
    tenantId: String(tenantId),
    id: String(id),
    sealed: String(sealed),
    createdAt: Number(createdAt),
    expiresAt: Number(expiresAt),
  };
}

export function outboxStore(database: Database, appendTrail: AppendTrail): OutboxStore {
  const { nowSql } = database.dialect;
  const due: Statement = {
    name: 'mails due',
    sql: `select ${COLUMNS} from {mail} where due_at <= ${nowSql} order by due_at limit $1`,
  };
  // The count of claims is what makes one caller the winner: the row changes only while nobody has claimed it since it was read.
  const claim = `update {mail} set attempts = attempts + 1, due_at = ${nowSql} + ?
    where tenant_id = ? and id = ? and attempts = ? and due_at <= ${nowSql}`;
  const postpone = `update {mail} set due_at = ${nowSql} + ? where tenant_id = ? and id = ? and attempts = ?`;

  const change = async (sql: string, values: readonly unknown[]) =>
    database.write(async (tx) => {
      const { affectedRows } = await tx.execute<{ affectedRows: number }>(database.sql(sql), [...values], 'run');
      return affectedRows > 0;
    });

  return {
    queue: (trail) => database.write((tx) => appendTrail(tx, trail)),

    claim: async (limit, lease) => {
      const claimed: ClaimedMail[] = [];
      for (const row of await database.reader.rows(due, [limit])) {
        const mail = mailFrom(row);
        const attempts = Number(row[5]);
        if (await change(claim, [lease, mail.tenantId, mail.id, attempts])) {
          claimed.push({ ...mail, attempt: attempts + 1 });
        }
      }
      return claimed;
    },

    remove: ({ tenantId, id, attempt }, trail) =>
      database.write(async (tx) => {
        if ((await tx.nativeDelete(MailEntity, { tenantId, id, attempts: attempt })) === 0) return false;
        await appendTrail(tx, trail);
        return true;
      }),

    postpone: async ({ tenantId, id, attempt }, delay) => {
      await change(postpone, [delay, tenantId, id, attempt]);
    },

    list: async (tenantId, limit) => (await database.reader.rows(LIST, [tenantId, limit])).map(mailFrom),
  };
}
