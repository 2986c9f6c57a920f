import type { Dialect } from './dialect.ts';

// What SQLite and PostgreSQL say in the same words.

export const updateFrom: Dialect['updateBy'] = ({ table, columns, rows, set, where }) => {
  const row = `(${columns.map(() => '?').join(', ')})`;
  return `with given (${columns.join(', ')}) as (values ${Array(rows).fill(row).join(', ')})
    update ${table} set ${set} from given where ${where}`;
};

export const deleteByKey: Dialect['deleteSome'] = (table, key, where, order) =>
  `delete from ${table} where ${key} in (select ${key} from ${table} where ${where} order by ${order} limit ?)`;

export const overwrite: Dialect['overwriteSql'] = (key, column) =>
  `on conflict (${key.join(', ')}) do update set ${column} = excluded.${column}`;
