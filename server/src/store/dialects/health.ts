import type { Dialect } from './dialect.ts';

/** A setting of a database that a server relies on. `sql` answers one row with one column. */
export type HealthFact = {
  readonly check: string;
  readonly sql: string;
  readonly fit: (found: string) => boolean;
  readonly words: (found: string) => string;
  readonly advice: string;
};

export type Health = {
  /** The oldest version that the store suite was played on, or that has what it needs. */
  readonly oldestVersion: string;
  readonly facts: readonly HealthFact[];
};

const REPLICA_ADVICE = 'Point DATABASE_URL at the primary: a replica refuses writes, and answers from the past.';

const postgresql: Health = {
  oldestVersion: '15',
  facts: [
    {
      check: 'role',
      sql: "select case when pg_is_in_recovery() then 'replica' else 'primary' end",
      fit: (found) => found === 'primary',
      words: (found) => found,
      advice: REPLICA_ADVICE,
    },
    {
      check: 'durability',
      sql: "select concat('fsync=', current_setting('fsync'), ' synchronous_commit=', current_setting('synchronous_commit'))",
      fit: (found) => found.startsWith('fsync=on ') && !found.endsWith('=off'),
      words: (found) => found,
      advice:
        'Set fsync=on and synchronous_commit to anything but off: a crash would lose writes, revocations among them, that were acknowledged.',
    },
    {
      check: 'encoding',
      sql: "select current_setting('server_encoding')",
      fit: (found) => found === 'UTF8',
      words: (found) => found,
      advice: 'Make a new database with encoding UTF8, and take everything there by trust-layer copy.',
    },
    {
      check: 'tables',
      sql: "select case when has_schema_privilege(current_schema(), 'create') then 'may be made' else 'may not be made by this user' end",
      fit: (found) => found === 'may be made',
      words: (found) => `${found}`,
      advice:
        'Grant create on the schema to the user of DATABASE_URL; or run trust-layer migrate as another user, and set TRUST_MIGRATE=off.',
    },
    {
      check: 'connections',
      sql: `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - (select count(*)::int from pg_stat_activity where backend_type = 'client backend')`,
      fit: (found) => Number(found) >= 15,
      words: (found) => `${found} are free`,
      advice: 'Raise max_connections, or run fewer server processes: each opens up to 15.',
    },
  ],
};

const libsql: Health = {
  oldestVersion: '3.42',
  facts: [
    {
      check: 'durability',
      sql: "select (select journal_mode from pragma_journal_mode) || ' ' || (select synchronous from pragma_synchronous)",
      fit: (found) => found === 'wal 2',
      words: (found) => (found === 'wal 2' ? 'every commit is on disk' : `journal and synchronous are ${found}`),
      advice: 'Put the file on a disk of this machine: write-ahead logging does not work over a network.',
    },
    {
      check: 'file',
      sql: 'select integrity_check from pragma_integrity_check(1)',
      fit: (found) => found === 'ok',
      words: (found) => (found === 'ok' ? 'is whole' : 'is damaged'),
      advice: 'Restore the last backup: pages of the file do not fit each other.',
    },
  ],
};

// What is behind a libSQL server's protocol is its operator's: its journal and its files are not shown.
const libsqlServer: Health = { oldestVersion: '3.42', facts: [] };

const mysql: Health = {
  oldestVersion: '8.0',
  facts: [
    {
      check: 'role',
      sql: "select case when @@global.read_only then 'read-only' else 'primary' end",
      fit: (found) => found === 'primary',
      words: (found) => found,
      advice: REPLICA_ADVICE,
    },
    {
      check: 'durability',
      sql: 'select @@global.innodb_flush_log_at_trx_commit',
      fit: (found) => found === '1',
      words: (found) => `innodb_flush_log_at_trx_commit=${found}`,
      advice:
        'Set innodb_flush_log_at_trx_commit=1: a crash would lose writes, revocations among them, that were acknowledged.',
    },
    {
      check: 'connections',
      sql: 'select @@global.max_connections',
      fit: (found) => Number(found) >= 30,
      words: (found) => `at most ${found}`,
      advice: 'Raise max_connections: each server process opens up to 15.',
    },
  ],
};

const HEALTH: Readonly<Partial<Record<string, Health>>> = {
  libsql,
  libsql_server: libsqlServer,
  postgresql,
  mysql,
  mariadb: { ...mysql, oldestVersion: '10.11' },
};

/** What to look at; of a database that nothing is known of, its version and behaviour alone. */
export const healthOf = ({ name }: Dialect): Health => HEALTH[name] ?? { oldestVersion: '0', facts: [] };

/** Whether a version is at least another one, by its first two numbers. */
export function isAtLeast(version: string, oldest: string): boolean {
  const numbers = (text: string) =>
    text
      .split(/[.-]/)
      .slice(0, 2)
      .map((part) => Number.parseInt(part, 10) || 0);
  const [[major = 0, minor = 0], [oldMajor = 0, oldMinor = 0]] = [numbers(version), numbers(oldest)];
  return major > oldMajor || (major === oldMajor && minor >= oldMinor);
}
