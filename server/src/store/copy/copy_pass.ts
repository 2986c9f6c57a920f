import { createHash } from 'node:crypto';
import { type Database, undo } from '../database.ts';
import type { Transaction } from '../dialects/dialect.ts';
import { isUniqueViolation } from '../fault.ts';
import { cursorOf, writeRows } from './copy_rows.ts';
import { type CopyRow, type CopyTable, compareKeys, type Key, keyOf } from './copy_table.ts';

const ROWS_PER_TRANSACTION = 500;
/** Rows that may pass without a difference until the place is kept. */
const ROWS_PER_MARK = 20_000;

/** What one walk over both sides of a table found. */
export type PassResult = {
  readonly table: string;
  readonly differences: number;
  readonly source: Sum;
  readonly target: Sum;
};
export type Sum = { readonly rows: number; readonly checksum: string };

/** Remembers in the target, in the transaction that writes the rows before it, that the table is done up to this key. */
export type Mark = (tx: Transaction, table: string, key: Key, rows: number) => Promise<void>;

/**
 * Walks both sides of a table in the order of their keys and makes the target as the source is. The checksums are of what was read on each side, before
 * anything was written: SHA-256 over the rows as JSON lines, computed here, so that it is the same on every database.
 */
export async function passOver(
  source: Database,
  target: Database,
  table: CopyTable,
  options: {
    readonly after?: Key | undefined;
    readonly mark: Mark;
    readonly tell: (rows: number) => void;
    readonly stopped: () => boolean;
  },
): Promise<PassResult> {
  const from = cursorOf(source, table, options.after);
  const to = cursorOf(target, table, options.after);
  const sums = { source: summing(), target: summing() };
  const put: CopyRow[] = [];
  const replaced: Key[] = [];
  const removed: Key[] = [];
  let differences = 0;
  let unmarked = 0;
  let last: Key | undefined;

  async function flush(upTo: Key): Promise<void> {
    const write = (clearUniques: boolean) =>
      target.write<'written' | 'taken'>(async (tx) => {
        try {
          if (put.length + removed.length > 0)
            await writeRows({ database: target, tx, table }, { put, replaced, removed, clearUniques });
        } catch (error) {
          if (!clearUniques && isUniqueViolation(error)) undo('taken');
          throw error;
        }
        await options.mark(tx, table.name, upTo, sums.source.rows);
        return 'written';
      });
    // A unique value may have moved on to a row of a lower key than the one that had it. That one goes now, and comes in its turn if it is still there.
    if ((await write(false)) === 'taken') await write(true);
    for (const list of [put, replaced, removed]) list.length = 0;
    unmarked = 0;
    options.tell(sums.source.rows);
  }

  while (!options.stopped()) {
    if (!from.ready) await from.load();
    if (!to.ready) await to.load();
    const [a, b] = [from.row, to.row];
    if (a === undefined && b === undefined) break;
    const order = compareRows(table, a, b);
    if (a !== undefined && order <= 0) {
      sums.source.add(a);
      from.step();
    }
    if (b !== undefined && order >= 0) {
      sums.target.add(b);
      to.step();
    }
    const key = keyOf(table, (order <= 0 ? a : b) as CopyRow);
    if (a === undefined || order > 0) removed.push(key);
    else if (b === undefined || order < 0) put.push(a);
    else if (!sameRow(a, b)) {
      put.push(a);
      replaced.push(key);
    }
    last = key;
    unmarked += 1;
    if (put.length + removed.length >= ROWS_PER_TRANSACTION || unmarked >= ROWS_PER_MARK) {
      differences += put.length + removed.length;
      await flush(key);
    }
  }
  differences += put.length + removed.length;
  if (put.length + removed.length > 0 && last !== undefined) await flush(last);
  options.tell(sums.source.rows);
  return { table: table.name, differences, source: sums.source.end(), target: sums.target.end() };
}

function compareRows(table: CopyTable, a: CopyRow | undefined, b: CopyRow | undefined): number {
  if (a === undefined) return 1;
  return b === undefined ? -1 : compareKeys(keyOf(table, a), keyOf(table, b));
}

const sameRow = (a: CopyRow, b: CopyRow) => a.every((value, place) => value === b[place]);

function summing() {
  const hash = createHash('sha256');
  let rows = 0;
  return {
    add(row: CopyRow) {
      rows += 1;
      hash.update(`${JSON.stringify(row)}\n`);
    },
    get rows() {
      return rows;
    },
    end: (): Sum => ({ rows, checksum: hash.digest('hex') }),
  };
}
