import { z } from 'zod';
import type { Setting } from './settings.ts';

/** A table of people that another program keeps. */
export type UsersTableConfig = {
  readonly databaseUrl: string;
  readonly table: readonly string[];
  readonly columns: Readonly<Record<string, string>>;
  readonly type: 'email' | 'phone' | 'username';
  readonly kinds: readonly ('bcrypt' | 'argon2' | 'pbkdf2' | 'scrypt')[];
  readonly anyCase: boolean;
  readonly move: boolean;
};

const NAME = '[A-Za-z_][A-Za-z0-9_]{0,62}';

const table = z
  .string()
  .regex(
    new RegExp(`^${NAME}(?:\\.${NAME})?$`),
    'must be the name of a table, or schema.table, of letters, digits and _',
  )
  .transform((text) => text.split('.'));

const FACTS = ['id', 'identifier', 'password', 'name', 'roles', 'active', 'verified'];
const COLUMN = new RegExp(`^(${FACTS.join('|')}|metadata\\.[A-Za-z0-9_-]{1,64})=(${NAME})$`);

const columns = z
  .string()
  .refine(
    (text) => text.split(',').every((part) => COLUMN.test(part.trim())),
    `must be what=column, separated by commas; what is ${FACTS.join(', ')} or metadata.KEY, and a column of letters, digits and _`,
  )
  .transform((text) => text.split(',').map((part) => part.trim().split('=') as [string, string]))
  .refine((pairs) => new Set(pairs.map(([what]) => what)).size === pairs.length, 'must name nothing twice')
  .transform((pairs) => Object.fromEntries(pairs))
  .refine(
    (read) => ['id', 'identifier', 'password'].every((what) => what in read),
    'must name id, identifier and password',
  );

const KINDS = ['bcrypt', 'argon2', 'pbkdf2', 'scrypt'] as const;
const kinds = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .refine(
    (parts) => parts.every((part) => KINDS.some((kind) => kind === part)),
    'must be one or more of bcrypt, argon2, pbkdf2 and scrypt, separated by commas',
  )
  .transform((parts) => parts as (typeof KINDS)[number][]);

export type Make = <T>(
  name: string,
  fallback: string | undefined,
  description: string,
  schema: z.ZodType<T, string>,
  options?: { secret?: boolean; fallbackNote?: string },
) => Setting<T>;
export type Words = <const T extends readonly [string, ...string[]]>(...words: T) => z.ZodType<T[number], string>;

export const usersTableSettings = (setting: Make, oneOf: Words, databaseUrl: z.ZodType<string, string>) => ({
  usersTable: setting(
    'TRUST_USERS_TABLE',
    undefined,
    'Table of people of another program, who sign in with the passwords that they have there: its name, or schema.table (docs/guide/users_table.md).',
    table,
  ),
  usersDatabaseUrl: setting(
    'TRUST_USERS_DATABASE_URL',
    undefined,
    'Database of that table. It is only read.',
    databaseUrl,
    { secret: true, fallbackNote: 'DATABASE_URL' },
  ),
  usersColumns: setting(
    'TRUST_USERS_COLUMNS',
    'id=id,identifier=email,password=password',
    'What its columns hold: id, identifier and password, and if there are such name, roles, active, verified and metadata.KEY.',
    columns,
  ),
  usersIdentifier: setting(
    'TRUST_USERS_IDENTIFIER',
    'email',
    'What its identifiers are: email, phone or username.',
    oneOf('email', 'phone', 'username'),
  ),
  usersCase: setting(
    'TRUST_USERS_CASE',
    'any',
    'any: identifiers are found whatever their case, by lower(column), which wants an index. as-is: they are stored in lower case, or the column ignores case.',
    oneOf('any', 'as-is'),
  ),
  usersHash: setting(
    'TRUST_USERS_HASH',
    undefined,
    'Forms of its password hashes, separated by commas: bcrypt, argon2, pbkdf2, scrypt. Required with TRUST_USERS_TABLE.',
    kinds,
  ),
  usersMode: setting(
    'TRUST_USERS_MODE',
    'read',
    'read: the password is checked there at each sign-in. move: at the first one the person moves over, with a new hash of the password.',
    oneOf('read', 'move'),
  ),
});

/** Puts the settings together; undefined where there is no such table. */
export function readUsersTable(
  values: {
    readonly usersTable?: readonly string[] | undefined;
    readonly usersDatabaseUrl?: string | undefined;
    readonly usersColumns?: Readonly<Record<string, string>> | undefined;
    readonly usersIdentifier?: UsersTableConfig['type'] | undefined;
    readonly usersHash?: UsersTableConfig['kinds'] | undefined;
    readonly usersCase?: 'any' | 'as-is' | undefined;
    readonly usersMode?: 'read' | 'move' | undefined;
  },
  databaseUrl: string,
  problems: string[],
): UsersTableConfig | undefined {
  const { usersTable, usersHash } = values;
  if (usersTable === undefined) {
    if (usersHash !== undefined || values.usersDatabaseUrl !== undefined)
      problems.push('TRUST_USERS_HASH and TRUST_USERS_DATABASE_URL need TRUST_USERS_TABLE.');
    return undefined;
  }
  if (usersHash === undefined) problems.push('TRUST_USERS_HASH must be set when TRUST_USERS_TABLE is.');
  return Object.freeze({
    databaseUrl: values.usersDatabaseUrl ?? databaseUrl,
    table: usersTable,
    columns: values.usersColumns ?? {},
    type: values.usersIdentifier ?? 'email',
    kinds: usersHash ?? [],
    anyCase: values.usersCase !== 'as-is',
    move: values.usersMode === 'move',
  });
}
