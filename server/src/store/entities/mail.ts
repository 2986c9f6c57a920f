import { defineEntity, p } from '@mikro-orm/core';

/** Mails that wait to be sent. `dueAt` is when one may be claimed next: 0 for a new one, else by the database's clock. */
export const MailEntity = defineEntity({
  name: 'MailEntity',
  tableName: 'mail',
  indexes: [
    { name: 'mail_by_due', properties: ['dueAt'] },
    { name: 'mail_by_expiry', properties: ['expiresAt'] },
  ],
  properties: {
    tenantId: p.string().primary(),
    id: p.string().primary(),
    sealed: p.text(),
    createdAt: p.bigint('number'),
    expiresAt: p.bigint('number'),
    dueAt: p.bigint('number'),
    attempts: p.integer(),
  },
});
