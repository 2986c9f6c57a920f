import { LIBSQL_MIGRATIONS } from '../migrations/libsql/all.ts';
import { deleteByKey, overwrite, updateFrom } from './common_sql.ts';
import type { Dialect } from './dialect.ts';

// The last two are a server's: another transaction was in the way, and this one is undone.
const TRANSIENT = ['SQLITE_BUSY', 'SQLITE_LOCKED', 'TRANSACTION_BUSY', 'TRANSACTION_TIMEOUT'];

// SQLite asks its clock once a statement, at its start.
const NOW = "cast(unixepoch('subsec') * 1000 as integer)";

/** A file, or a server of such files. */
export const libsqlDialect = (name: 'libsql' | 'libsql_server'): Dialect => ({
  name,
  folder: 'libsql',
  alone: name === 'libsql',
  versionSql: 'select sqlite_version()',
  quote: (identifier) => `"${identifier}"`,
  overwriteSql: overwrite,
  lockRowsSql: '',
  nowSql: NOW,
  beganSql: NOW,
  // Writers exclude each other, so rows commit in the order of their positions.
  gapsSql: (
    columns,
  ) => `select ${NOW}, 0, 0, ${columns} from (select 1) left join (select ${columns} from json_each($1) asked cross join {change} change
    on position between asked.value ->> 0 and asked.value ->> 1 order by position limit $2) on true order by position`,
  list: (values) => JSON.stringify(values),
  anyOf: (parameter) => `in (select value from json_each($${parameter}))`,
  each: (parameter) => `json_each($${parameter}) asked`,
  // SQLite keeps the order of tables that CROSS JOIN names.
  joinOne: (kind, table, alias, on) => `${kind === 'left' ? 'left' : 'cross'} join ${table} ${alias} on ${on}`,
  updateBy: updateFrom,
  deleteSome: deleteByKey,
  lanes: name === 'libsql' ? 1 : 2,
  isTransient: (code) => TRANSIENT.some((known) => code.startsWith(known)),
  migrations: LIBSQL_MIGRATIONS,
});
