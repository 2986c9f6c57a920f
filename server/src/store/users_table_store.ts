import type { UsersRow, UsersTableStore } from '../features/users_table/store.ts';
import type { OpenDialect, Reader, Statement, StoreLog, Value } from './dialects/dialect.ts';
import { openDialect } from './dialects/dialect.ts';
import type { Transport } from './dialects/transport.ts';
import { outward, StorageFault } from './fault.ts';

/** Where the people are. Names are identifiers of the database, checked by the configuration. */
export type UsersTablePlace = {
  readonly databaseUrl: string;
  /** `users`, or a schema and a table. */
  readonly table: readonly string[];
  /** Column by what it holds; `id`, `identifier` and `password` at least. */
  readonly columns: Readonly<Record<string, string>>;
  /** Whether identifiers are found in any case: by `lower(column)`, which wants an index of its own. Else as they are, by the column's. */
  readonly anyCase: boolean;
};

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** Reads a table of another program, in this or another database. It is opened with the first question, and again after a failure. */
export async function usersTableStore(
  { databaseUrl, table, columns, anyCase }: UsersTablePlace,
  log: StoreLog,
): Promise<UsersTableStore & { transport(): Promise<Transport>; close(): Promise<void> }> {
  const names = [...table, ...Object.values(columns)];
  if (names.some((name) => !NAME.test(name))) throw new TypeError('a name of the users table is no identifier');
  let opening: Promise<{ readonly open: OpenDialect; readonly reader: Reader }> | undefined;

  async function open() {
    const found = await openDialect(databaseUrl, log);
    if (found.exists?.() === false) throw new StorageFault('NO_SUCH_FILE');
    return { open: found, reader: await (found.openForeignReader ?? found.openReader)() };
  }

  async function rows(say: (quote: (name: string) => string) => Statement, values: readonly unknown[]) {
    opening ??= open();
    try {
      const { open: opened, reader } = await opening;
      return await reader.rows(say(opened.dialect.quote), values);
    } catch (error) {
      if (
        !(await opening.then(
          () => true,
          () => false,
        ))
      )
        opening = undefined;
      throw outward(error);
    }
  }

  const keys = Object.keys(columns);
  const column = (key: string) => columns[key] ?? '';
  const from = (quote: (name: string) => string) => table.map(quote).join('.');

  return {
    readByIdentifier: async (texts) => {
      const [canonical = '', typed = ''] = texts;
      const found = await rows(
        (quote) => {
          const identifier = quote(column('identifier'));
          const same = anyCase ? `lower(${identifier}) = $1` : `${identifier} in ($1, $2)`;
          const asked = keys.map((key) => quote(column(key))).join(', ');
          return { name: 'users_by_identifier', sql: `select ${asked} from ${from(quote)} where ${same} limit 3` };
        },
        anyCase ? [canonical] : [canonical, typed],
      );
      return found.map((row): UsersRow => Object.fromEntries(keys.map((key, place) => [key, textOf(row[place])])));
    },

    anyHash: async () => {
      const found = await rows(
        (quote) => ({
          name: 'users_any_hash',
          sql: `select ${quote(column('password'))} from ${from(quote)} where ${quote(column('password'))} is not null limit 1`,
        }),
        [],
      );
      return textOf(found[0]?.[0]);
    },

    transport: async () => {
      opening ??= open();
      return (await opening).open.transport;
    },

    close: async () => {
      await opening?.then(
        ({ reader }) => reader.close(),
        () => undefined,
      );
    },
  };
}

/** Texts as they are, numbers and truth values written out; anything else (bytes, dates) is nothing. */
function textOf(value: Value | bigint | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
    ? String(value)
    : undefined;
}
