import { TrustError } from '../../errors/trust_error.ts';
import { type Database, openDatabase } from '../database.ts';
import { openDialect, type StoreLog } from '../dialects/dialect.ts';
import { migrateOpen } from '../migrate.ts';
import { isUnfinishedCopy, schemaRefusal, schemaState } from '../schema_state.ts';
import { type Mark, type PassResult, passOver } from './copy_pass.ts';
import { dropProgress, type Progress, placeOf, readProgress, writeProgress } from './copy_progress.ts';
import { countRows, hasRows } from './copy_rows.ts';
import { type CopyTable, copyTables } from './copy_table.ts';

export type CopyOptions = {
  readonly from: string;
  readonly to: string;
  /** What to do with a target that holds something: refuse, make it as the source is, or go on with a copy of the same source. */
  readonly target: 'empty' | 'overwrite' | 'resume';
  /** Goes on copying what changes until `stop`. */
  readonly follow: boolean;
  readonly stop: AbortSignal;
  readonly tell: (told: CopyTold) => void;
  /** Random, for this copy alone. */
  readonly nonce: string;
};

/** What happens while it copies. */
export type CopyTold =
  | { readonly at: 'rows'; readonly pass: number; readonly table: string; readonly rows: number; readonly of: number }
  | { readonly at: 'pass'; readonly pass: number; readonly differences: number; readonly ms: number };

export type CopyReport = {
  readonly from: string;
  readonly to: string;
  /** Whether the target is the source, row by row. False after `stop`. */
  readonly finished: boolean;
  readonly passes: number;
  readonly tables: readonly PassResult[];
};

// Without --follow the second pass finds nothing to do, unless somebody writes to the source.
const MOST_PASSES = 4;
const FOLLOW_EVERY_MS = 1_000;
// Rows of the change feed keep the instants of the clock that wrote them; the age of a row is judged by the other one from then on.
const MOST_CLOCK_OFFSET_MS = 30_000;

const quiet: StoreLog = () => {};

/** Copies everything from one database to another. Rejects with an Error of one sentence. */
export async function copyDatabase(options: CopyOptions): Promise<CopyReport> {
  const fromOpen = await named('--from', () => openDialect(options.from, quiet));
  const toOpen = await named('--to', () => openDialect(options.to, quiet));
  if (fromOpen.exists?.() === false) throw new Error('There is no database at --from.');
  const source = await named('--from', () => openDatabase(fromOpen, quiet));
  try {
    const target = await named('--to', () => openDatabase(toOpen, quiet));
    try {
      await named('--from', () => checkSource(source));
      await named('--to', () => checkTarget(target, () => migrateOpen(toOpen, quiet)));
      await checkClocks(source, target);
      return await copyAll(source, target, options).catch(interrupted);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function named<T>(side: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    throw new Error(`The database at ${side} cannot be used: ${causeOf(error)}.`, { cause: error });
  }
}

function interrupted(error: unknown): never {
  if (!(error instanceof TrustError)) throw error;
  throw new Error(`The copy was interrupted: ${causeOf(error)}. Go on with --resume.`, { cause: error });
}

const causeOf = ({ cause, message }: Error) => (cause instanceof Error ? cause.message : message);

async function checkSource(source: Database): Promise<void> {
  const state = await schemaState(source);
  const last = source.dialect.migrations.at(-1)?.name ?? '';
  if (state.applied.length === 0) throw new Error('The database at --from has no tables of the Trust Layer.');
  if (state.pending.length + state.unknown.length > 0) {
    throw new Error(
      `The database at --from is at ${state.applied.at(-1)} and this version copies ${last}: bring it forward by trust-layer migrate, or copy with the version that it belongs to.`,
    );
  }
  if (await isUnfinishedCopy(source))
    throw new Error('The database at --from is itself the target of a copy that has not ended.');
}

async function checkTarget(target: Database, migrate: () => Promise<unknown>): Promise<void> {
  const state = await schemaState(target);
  const refusal = schemaRefusal(
    state,
    target.dialect.migrations.map(({ name }) => name),
    true,
  );
  if (refusal !== undefined || state.unknown.length > 0)
    throw new Error(refusal ?? 'The database at --to was migrated by a newer version: copy with that one.');
  if (state.pending.length > 0) await migrate();
}

async function checkClocks(source: Database, target: Database): Promise<void> {
  const read = async ({ reader, dialect }: Database) =>
    Number((await reader.rows({ name: 'copy clock', sql: `select ${dialect.nowSql}` }, []))[0]?.[0]);
  const offset = (await read(target)) - (await read(source));
  if (Math.abs(offset) > MOST_CLOCK_OFFSET_MS)
    throw new Error(
      `The clocks of the two databases differ by ${Math.round(Math.abs(offset) / 1_000)} s: set them first, for the change feed keeps its rows by age.`,
    );
}

/** Where to begin: the progress of this copy, new or found. */
async function begin(
  source: Database,
  target: Database,
  place: string,
  options: CopyOptions,
  tables: readonly CopyTable[],
): Promise<Progress> {
  const found = await readProgress(target);
  if (options.target === 'resume') {
    if (found === undefined) throw new Error('There is no unfinished copy at --to to go on with: leave --resume out.');
    if (found.source !== place)
      throw new Error('The unfinished copy at --to is of another database than --from: begin anew with --overwrite.');
    return found.progress;
  }
  if (found !== undefined && options.target !== 'overwrite')
    throw new Error('There is an unfinished copy at --to: go on with --resume, or begin anew with --overwrite.');
  if (options.target === 'empty') {
    for (const table of tables)
      if (await hasRows(target, table))
        throw new Error(
          `The database at --to is not empty (${table.name} has rows): --overwrite makes it what --from is, and all that it holds is lost.`,
        );
  }
  const progress = { nonce: options.nonce, passes: 0 };
  await target.write(async (tx) => {
    await dropProgress(tx);
    await writeProgress(tx, place, progress);
  });
  if ((await readProgress(source))?.progress.nonce === options.nonce) {
    await target.write(dropProgress);
    throw new Error('--from and --to are one database.');
  }
  return progress;
}

async function copyAll(source: Database, target: Database, options: CopyOptions): Promise<CopyReport> {
  const tables = copyTables(target.orm);
  const place = placeOf(options.from);
  const { stop, tell } = options;
  let progress = await begin(source, target, place, options, tables);
  const report = (finished: boolean, results: readonly PassResult[]) => ({
    from: source.dialect.name,
    to: target.dialect.name,
    finished,
    passes: progress.passes,
    tables: results,
  });

  for (let turn = 1; ; turn++) {
    const begun = performance.now();
    const results: PassResult[] = [];
    const resumed = progress.passes === 0 ? tables.findIndex(({ name }) => name === progress.table) : -1;
    for (const table of tables.slice(Math.max(0, resumed))) {
      const after = resumed >= 0 && table.name === progress.table ? progress.key : undefined;
      // Only to show how far it is: a large table may take longer to count than a statement may take.
      const of = await countRows(source, table).catch(() => 0);
      const pass = progress.passes + 1;
      const before = after === undefined ? 0 : (progress.rows ?? 0);
      const mark: Mark = async (tx, name, key, rows) => {
        if (progress.passes > 0) return;
        await writeProgress(tx, place, { ...progress, table: name, key, rows: before + rows });
      };
      const told = (rows: number) => tell({ at: 'rows', pass, table: table.name, rows: before + rows, of });
      results.push(await passOver(source, target, table, { after, mark, tell: told, stopped: () => stop.aborted }));
      if (stop.aborted) return report(false, []);
    }
    const differences = results.reduce((sum, result) => sum + result.differences, 0);
    const whole = resumed < 0;
    progress = { nonce: progress.nonce, passes: progress.passes + 1 };
    await target.write((tx) => writeProgress(tx, place, progress));
    tell({ at: 'pass', pass: progress.passes, differences, ms: Math.round(performance.now() - begun) });
    if (options.follow) {
      await pause(Math.max(FOLLOW_EVERY_MS, performance.now() - begun), stop);
      if (stop.aborted) return report(false, results);
    } else if (whole && differences === 0) {
      await finish(target, tables);
      return report(true, results);
    } else if (turn >= MOST_PASSES) {
      throw new Error(
        'The database at --from is being written to: stop its servers or set TRUST_READ_ONLY=on there, and go on with --resume; or use --follow.',
      );
    }
  }
}

/** The target goes on counting where the rows end, and may be served from now on. */
async function finish(target: Database, tables: readonly CopyTable[]): Promise<void> {
  const { continueCountSql } = target.dialect;
  await target.write(async (tx) => {
    for (const { name, counted } of tables) {
      if (counted !== undefined && continueCountSql !== undefined) await tx.execute(continueCountSql(name, counted));
    }
    await dropProgress(tx);
  });
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (stop.aborted) return done();
    const end = () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', end);
      done();
    };
    const timer = setTimeout(end, ms);
    stop.addEventListener('abort', end);
  });
}
