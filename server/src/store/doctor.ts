import { TrustError } from '../errors/trust_error.ts';
import { type Database, openDatabase, undo } from './database.ts';
import { openDialect, type StoreLog, type Transaction } from './dialects/dialect.ts';
import { type Health, healthOf, isAtLeast } from './dialects/health.ts';
import type { Transport } from './dialects/transport.ts';
import { CopyProgressEntity } from './entities/copy_progress.ts';
import { codeOf, isUniqueViolation } from './fault.ts';
import { isUnfinishedCopy, schemaRefusal, schemaState } from './schema_state.ts';

/** What one look at a database found. Holds no value of a row, no password and no key. */
export type Finding = {
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do; only where it is not ok. */
  readonly advice?: string;
};

export type Examination = { readonly database: string; readonly findings: readonly Finding[] };

const quiet: StoreLog = () => {};

// An instant of one clock is compared with the other one's where the age of a row of the feed is judged: a margin of a minute is kept there.
const MOST_CLOCK_OFFSET_MS = 5_000;
const MOST_LATENCY_MS = 20;
const ROUND_TRIPS = 21;
/** As many reads and writes at once as a server makes. */
const AT_ONCE = 10;

/** Looks at everything that a server needs of its database, and changes nothing. */
export async function examineDatabase(
  databaseUrl: string,
  {
    clock = Date.now,
    reserveMb = 0,
  }: {
    /** That of this machine. */
    readonly clock?: () => number;
    /** What servers set aside on the disk, in MiB; 0 where they set nothing aside. */
    readonly reserveMb?: number;
  } = {},
): Promise<Examination> {
  let name = databaseUrl.slice(0, databaseUrl.indexOf(':'));
  const refused = (found: string, advice: string) => ({
    database: name,
    findings: [problem('connection', found, advice)],
  });
  let database: Database | undefined;
  try {
    const open = await openDialect(databaseUrl, quiet);
    name = open.dialect.name;
    if (open.exists?.() === false)
      return refused(
        'there is no such file yet',
        'trust-layer migrate makes it, and so does the first start of a server.',
      );
    database = await openDatabase(open, quiet);
    const [connection, ...others] = await examine(database, clock, reserveMb);
    const findings = connection === undefined ? [] : [connection, encryptionOf(open.transport), ...others];
    return { database: name, findings };
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    return refused(`it does not answer (${causeOf(error)})`, UNREACHABLE);
  } finally {
    await database?.close();
  }
}

const OPEN_TO_OTHERS = 'whoever is between reads what is stored, and may answer in the place of the database';
const CHECKED =
  'sslmode=verify-full in DATABASE_URL, with sslrootcert=FILE if the authority is your own (libsql:, https: or wss: for a libSQL server)';

/** Whether what is said to the database can be read or changed on its way. */
export function encryptionOf(transport: Transport): Finding {
  switch (transport) {
    case 'local':
      return ok('encryption', 'the database is on this machine');
    case 'checked':
      return ok('encryption', 'TLS, and the certificate is checked');
    case 'unchecked':
      return problem('encryption', `TLS with whatever certificate: ${OPEN_TO_OTHERS}`, `Say ${CHECKED}.`);
    case 'plain':
      return problem(
        'encryption',
        `plain text over a network: ${OPEN_TO_OTHERS}`,
        `Set up TLS there, and say ${CHECKED}.`,
      );
  }
}

const UNREACHABLE =
  'See that the database runs, that host, port, name and user in DATABASE_URL are right, and that this machine may reach it.';

const ok = (check: string, found: string): Finding => ({ check, ok: true, found });
const problem = (check: string, found: string, advice: string): Finding => ({ check, ok: false, found, advice });

function causeOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message : message;
}

async function examine(database: Database, clock: () => number, reserveMb: number): Promise<readonly Finding[]> {
  const { dialect, reader } = database;
  const [[version] = []] = await reader.rows({ name: 'version', sql: dialect.versionSql }, []);
  const health = healthOf(dialect);
  const findings = [ok('connection', `${dialect.name} answers`), versionOf(health, String(version))];
  for (const fact of health.facts) {
    const found = await cellOf(database, fact.check, fact.sql);
    findings.push(
      fact.fit(found) ? ok(fact.check, fact.words(found)) : problem(fact.check, fact.words(found), fact.advice),
    );
  }
  findings.push(await clockOf(database, clock), await latencyOf(database));
  const migrations = await migrationsOf(database);
  findings.push(migrations);
  const { pending } = await schemaState(database);
  if (pending.length > 0) return findings;
  const permissions = await permissionsOf(database);
  findings.push(permissions);
  if (permissions.ok) findings.push(await collationOf(database), await poolOf(database));
  findings.push(await roomOf(database, reserveMb));
  return findings;
}

async function cellOf(database: Database, check: string, sql: string): Promise<string> {
  const [[value] = []] = await database.reader.rows({ name: `health ${check}`, sql }, []);
  return String(value);
}

function versionOf({ oldestVersion }: Health, version: string): Finding {
  if (isAtLeast(version, oldestVersion)) return ok('version', version);
  return problem('version', version, `Upgrade to ${oldestVersion} or later, the oldest that the store was tested on.`);
}

async function clockOf({ dialect, reader }: Database, clock: () => number): Promise<Finding> {
  let best = { trip: Number.POSITIVE_INFINITY, offset: 0 };
  for (let time = 0; time < 5; time++) {
    const before = clock();
    const begun = performance.now();
    const [[there] = []] = await reader.rows({ name: 'health clock', sql: `select ${dialect.nowSql}` }, []);
    const trip = performance.now() - begun;
    if (trip < best.trip) best = { trip, offset: Math.round(Number(there) - before - trip / 2) };
  }
  const found = `${Math.abs(best.offset)} ms ${best.offset < 0 ? 'behind' : 'ahead of'} this machine, give or take ${Math.ceil(best.trip / 2)} ms`;
  if (Math.abs(best.offset) <= MOST_CLOCK_OFFSET_MS) return ok('clock', found);
  return problem(
    'clock',
    found,
    'Set the clocks of both machines by NTP: sessions expire by this one, and the change feed is kept by that one.',
  );
}

async function latencyOf({ dialect, reader }: Database): Promise<Finding> {
  const trips: number[] = [];
  for (let time = 0; time < ROUND_TRIPS; time++) {
    const begun = performance.now();
    await reader.rows({ name: 'version', sql: dialect.versionSql }, []);
    trips.push(performance.now() - begun);
  }
  trips.sort((a, b) => a - b);
  const [median = 0, most = 0] = [trips[ROUND_TRIPS >> 1], trips.at(-1)];
  const found = `${median.toFixed(1)} ms for a read, at most ${most.toFixed(1)} ms of ${ROUND_TRIPS}`;
  if (median <= MOST_LATENCY_MS) return ok('latency', found);
  return problem(
    'latency',
    found,
    'Run the servers in the network of the database: a Verify that is not cached takes one such trip, and a sign-in several.',
  );
}

async function migrationsOf(database: Database): Promise<Finding> {
  const state = await schemaState(database);
  const refusal = schemaRefusal(
    state,
    database.dialect.migrations.map(({ name }) => name),
    true,
  );
  const last = state.applied.at(-1) ?? 'no tables yet';
  if (refusal !== undefined) return problem('migrations', last, refusal);
  if (state.pending.length > 0) {
    const advice = `Run trust-layer migrate (--plan shows its SQL), or start a server without TRUST_MIGRATE=off. To come: ${state.pending.join(', ')}.`;
    return problem('migrations', last, advice);
  }
  if (await isUnfinishedCopy(database))
    return problem(
      'migrations',
      `${last}, and a copy that has not ended`,
      'End it with trust-layer copy --resume, or begin it anew with --overwrite.',
    );
  return ok(
    'migrations',
    state.unknown.length === 0 ? last : `${last}, which is newer than this version, and can be served by it`,
  );
}

/** Says every kind of statement about every table in a form that changes no row. */
async function permissionsOf(database: Database): Promise<Finding> {
  const { quote } = database.dialect;
  const refused: string[] = [];
  const tables = [...database.orm.getMetadata().getAll().values()];
  for (const { tableName, props } of tables) {
    const columns = props.flatMap(({ fieldNames }) => fieldNames.map(quote));
    const [table, column, all] = [quote(tableName), columns[0], columns.join(', ')];
    const statements = {
      select: `select ${column} from ${table} where 1 = 0`,
      insert: `insert into ${table} (${all}) select ${all} from ${table} where 1 = 0`,
      update: `update ${table} set ${column} = ${column} where 1 = 0`,
      delete: `delete from ${table} where 1 = 0`,
    };
    for (const [kind, sql] of Object.entries(statements)) {
      const code = await database
        .write((tx) => tx.execute(sql))
        .then(
          () => undefined,
          (error: unknown) => codeOf((error as Error).cause ?? error),
        );
      if (code !== undefined) refused.push(`${kind} on ${tableName} (${code})`);
    }
  }
  if (refused.length === 0) return ok('permissions', `select, insert, update and delete on ${tables.length} tables`);
  return problem(
    'permissions',
    `refused: ${refused.join(', ')}`,
    'Grant the user of DATABASE_URL select, insert, update and delete on these tables, and see that the disk is not full or read-only.',
  );
}

/** Ids that differ must not be taken for each other, and lists are read in the order of bytes. */
async function collationOf(database: Database): Promise<Finding> {
  const texts = ['A', 'B', 'a', 'b', 'e', 'é'];
  const insert = async (tx: Transaction) => {
    await tx.insertMany(
      CopyProgressEntity,
      texts.map((source) => ({ source, progress: '' })),
    );
    const rows = await tx.find(
      CopyProgressEntity,
      { source: { $in: texts } },
      { orderBy: { source: 'asc' }, disableIdentityMap: true },
    );
    return undo(rows.map(({ source }) => source).join(' '));
  };
  const found = await database.write<string>(async (tx) => {
    try {
      return await insert(tx);
    } catch (error) {
      return isUniqueViolation(error) ? undo('takes different texts for the same') : Promise.reject(error);
    }
  });
  if (found === texts.join(' ')) return ok('collation', 'by bytes');
  return problem(
    'collation',
    found,
    'The text columns have another collation than the migrations gave them: restore it, or copy to a new database by trust-layer copy.',
  );
}

async function poolOf(database: Database): Promise<Finding> {
  const { dialect, reader } = database;
  const table = database.sql('{copy_progress}');
  const reads = Array.from({ length: AT_ONCE }, () => reader.rows({ name: 'version', sql: dialect.versionSql }, []));
  const writes = Array.from({ length: AT_ONCE }, () =>
    database.write((tx) => tx.execute(`delete from ${table} where 1 = 0`)),
  );
  const failed = (await Promise.allSettled([...reads, ...writes])).filter(({ status }) => status === 'rejected');
  if (failed.length === 0) return ok('pool', `${AT_ONCE} reads and ${AT_ONCE} writes at once`);
  const [first] = failed as PromiseRejectedResult[];
  return problem(
    'pool',
    `${failed.length} of ${2 * AT_ONCE} statements at once failed (${causeOf(first?.reason)})`,
    'Let the database take more connections, or run fewer server processes: each opens about 15.',
  );
}

/** Whether sessions can be ended when the disk is full. */
async function roomOf(database: Database, reserveMb: number): Promise<Finding> {
  const check = 'room on a full disk';
  if (reserveMb === 0) return ok(check, 'none is set aside (TRUST_DB_RESERVE_MB=0)');
  // What cannot be looked at is not relied on.
  const held = await database.hasRoomAside(reserveMb * 2 ** 20).catch(() => false);
  if (held === undefined) return ok(check, 'none can be set aside in this database');
  if (held) return ok(check, `${reserveMb} MB are set aside for what ends sessions and rights`);
  const [[keys] = []] = await database.reader.rows(
    { name: 'health served', sql: 'select count(*) from {signing_key}' },
    [],
  );
  if (Number(keys) === 0) return ok(check, `none yet; a server sets ${reserveMb} MB aside when it starts`);
  return problem(
    check,
    `the ${reserveMb} MB that servers set aside are not there`,
    'If a server runs, the disk is full or was a moment ago: give it room, and it is set aside again within 30 s. Otherwise the next start does it.',
  );
}
