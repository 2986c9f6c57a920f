import { UniqueConstraintViolationException } from '@mikro-orm/core';
import { TrustError } from '../errors/trust_error.ts';

/** What is told of a failure of the database: its code, never its words, which may quote a row. */
export class StorageFault extends Error {
  override readonly name = 'StorageFault';
  readonly code: string;

  constructor(code: string, words = `the database failed: ${code}`) {
    super(words);
    this.code = code;
  }
}

// What some failures say that come without a code.
const SAID: readonly (readonly [RegExp, string])[] = [
  // SQLite, of COMMIT and of waiting.
  [/database is locked/, 'SQLITE_BUSY'],
  // PostgreSQL's driver.
  [/timeout e(xpired|xceeded)/, 'ETIMEDOUT'],
  [/does not support SSL/, 'NO_TLS'],
  // MySQL's driver, which puts a code of its own in the place of Node's.
  [/altnames/, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  [/certificate has expired/, 'CERT_HAS_EXPIRED'],
  [/self-signed certificate|unable to (verify|get)/, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
];
const OF_ITS_OWN = 'HANDSHAKE_SSL_ERROR';

/** The code of a database's error (SQLSTATE, SQLITE_…, ECONN…), or its class. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  if (error instanceof TrustError && error.cause instanceof StorageFault) return error.cause.code;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && code !== '' && code !== OF_ITS_OWN) return code;
  // MySQL's driver has no name for what an engine of its protocol says besides.
  const { errno } = error as { errno?: unknown };
  if (typeof errno === 'number' && errno > 0) return `ERRNO_${errno}`;
  // Every address of a host was tried.
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return SAID.find(([words]) => words.test(error.message))?.[1] ?? (code === OF_ITS_OWN ? OF_ITS_OWN : error.name);
}

export const isUniqueViolation = (error: unknown): boolean => error instanceof UniqueConstraintViolationException;

/** By the codes of the servers that can be asked about a table which is not there. */
export const isMissingTable = (error: unknown): boolean => ['42P01', 'ER_NO_SUCH_TABLE'].includes(codeOf(error));

// While a database serves: no room for what it was to write, though it goes on.
const DISK_FULL = [
  '53100',
  'ER_DISK_FULL',
  'ER_RECORD_FILE_FULL',
  'SQLITE_FULL',
  'SQLITE_IOERR_WRITE',
  'SQLITE_IOERR_SHMSIZE',
  'ENOSPC',
];

export const isFullCode = (code: string): boolean => DISK_FULL.includes(code);
export const fullWords = (code: string): string => `the database failed: its disk is full (${code})`;

const faultOf = (code: string) => new StorageFault(code, isFullCode(code) ? fullWords(code) : undefined);

// A mistake in our own code is no failure of the database.
const MISTAKES = [TypeError, ReferenceError, RangeError, SyntaxError];

/** What leaves the store instead of an error inside it: the one place where failures are translated. */
export function outward(error: unknown): unknown {
  if (error instanceof TrustError || MISTAKES.some((kind) => error instanceof kind)) return error;
  const cause = error instanceof StorageFault ? error : faultOf(codeOf(error));
  return new TrustError('DATABASE_UNAVAILABLE', { cause });
}

const NO_ANSWER = 'it does not answer in time';
const NOT_REACHED = 'its host cannot be reached from here';
const REFUSES_USER = 'it refuses the user or the password';
const UNKNOWN_AUTHORITY = 'its certificate is of no authority that is known here: name that one by sslrootcert';

/** Why a database could not be opened, for an operator, by its code. */
const WHY: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it ended the connection at once',
  PROTOCOL_CONNECTION_LOST: 'it ended the connection at once',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its host name cannot be looked up now',
  EHOSTUNREACH: NOT_REACHED,
  ENETUNREACH: NOT_REACHED,
  ETIMEDOUT: NO_ANSWER,
  TIMEOUT: NO_ANSWER,
  FETCH_FAILED: 'no answer came',
  // PostgreSQL
  '28P01': REFUSES_USER,
  '28000': REFUSES_USER,
  '3D000': 'there is no such database on it',
  '53300': 'it has no connection left',
  '57P03': 'it is starting or stopping',
  '3F000': 'there is no such schema in it',
  '08P01': 'it does not speak the protocol of its scheme',
  NO_TLS: 'it has no TLS: set it up there, or leave sslmode out',
  // MySQL, MariaDB
  ER_ACCESS_DENIED_ERROR: REFUSES_USER,
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: REFUSES_USER,
  ER_DBACCESS_DENIED_ERROR: 'the user may not use that database',
  ER_BAD_DB_ERROR: 'there is no such database on it',
  ER_CON_COUNT_ERROR: 'it has no connection left',
  [OF_ITS_OWN]: 'TLS was not agreed upon',
  HANDSHAKE_NO_SSL_SUPPORT: 'it has no TLS: set it up there, or leave sslmode out',
  // TLS
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is of another name',
  // Files
  ENOENT: 'its folder cannot be made',
  ENOTDIR: 'its folder cannot be made',
  EEXIST: 'its folder cannot be made',
  EACCES: 'this user may not open it',
  EPERM: 'this user may not open it',
  EROFS: 'its disk is read-only',
  ENOSPC: 'its disk is full',
  EISDIR: 'it is a folder',
  SQLITE_NOTADB: 'the file holds something else than a database',
  SQLITE_CANTOPEN: 'the file cannot be opened',
  SQLITE_READONLY: 'the file is read-only',
  SQLITE_BUSY: 'another process has locked the file',
  // libSQL servers
  HTTP_401: 'it refuses the token',
};

/** `outward` of a failure to open the database at `place`: with the cause in words, and with nothing else of the URL. */
export function unopened(error: unknown, place: string): unknown {
  if (MISTAKES.some((kind) => error instanceof kind)) return error;
  const code = codeOf(error);
  const why = WHY[code] ?? 'it cannot be opened';
  return new TrustError('DATABASE_UNAVAILABLE', { cause: new StorageFault(code, `${place}: ${why} (${code})`) });
}
