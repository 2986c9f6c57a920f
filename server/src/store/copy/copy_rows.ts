import { setImmediate } from 'node:timers/promises';
import type { Database } from '../database.ts';
import type { Transaction } from '../dialects/dialect.ts';
import { type CopyRow, type CopyTable, commonForm, compareKeys, type Key, keyOf } from './copy_table.ts';

const ROWS_PER_PAGE = 1_000;
const VALUES_PER_STATEMENT = 8_000;

/** The rows of a table in the order of their keys. */
export type Cursor = {
  /** The row that is next; undefined after the last one. Call `load` first when `ready` is false. */
  readonly row: CopyRow | undefined;
  readonly ready: boolean;
  load(): Promise<void>;
  step(): void;
};

/** Walks a table by its primary key, a page at a time; each page is a read of its own. */
export function cursorOf(database: Database, table: CopyTable, after?: Key): Cursor {
  const { quote } = database.dialect;
  const column = (place: number) => quote(table.columns[place]?.name ?? '');
  const order = table.key.map(column);
  const select = `select ${table.columns.map(({ name }) => quote(name)).join(', ')} from ${quote(table.name)}`;
  let last = after;
  // How many columns of the key are the same as those of `last` in what is read next. One range of an index each: databases read
  // comparisons of whole keys in very different ways.
  let same = after === undefined ? -1 : order.length - 1;
  let page: CopyRow[] = [];
  let at = 0;
  let ended = false;

  async function load(): Promise<void> {
    // An embedded database answers without a turn of the event loop; signals and writers need one.
    await setImmediate();
    const equal = order.slice(0, Math.max(0, same)).map((name, place) => `${name} = $${place + 1}`);
    const beyond = same < 0 ? [] : [`${order[same]} > $${same + 1}`];
    const conditions = [...equal, ...beyond];
    const values = (last ?? []).slice(0, conditions.length);
    const sql = `${select}${conditions.length > 0 ? ` where ${conditions.join(' and ')}` : ''} order by ${order.join(', ')} limit $${values.length + 1}`;
    const rows = await database.reader.rows({ name: `copy ${table.name} ${same}`, sql }, [...values, ROWS_PER_PAGE]);
    page = rows.map((row) => commonForm(table, row));
    at = 0;
    for (const row of page) {
      const key = keyOf(table, row);
      if (last !== undefined && compareKeys(last, key) >= 0)
        throw new Error(`The database orders the keys of ${table.name} otherwise than by their bytes.`);
      last = key;
    }
    if (page.length === ROWS_PER_PAGE) same = order.length - 1;
    else if (same > 0) same -= 1;
    else ended = true;
  }

  return {
    get row() {
      return page[at];
    },
    get ready() {
      return at < page.length || ended;
    },
    async load() {
      while (at >= page.length && !ended) await load();
    },
    step() {
      at += 1;
    },
  };
}

/** What one transaction changes. */
export type Batch = {
  readonly put: readonly CopyRow[];
  /** Keys of rows that are put in place of others. */
  readonly replaced: readonly Key[];
  readonly removed: readonly Key[];
  /** Whether other rows with a unique value of those that are put go as well. */
  readonly clearUniques: boolean;
};

/** Writes rows; those of the same key are replaced, those of `removed` go. */
export async function writeRows(
  { database, tx, table }: { readonly database: Database; readonly tx: Transaction; readonly table: CopyTable },
  { put, removed, replaced, clearUniques }: Batch,
): Promise<void> {
  const { quote } = database.dialect;
  const column = (place: number) => quote(table.columns[place]?.name ?? '');

  const remove = async (places: readonly number[], tuples: readonly (readonly unknown[])[]) => {
    const groups = new Map<string, { readonly same: readonly unknown[]; readonly last: unknown[] }>();
    for (const tuple of tuples) {
      const same = tuple.slice(0, -1);
      const name = JSON.stringify(same);
      const group = groups.get(name) ?? { same, last: [] };
      groups.set(name, group);
      group.last.push(tuple.at(-1));
    }
    const columns = places.map(column);
    for (const { same, last } of groups.values()) {
      const equal = same.map((_, place) => `${columns[place]} = ? and `).join('');
      const sql = `delete from ${quote(table.name)} where ${equal}${columns.at(-1)} in (${last.map(() => '?').join(', ')})`;
      await tx.execute(sql, [...same, ...last], 'run');
    }
  };

  await remove(table.key, [...removed, ...replaced]);
  for (const places of clearUniques ? table.uniques : []) {
    const tuples = put.map((row) => places.map((place) => row[place]));
    await remove(
      places,
      tuples.filter((tuple) => tuple.every((value) => value !== null)),
    );
  }
  const step = Math.max(1, Math.floor(VALUES_PER_STATEMENT / table.columns.length));
  const names = table.columns.map(({ name }) => quote(name)).join(', ');
  const cells = `(${table.columns.map(() => '?').join(', ')})`;
  for (let from = 0; from < put.length; from += step) {
    const some = put.slice(from, from + step);
    const sql = `insert into ${quote(table.name)} (${names}) values ${some.map(() => cells).join(', ')}`;
    await tx.execute(sql, some.flat(), 'run');
  }
}

export async function countRows(database: Database, { name }: CopyTable): Promise<number> {
  const sql = `select count(*) from ${database.dialect.quote(name)}`;
  return Number((await database.reader.rows({ name: `count ${name}`, sql }, []))[0]?.[0] ?? 0);
}

export async function hasRows(database: Database, { name }: CopyTable): Promise<boolean> {
  const sql = `select 1 from ${database.dialect.quote(name)} limit 1`;
  return (await database.reader.rows({ name: `any ${name}`, sql }, [])).length > 0;
}
