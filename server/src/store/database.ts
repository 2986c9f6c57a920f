import { setTimeout as sleep } from 'node:timers/promises';
import { type AbstractSqlDriver, MikroORM, type SqlEntityManager } from '@mikro-orm/sql';
import type { Change } from '../features/change/change.ts';
import type { Listening } from '../features/change/store.ts';
import type { Dialect, OpenDialect, Reader, Statement, StoreLog, Transaction } from './dialects/dialect.ts';
import { ENTITIES } from './entities/all.ts';
import { codeOf, outward, StorageFault, unopened } from './fault.ts';
import { keepRoom, type Reserve, tableReserve } from './room.ts';
import { whileOpen } from './say.ts';

/** Where the names of the migrations that were run are kept. */
export const MIGRATION_TABLE = 'migration';
/** Where a migration that runs statement by statement keeps its place, and who runs it. */
export const MIGRATION_STEP_TABLE = 'migration_step';
/** What takes up room on the disk of a server, to be given back. */
export const RESERVE_TABLE = 'disk_reserve';
const UNKNOWN_TABLES = [MIGRATION_STEP_TABLE, RESERVE_TABLE];

export type Orm = MikroORM<AbstractSqlDriver, SqlEntityManager>;

/** SQL in which `{table}` stands for a table's name. */
const named = (dialect: Dialect, sql: string): string =>
  sql.replaceAll(/\{([a-z_]+)\}/g, (_all, table: string) => dialect.quote(table));

/** What the adapters stand on. Failures leave it as TrustError DATABASE_UNAVAILABLE. */
export type Database = {
  readonly dialect: Dialect;
  readonly orm: Orm;
  /** Puts table names in the place of `{table}`. */
  sql(text: string): string;
  /** Notes what a transaction appends to the change feed. */
  tells(tx: Transaction, changes: readonly Change[]): void;
  /** Calls `wake` when the change feed has grown: at once with what this process committed, and as far as the database can tell of others. */
  listen(wake: (own: readonly Change[]) => void): Listening;
  /** Statements outside the ORM. */
  readonly reader: Reader;
  /** One read through the ORM. */
  read<T>(work: (em: SqlEntityManager) => Promise<T>): Promise<T>;
  /**
   * One transaction: all of `work` is kept or nothing. `work` may run more than once, so it changes nothing else; it awaits `tx` only. `ends` is one
   * that takes sessions or rights away: that is written on a full disk too, where room is set aside for it.
   */
  write<T>(work: (tx: Transaction) => Promise<T>, kind?: 'ends'): Promise<T>;
  /** Sets so many bytes aside on the disk of the database for what ends sessions and rights. */
  setRoomAside(bytes: number): Promise<void>;
  /** Whether that room is there. Undefined where none can be set aside. */
  hasRoomAside(bytes: number): Promise<boolean | undefined>;
  close(): Promise<void>;
};

/** Thrown by `undo`: carries the answer of a write that leaves nothing behind. */
class Undone extends Error {
  readonly answer: unknown;
  constructor(answer: unknown) {
    super('undone');
    this.answer = answer;
  }
}

/** Ends the transaction without a trace; `write` answers `answer`. */
export function undo(answer: unknown): never {
  throw new Undone(answer);
}

/** Waits for a lock of this name until the transaction ends. */
export async function lock(database: Database, tx: Transaction, name: string): Promise<void> {
  const { lockSql } = database.dialect;
  if (lockSql !== undefined) await tx.execute(database.sql(lockSql), [name], 'run');
}

const ATTEMPTS = 10;

/** Runs a transaction again while the database says that it lost against another one. The one place where anything is retried. */
export async function retried<T>(dialect: Dialect, log: StoreLog, run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const code = codeOf(error);
      if (attempt === ATTEMPTS || !dialect.isTransient(code)) throw error;
      log('transaction is tried again', { code, attempt });
      await sleep(Math.random() * Math.min(1_000, 5 * 2 ** attempt));
    }
  }
}

/** The ORM on a database that it is not connected to yet. */
export function createOrm({ dialect, orm }: OpenDialect): Orm {
  const { collation, textTypes } = dialect;
  return new MikroORM<AbstractSqlDriver, SqlEntityManager>({
    driver: orm.driver,
    dbName: orm.dbName,
    driverOptions: { ...orm.driverOptions },
    entities: [...ENTITIES, ...(dialect.entities ?? [])],
    ensureDatabase: false,
    debug: false,
    logger: () => undefined,
    colors: false,
    migrations: { tableName: MIGRATION_TABLE },
    schemaGenerator: { skipTables: [...UNKNOWN_TABLES] },
    discovery: {
      afterDiscovered: (metadata) => {
        for (const { props } of metadata.getAll().values()) {
          for (const property of props) {
            if (property.runtimeType !== 'string') continue;
            const short = property.columnTypes[0]?.startsWith('varchar');
            if (textTypes !== undefined) property.columnTypes = [short ? textTypes.short : textTypes.long];
            if (collation !== undefined && !(short && textTypes !== undefined)) property.collation = collation;
          }
        }
      },
    },
  });
}

/** The database with every write refused: it changes for nobody while it is moved. */
export function withoutWrites(database: Database): Database {
  return { ...database, write: () => Promise.reject(outward(new StorageFault('READ_ONLY'))) };
}

export async function openDatabase(open: OpenDialect, log: StoreLog): Promise<Database> {
  const { dialect } = open;
  const orm = createOrm(open);
  let closed = false;
  let reader: Reader;
  try {
    open.create?.();
    await orm.connect();
    for (const sql of open.setup) await orm.em.getConnection().execute(sql);
    reader = await open.openReader();
  } catch (error) {
    await orm.close(true);
    throw unopened(error, open.place);
  }
  const room = keepRoom(log);
  /** Runs `work` while the store is open, and translates its failure. */
  const outwardly = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      if (closed) throw new StorageFault('CLOSED');
      return await work();
    } catch (error) {
      throw outward(error);
    }
  };
  const statements = new Map<string, Statement>();
  const namedStatement = (statement: Statement): Statement => {
    const known = statements.get(statement.name);
    if (known !== undefined) return known;
    const made = { ...statement, sql: named(dialect, statement.sql) };
    statements.set(statement.name, made);
    return made;
  };
  const told = new WeakMap<Transaction, readonly Change[]>();
  const listeners = new Set<(own: readonly Change[]) => void>();
  const ends = new Set<() => void>();
  /** The one write of the ORM that is tried again whole. */
  const transaction = async <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => {
    let last: Transaction | undefined;
    const answer = await retried(dialect, log, () => {
      const tx = orm.em.fork();
      last = tx;
      // Not the entity manager's own: nothing is flushed here, and it would make a second one and an event of every step.
      return tx.getConnection().transactional((context) => {
        tx.setTransactionContext(context);
        return whileOpen(tx, () => work(tx));
      });
    });
    const changes = last && told.get(last);
    if (changes !== undefined) {
      for (const wake of listeners) wake(changes);
      reader.notify?.();
    }
    return answer;
  };
  const reserveOf = (bytes: number): Reserve | undefined => {
    const { reserveSql } = dialect;
    if (reserveSql === undefined) return open.reserve?.(bytes);
    const run = async (sql: string, values: readonly unknown[]) => {
      const answer = await orm.em.getConnection().execute(named(dialect, sql), [...values], 'all');
      return Array.isArray(answer) ? answer : [];
    };
    return tableReserve(reserveSql, run, bytes);
  };
  return {
    dialect,
    orm,
    sql: (text) => named(dialect, text),
    tells: (tx, changes) => void told.set(tx, [...(told.get(tx) ?? []), ...changes]),
    listen: (wake) => {
      listeners.add(wake);
      const others = open.listen?.(() => wake([]));
      const end = () => {
        listeners.delete(wake);
        ends.delete(end);
        others?.end();
      };
      ends.add(end);
      return { end, hears: () => dialect.alone === true || others?.hears() === true };
    },
    reader: { ...reader, rows: (statement, values) => outwardly(() => reader.rows(namedStatement(statement), values)) },
    read: (work) => outwardly(() => work(orm.em.fork())),
    write: <T>(work: (tx: Transaction) => Promise<T>, kind?: 'ends') =>
      outwardly(async () => {
        try {
          return await room.within(kind === 'ends', () => transaction(work));
        } catch (error) {
          if (error instanceof Undone) return error.answer as T;
          throw error;
        }
      }),
    setRoomAside: async (bytes) => {
      const reserve = reserveOf(bytes);
      if (reserve !== undefined) await room.setAside(reserve);
    },
    hasRoomAside: async (bytes) => await reserveOf(bytes)?.holds(),
    close: async () => {
      if (closed) return;
      closed = true;
      room.close();
      for (const end of ends) end();
      await reader.close();
      await orm.close(true);
    },
  };
}
