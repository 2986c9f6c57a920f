// A database with as many sessions as an operator of a large site has, settled as it would be there.
import { copyTables } from '../server/src/store/copy/copy_table.ts';
import { type Database, openDatabase } from '../server/src/store/database.ts';
import { openDialect } from '../server/src/store/dialects/dialect.ts';
import { SessionEntity } from '../server/src/store/entities/session.ts';
import { addIdentities, TENANT } from './fill.ts';

/** 32 hexadecimal digits that differ from row to row, as each database makes them. */
const RANDOM: Readonly<Record<string, string>> = {
  libsql: 'lower(hex(randomblob(16)))',
  postgresql: "replace(gen_random_uuid()::text, '-', '')",
  mysql: 'left(sha2(uuid(), 256), 32)',
  mariadb: 'left(sha2(concat(uuid(), rand()), 256), 32)',
};

/** The id of one of so many identities. */
const SOMEBODY: Readonly<Record<string, (count: number) => string>> = {
  libsql: (count) => `'idn_' || printf('%032x', abs(random()) % ${count})`,
  postgresql: (count) => `'idn_' || lpad(to_hex(floor(random() * ${count})::int), 32, '0')`,
  mysql: (count) => `concat('idn_', lpad(lower(hex(floor(rand() * ${count}))), 32, '0'))`,
};

/** What an operator's database does by and by: it counts its rows, writes down what it has, and keeps what is read often in memory. */
const SETTLE: Readonly<Record<string, readonly string[]>> = {
  libsql: ['analyze', 'pragma wal_checkpoint(truncate)'],
  postgresql: ['vacuum (analyze)', 'checkpoint'],
  mysql: ['set global innodb_buffer_pool_size = 1073741824', 'analyze table {session}, {identity}'],
};

export async function settle(databaseUrl: string): Promise<void> {
  const database = await openDatabase(await openDialect(databaseUrl, () => {}), () => {});
  try {
    const { dialect, orm, sql } = database;
    for (const text of SETTLE[dialect.folder] ?? []) await orm.em.getConnection().execute(sql(text), [], 'run');
    for (const text of ['max(label) from {session}', 'max(digest) from {session}', 'max(metadata) from {identity}'])
      await orm.em.getConnection().execute(sql(`select ${text}`));
  } finally {
    await database.close();
  }
}

const concat = ({ dialect }: Database, ...parts: string[]) =>
  dialect.name.startsWith('m') ? `concat(${parts.join(', ')})` : parts.join(' || ');

const SESSIONS_OF_AN_IDENTITY = 5;

/** Doubles the sessions until there are so many, and adds a fifth as many identities, to whom they belong at random. */
export async function grow(databaseUrl: string, count: number): Promise<void> {
  const database = await openDatabase(await openDialect(databaseUrl, () => {}), () => {});
  const say = (sql: string) => database.write((tx) => tx.execute(database.sql(sql)));
  try {
    let have = await database.read((em) => em.count(SessionEntity));
    const identities = count / SESSIONS_OF_AN_IDENTITY;
    const random = RANDOM[database.dialect.name] ?? '';
    const [table] = copyTables(database.orm).filter(({ name }) => name === 'session');
    const columns = (table?.columns ?? []).map(({ name }) => name);
    const values = columns.map((name) => {
      if (name === 'handle') return concat(database, "'ses_'", random);
      if (name === 'identity_id') return SOMEBODY[database.dialect.folder]?.(identities) ?? name;
      return name === 'digest' ? concat(database, random, random) : name;
    });
    await addIdentities(database, Math.ceil(have / SESSIONS_OF_AN_IDENTITY), identities);
    for (; have < count; ) {
      // Small steps, for a statement lasts at most 5 s.
      const step = Math.min(have, count - have, 5_000);
      await say(
        `insert into {session} (${columns.join(', ')}) select ${values.join(', ')} from {session} limit ${step}`,
      );
      have += step;
    }
  } finally {
    await database.close();
  }
}

/** Digests from all over the table. */
export async function sample(databaseUrl: string): Promise<readonly string[]> {
  const database = await openDatabase(await openDialect(databaseUrl, () => {}), () => {});
  try {
    const found: string[] = [];
    // In the order of digests, which is none of any other.
    for (let prefix = 0; prefix < 256; prefix++) {
      const low = prefix.toString(16).padStart(2, '0');
      const sql = `select digest from {session} where tenant_id = $1 and digest > $2 order by digest limit 128`;
      const rows = await database.reader.rows({ name: 'sample', sql }, [TENANT, low]);
      found.push(...rows.map(([digest]) => String(digest)));
    }
    return found.sort(() => Math.random() - 0.5);
  } finally {
    await database.close();
  }
}
