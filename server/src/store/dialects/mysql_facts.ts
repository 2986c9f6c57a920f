import { NamedLockEntity } from '../entities/named_lock.ts';
import { MYSQL_MIGRATIONS } from '../migrations/mysql/all.ts';
import type { Dialect } from './dialect.ts';
import type { MysqlServer } from './mysql_server.ts';

// Deadlock (on Galera also a lost certification), a lock waited for in vain, a row changed since it was read (MariaDB).
const TRANSIENT = ['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD'];

// What the engines say besides, by number where the driver has no name for it: TiDB of write conflicts (8002, 8005, 8022, 9007) and of tables
// that changed meanwhile (8028); Vitess of a transaction that its tablet has ended.
const TRANSIENT_ON: Readonly<Record<string, readonly string[]>> = {
  tidb: ['ERRNO_8002', 'ERRNO_8005', 'ERRNO_8022', 'ERRNO_8028', 'ERRNO_9007'],
  vitess: ['ER_QUERY_INTERRUPTED'],
};

// The clock of the statement's start.
const NOW = "(timestampdiff(microsecond, '1970-01-01', utc_timestamp(3)) div 1000)";

type Lists = {
  /** The texts of a parameter as rows of `asked.value`, and the ranges of $1 as rows of `asked.low` and `asked.high`. */
  readonly texts: (parameter: number) => string;
  readonly ranges: string;
};

const JSON_TABLE: Lists = {
  texts: (parameter) =>
    `json_table($${parameter}, '$[*]' columns (value varchar(255) character set utf8mb4 path '$')) asked`,
  ranges: "json_table($1, '$[*]' columns (low bigint path '$[0]', high bigint path '$[1]')) asked",
};

/** Rows 0 to the length of a list, where there is no JSON_TABLE. */
const places = (
  parameter: number,
  columns: string,
) => `(with recursive place as (select 0 n where json_length($${parameter}) > 0
  union all select n + 1 from place where n + 1 < json_length($${parameter})) select ${columns} from place) asked`;
const RECURSIVE: Lists = {
  texts: (parameter) =>
    places(parameter, `cast(json_unquote(json_extract($${parameter}, concat('$[', n, ']'))) as char(255)) value`),
  ranges: places(
    1,
    `cast(json_extract($1, concat('$[', n, '][0]')) as signed) low, cast(json_extract($1, concat('$[', n, '][1]')) as signed) high`,
  ),
};

const inGaps = ({ ranges }: Lists) =>
  `${ranges} straight_join {change} c on c.position between asked.low and asked.high`;
const WRITERS = `select max(position) + 1 from {change} union all (select c.position from ${inGaps(JSON_TABLE)})`;

// Where several servers hold the rows, each numbers by its own steps, and a dirty read tells of its own writers at best. Taken under a lock that lasts until the end, numbers commit in their order.
const POSITIONS = {
  take: `insert into {named_lock} (name, taken) select 'change feed', coalesce(max(position), 0) + ? from {change}
    on duplicate key update taken = greatest(taken + ?, values(taken))`,
  last: "select taken position from {named_lock} where name = 'change feed'",
};

// MariaDB tells what it took in the same breath.
const positionsOf = ({ name }: MysqlServer) =>
  name === 'mariadb' ? { take: `${POSITIONS.take} returning taken position` } : POSITIONS;

const listsOf = ({ engine }: MysqlServer): Lists => (engine === 'tidb' ? RECURSIVE : JSON_TABLE);

export const mysqlDialect = (server: MysqlServer): Dialect => ({
  name: server.name,
  folder: 'mysql',
  versionSql: 'select version()',
  quote: (identifier) => `\`${identifier}\``,
  collation: 'utf8mb4_bin',
  // Keys are compared byte by byte, trailing spaces included, as no collation does that all versions have.
  textTypes: { short: 'varbinary(255)', long: 'mediumtext' },
  // A row, for GET_LOCK is neither undone with the transaction nor known to the other nodes of a cluster. The count makes it a change.
  lockSql: 'insert into {named_lock} (name, taken) values (?, 1) on duplicate key update taken = taken + 1',
  overwriteSql: (_key, column) => `on duplicate key update ${column} = values(${column})`,
  lockRowsSql: 'for update',
  nowSql: NOW,
  beganSql: NOW,
  gapsSql: (columns) => `select ${NOW}, 0, 0, ${columns} from (select 1 one) asked left join (
    select ${columns} from ${inGaps(listsOf(server))} order by c.position limit $2) found on true order by position`,
  ...(server.engine === undefined ? { writersSql: WRITERS } : { positionsSql: positionsOf(server) }),
  list: (values) => JSON.stringify(values),
  anyOf: (parameter) => `in (select value from ${listsOf(server).texts(parameter)})`,
  each: (parameter) => listsOf(server).texts(parameter),
  joinOne: (kind, table, alias, on) =>
    kind === 'left' ? `left join ${table} ${alias} on ${on}` : `straight_join ${table} ${alias} on ${on}`,
  updateBy: ({ table, columns, rows, set, where }) => {
    const first = columns.map((column) => `? ${column}`).join(', ');
    const more = `union all select ${columns.map(() => '?').join(', ')} `.repeat(rows - 1);
    return `update (select ${first} ${more}) given straight_join ${table} on ${where} set ${set}`;
  },
  deleteSome: (table, _key, where, order) => `delete from ${table} where ${where} order by ${order} limit ?`,
  lanes: 2,
  isTransient: (code) => TRANSIENT.includes(code) || TRANSIENT_ON[server.engine ?? '']?.includes(code) === true,
  entities: [NamedLockEntity],
  reserveSql: {
    create: 'create table if not exists {disk_reserve} (id integer primary key, filler longblob not null)',
    count: 'select count(*) as held from {disk_reserve}',
    insert: 'insert ignore into {disk_reserve} (id, filler) values (?, ?)',
    drop: 'drop table if exists {disk_reserve}',
  },
  stepwise: true,
  migrations: MYSQL_MIGRATIONS,
});
