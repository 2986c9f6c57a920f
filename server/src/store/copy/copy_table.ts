import type { Orm } from '../database.ts';
import type { Value } from '../dialects/dialect.ts';
import { ENTITIES } from '../entities/all.ts';
import { CopyProgressEntity } from '../entities/copy_progress.ts';

/** A row in the form that all databases share: the cells in the order of the columns. */
export type CopyRow = readonly Value[];
export type Key = readonly (string | number)[];

/** A table as both sides of a copy know it. Names are those of the database, not quoted. */
export type CopyTable = {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Places of the columns of the primary key. */
  readonly key: readonly number[];
  /** Places of the columns of each further unique index. */
  readonly uniques: readonly (readonly number[])[];
  /** The column that the database counts up, if any. */
  readonly counted: string | undefined;
};

type Column = { readonly name: string; readonly kind: 'string' | 'number' | 'boolean' };

/** Every table that all databases have, but the one that holds the progress. */
export function copyTables(orm: Orm): readonly CopyTable[] {
  return ENTITIES.filter((entity) => entity !== CopyProgressEntity)
    .map(({ meta: { className } }) => orm.getMetadata().getByClassName(className))
    .map((meta): CopyTable => {
      const placeOf = (property: PropertyKey) => meta.props.findIndex(({ name }) => name === property);
      return {
        name: meta.tableName,
        columns: meta.props.map(({ fieldNames, runtimeType }) => {
          const [name = ''] = fieldNames;
          return { name, kind: kindOf(`${meta.tableName}.${name}`, runtimeType) };
        }),
        key: meta.primaryKeys.map(placeOf),
        uniques: meta.uniques.map(({ properties }) =>
          [properties ?? []].flat().map((name) => placeOf(name as PropertyKey)),
        ),
        counted: meta.props.find(({ autoincrement }) => autoincrement)?.fieldNames[0],
      };
    });
}

function kindOf(name: string, type: string): Column['kind'] {
  if (type === 'string' || type === 'number' || type === 'boolean') return type;
  throw new TypeError(`there is no common form of ${name} (${type})`);
}

/** The common form of a row that a reader gave. */
export function commonForm({ name, columns }: CopyTable, row: readonly Value[]): CopyRow {
  return columns.map(({ name: column, kind }, place) => {
    const value = row[place] ?? null;
    if (value === null) return null;
    if (kind === 'string') return String(value);
    const number = Number(value);
    if (!Number.isSafeInteger(number))
      throw new TypeError(`${name}.${column} holds a number that is not whole or beyond 2^53`);
    return kind === 'boolean' ? number !== 0 : number;
  });
}

export const keyOf = ({ key }: CopyTable, row: CopyRow): Key => key.map((place) => row[place] as string | number);

/** The order of keys that every database gives: numbers by size, texts by their bytes in UTF-8. */
export function compareKeys(a: Key, b: Key): number {
  for (const [place, x] of a.entries()) {
    const y = b[place] as string | number;
    if (x === y) continue;
    if (typeof x === 'number' || typeof y === 'number') return Number(x) - Number(y);
    return BEYOND_ASCII.test(x + y) ? Buffer.compare(Buffer.from(x), Buffer.from(y)) : x < y ? -1 : 1;
  }
  return 0;
}

// UTF-16 orders surrogates below the end of the first plane, UTF-8 above it.
const BEYOND_ASCII = /[^\0-\x7f]/;
