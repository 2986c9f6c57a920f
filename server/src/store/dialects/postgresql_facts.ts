import { NamedLockEntity } from '../entities/named_lock.ts';
import { POSTGRESQL_MIGRATIONS } from '../migrations/postgresql/all.ts';
import type { ReserveSql } from '../room.ts';
import { deleteByKey, overwrite, updateFrom } from './common_sql.ts';
import type { Dialect } from './dialect.ts';

/** What speaks PostgreSQL's protocol at the other end, where it is not PostgreSQL itself: one of several servers that hold the same rows. */
export type PostgresqlEngine = 'cockroachdb' | 'yugabytedb' | undefined;

/** Tells it by `select version()`. */
export function engineOf(version: string): PostgresqlEngine {
  if (/cockroachdb/i.test(version)) return 'cockroachdb';
  return /-YB-|yugabyte/i.test(version) ? 'yugabytedb' : undefined;
}

// Serialization failure, deadlock.
const TRANSIENT = ['40001', '40P01'];

// The clock when the transaction began, which a statement outside any is itself: before it sees the database.
const BEGAN = 'floor(extract(epoch from now()) * 1000)::bigint';

const reserveSql: ReserveSql = {
  // Of several that make it at once, PostgreSQL refuses all but one.
  create: `do $$ begin create table if not exists {disk_reserve} (id integer primary key, filler bytea not null);
    exception when unique_violation or duplicate_table then null; end $$`,
  count: 'select count(*) as held from {disk_reserve}',
  insert: 'insert into {disk_reserve} (id, filler) values (?, ?) on conflict do nothing',
  drop: 'drop table if exists {disk_reserve}',
};

const postgresql: Dialect = {
  name: 'postgresql',
  folder: 'postgresql',
  versionSql: "select current_setting('server_version')",
  collation: 'C',
  lockSql: 'select pg_advisory_xact_lock(hashtextextended(?, 7061))',
  quote: (identifier) => `"${identifier}"`,
  overwriteSql: overwrite,
  lockRowsSql: 'for update',
  nowSql: '(extract(epoch from clock_timestamp()) * 1000)::bigint',
  beganSql: BEGAN,
  gapsSql: (columns) => `select ${BEGAN}, oldest, next, ${columns}
    from (select pg_snapshot_xmin(seen)::text::bigint oldest, pg_snapshot_xmax(seen)::text::bigint next from pg_current_snapshot() seen) writers
    left join (json_array_elements($1::json) asked(range) cross join lateral (select * from {change} change
      where position between (asked.range ->> 0)::bigint and (asked.range ->> 1)::bigint order by position limit $2) found) on true
    order by position limit $2`,
  list: (values) => values,
  anyOf: (parameter) => `= any($${parameter})`,
  each: (parameter) => `unnest($${parameter}::text[]) asked(value)`,
  // Before the first ANALYZE the planner takes every table for a small one and would read a whole tenant: LIMIT keeps it to the key.
  joinOne: (kind, table, alias, on) =>
    `${kind} join lateral (select * from ${table} ${alias} where ${on} limit 1) ${alias} on true`,
  updateBy: updateFrom,
  deleteSome: deleteByKey,
  continueCountSql: (table, column) =>
    `select setval(pg_get_serial_sequence('"${table}"', '${column}'), coalesce((select max("${column}") from "${table}"), 0) + 1, false)`,
  lanes: 2,
  isTransient: (code) => TRANSIENT.includes(code),
  migrations: POSTGRESQL_MIGRATIONS,
};

const TABLE_OF_LOCKS =
  'create table if not exists "named_lock" ("name" varchar(255) not null primary key, "taken" bigint not null)';

/**
 * Advisory locks are not there, or are stubs that lock nothing; numbers are given out in steps by each server, or are no sequence at all; and no
 * server knows the writers of the others. So a lock is a row, and rows of the feed take their positions one after the other, as on Galera.
 */
const distributed: Dialect = {
  ...postgresql,
  lockSql:
    'insert into {named_lock} (name, taken) values (?, 1) on conflict (name) do update set taken = named_lock.taken + 1',
  gapsSql: (columns) => `select ${BEGAN}, 0, 0, ${columns} from (select 1 one) one
    left join (json_array_elements($1::json) asked(range) cross join lateral (select * from {change} change
      where position between (asked.range ->> 0)::bigint and (asked.range ->> 1)::bigint order by position limit $2) found) on true
    order by position limit $2`,
  positionsSql: {
    take: `insert into {named_lock} (name, taken) select 'change feed', coalesce(max(position), 0) + ? from {change}
      on conflict (name) do update set taken = greatest(named_lock.taken + ?, excluded.taken)`,
    last: "select taken as position from {named_lock} where name = 'change feed'",
  },
  entities: [NamedLockEntity],
};

/** Of an engine and a schema, if there are such. `prepareSql` runs before the first migration, on any number of starters at once. */
export function postgresqlDialect(engine: PostgresqlEngine, schema: string | undefined): Dialect {
  // Without the right to make a schema, one that is there does as well.
  const makeSchema =
    engine === 'cockroachdb'
      ? `create schema if not exists "${schema}"`
      : `do $$ begin if to_regnamespace('${schema}') is null then create schema "${schema}"; end if; end $$`;
  const prepareSql = [...(schema === undefined ? [] : [makeSchema]), ...(engine === undefined ? [] : [TABLE_OF_LOCKS])];
  // One table says nothing of the disks of several servers.
  return {
    ...(engine === undefined ? { ...postgresql, reserveSql } : distributed),
    ...(prepareSql.length === 0 ? {} : { prepareSql }),
  };
}
