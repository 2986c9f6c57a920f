// One stream of the Hrana protocol: a connection of the embedded engine that answers the requests of a client, one after the other.
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'libsql';

type Json = Record<string, unknown>;
type Told = { readonly message: string; readonly code: string };
type Condition = {
  readonly type: string;
  readonly step?: number;
  readonly cond?: Condition;
  readonly conds?: Condition[];
};
type Stored = ReadonlyMap<number, string>;

/** A statement waits for another writer as long as this. */
const WAIT_MS = 5_000;

const boundOf = ({ type, value, base64 }: { type: string; value?: unknown; base64?: string }): unknown => {
  if (type === 'integer') return BigInt(String(value));
  if (type === 'blob') return Buffer.from(base64 ?? '', 'base64');
  return type === 'null' ? null : value;
};

const cellOf = (value: unknown): Json => {
  if (value === null || value === undefined) return { type: 'null' };
  if (typeof value === 'bigint') return { type: 'integer', value: String(value) };
  if (typeof value === 'number') return { type: 'float', value };
  if (typeof value === 'string') return { type: 'text', value };
  return { type: 'blob', base64: Buffer.from(value as Uint8Array).toString('base64') };
};

function toldOf(error: unknown): Told {
  const { message, code } = error as { message: string; code?: string };
  const known = message.includes('locked') ? 'SQLITE_BUSY' : /^SQLITE_[A-Z]+/.exec(code ?? '')?.[0];
  return { message: `SQLite error: ${message}`, code: known ?? 'SQLITE_UNKNOWN' };
}

/** Connections that no stream has. */
const idle = new Map<string, Database.Database[]>();

export class HranaStream {
  readonly #file: string;
  readonly #database: Database.Database;
  readonly #own = new Map<number, string>();
  #last: Promise<unknown> = Promise.resolve();
  #given = false;
  /** A statement that failed or explained stays open in this engine, and its connection in the past. */
  #stuck = false;
  closed = false;

  constructor(file: string, maxPages: number) {
    this.#file = file;
    this.#database = idle.get(file)?.pop() ?? new Database(file);
    this.#database.exec('pragma busy_timeout = 0; pragma synchronous = off');
    this.#database.pragma(`max_page_count = ${maxPages}`);
  }

  /** Ends the stream; what it had not committed is undone. */
  close(): void {
    if (this.#given) return;
    this.#given = true;
    this.closed = true;
    if (this.#database.inTransaction) this.#database.exec('rollback');
    if (this.#stuck) return void this.#database.close();
    const others = idle.get(this.#file) ?? [];
    idle.set(this.#file, others);
    others.push(this.#database);
  }

  /** Does something after what was asked before. */
  queue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** The response, or `{ error }`. */
  answer(request: Json, stored: Stored = this.#own): Promise<Json> {
    return this.queue(() => this.#answer(request, stored));
  }

  async #answer(request: Json, stored: Stored): Promise<Json> {
    const { type } = request;
    try {
      if (this.closed) throw new Error('stream is closed');
      if (type === 'close') this.closed = true;
      if (type === 'store_sql') this.#own.set(request.sql_id as number, request.sql as string);
      if (type === 'close_sql') this.#own.delete(request.sql_id as number);
      if (type === 'sequence') await this.#patiently(() => this.#database.exec(this.#text(request, stored)));
      if (type === 'execute') return { type, result: await this.#run(request.stmt as Json, stored) };
      if (type === 'batch')
        return { type, result: await this.#batch((request.batch as { steps: Json[] }).steps, stored) };
      return { type };
    } catch (error) {
      return { error: toldOf(error) };
    }
  }

  async #batch(steps: readonly Json[], stored: Stored): Promise<Json> {
    const results: (Json | null)[] = [];
    const errors: (Told | null)[] = [];
    const holds = ({ type, step = -1, cond, conds = [] }: Condition): boolean => {
      if (type === 'ok') return results[step] != null;
      if (type === 'error') return errors[step] != null;
      if (type === 'not') return cond !== undefined && !holds(cond);
      if (type === 'is_autocommit') return !this.#database.inTransaction;
      return type === 'and' ? conds.every(holds) : conds.some(holds);
    };
    for (const { condition, stmt } of steps) {
      const due = condition == null || holds(condition as Condition);
      let error: Told | null = null;
      const result = due
        ? await this.#run(stmt as Json, stored).catch((failure: unknown) => {
            error = toldOf(failure);
            return null;
          })
        : null;
      results.push(result);
      errors.push(error);
    }
    return { step_results: results, step_errors: errors };
  }

  #text({ sql, sql_id: id }: Json, stored: Stored): string {
    const text = sql ?? stored.get(id as number);
    if (typeof text !== 'string') throw new Error('no such SQL text');
    return text;
  }

  async #run(stmt: Json, stored: Stored): Promise<Json> {
    const sql = this.#text(stmt, stored);
    const args = ((stmt.args ?? []) as { type: string }[]).map(boundOf);
    // A prepared statement that met a lock stays open in this engine, and so keeps the transaction from its end.
    if (args.length === 0 && /^\s*(begin|commit|rollback)/i.test(sql)) {
      await this.#patiently(() => this.#database.exec(sql));
      return { cols: [], rows: [], affected_row_count: 0, last_insert_rowid: null };
    }
    this.#stuck ||= /^\s*explain/i.test(sql);
    return await this.#patiently(() => {
      const statement = this.#database.prepare(sql).safeIntegers(true);
      if (!statement.reader) {
        const { changes, lastInsertRowid } = statement.run(args);
        return { cols: [], rows: [], affected_row_count: changes, last_insert_rowid: String(lastInsertRowid) };
      }
      const columns = statement.columns();
      const rows = statement.raw(true).all(args) as unknown[][];
      return {
        cols: columns.map(({ name, type }) => ({ name, decltype: type ?? null })),
        rows: rows.map((row) => row.map(cellOf)),
        affected_row_count: 0,
        last_insert_rowid: null,
      };
    });
  }

  /** As a server does, waits while another stream writes. */
  async #patiently<T>(work: () => T): Promise<T> {
    const until = Date.now() + WAIT_MS;
    for (;;) {
      try {
        return work();
      } catch (error) {
        this.#stuck = true;
        if (toldOf(error).code !== 'SQLITE_BUSY' || this.#database.inTransaction || Date.now() > until) throw error;
        await sleep(2);
      }
    }
  }
}
