import { defineEntity, p } from '@mikro-orm/core';

/** Rows that transactions lock, where a database has no named locks that end with a transaction. */
export const NamedLockEntity = defineEntity({
  name: 'NamedLockEntity',
  tableName: 'named_lock',
  properties: {
    name: p.string().primary(),
    taken: p.bigint('number'),
  },
});
