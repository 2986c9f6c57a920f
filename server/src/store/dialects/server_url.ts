import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { type Transport, transportOf } from './transport.ts';

/** How a connection is encrypted: what Node's TLS takes. */
export type TlsOptions = {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly checkServerIdentity?: (name: string, certificate: PeerCertificate) => Error | undefined;
};

/** What the URL of a PostgreSQL, MySQL or MariaDB server says. */
export type ServerAddress = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** A socket of this machine instead of host and port. */
  readonly socket: string | undefined;
  /** Undefined without TLS. */
  readonly tls: TlsOptions | undefined;
  /** Schema of the tables, where a database has such. */
  readonly schema: string | undefined;
  /** Connections for transactions, and for reads outside of them. */
  readonly pool: number;
  readonly readers: number;
  /** A statement is ended by the server after this, and given up after twice as long. */
  readonly statementMs: number;
  /** A transaction that is to be committed later than this after its BEGIN is undone. */
  readonly transactionMs: number;
};

/** Readers of the change feed rely on no transaction being longer (OVERLAP there): options may shorten it only. */
export const TRANSACTION_MS = 10_000;
const STATEMENT_MS = 5_000;

type Bound = { readonly fallback: number; readonly min: number; readonly max: number };
const NUMBERS = {
  pool: { fallback: 10, min: 1, max: 200 },
  readers: { fallback: 4, min: 1, max: 200 },
  statement_ms: { fallback: STATEMENT_MS, min: 1_000, max: STATEMENT_MS },
  transaction_ms: { fallback: TRANSACTION_MS, min: 1_000, max: TRANSACTION_MS },
} satisfies Record<string, Bound>;

const TLS_FILES = ['sslrootcert', 'sslcert', 'sslkey'] as const;
const KNOWN = ['socket', 'schema', 'sslmode', ...TLS_FILES, ...Object.keys(NUMBERS)];

/** Of every schema that can be named: no quotes are ever needed. */
export const SCHEMA = /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/;

const wrong = (words: string) => new Error(`DATABASE_URL ${words}.`);

/** Reads the URL itself, for the drivers would take options from it that change what statements mean. Throws without quoting it: it may hold a password. */
export function readServerUrl(databaseUrl: string, defaultPort: number): ServerAddress {
  const url = URL.parse(databaseUrl);
  if (url === null) throw wrong('is not a URL; in a password write / ? # @ and % as %2F %3F %23 %40 and %25');
  const database = decoded(url.pathname.slice(1));
  if (database === '' || database.includes('/'))
    throw wrong(`must name a database after the host, such as ${url.protocol}//user@host/trust`);
  const options = optionsOf(url);
  const host = decoded(url.hostname).replaceAll(/[[\]]/g, '');
  if (host === '' && options.socket === undefined) throw wrong('must name a host, or a socket by socket=PATH');
  const { schema } = options;
  if (schema !== undefined && !SCHEMA.test(schema))
    throw wrong('must name a schema of a-z, 0-9 and _, at most 63, that does not begin with a digit or pg_');
  return {
    host,
    port: url.port === '' ? defaultPort : Number(url.port),
    user: decoded(url.username),
    password: decoded(url.password),
    database,
    socket: options.socket,
    tls: tlsOf(options, host),
    schema,
    pool: numberOf('pool', options),
    readers: numberOf('readers', options),
    statementMs: numberOf('statement_ms', options),
    transactionMs: numberOf('transaction_ms', options),
  };
}

/** Where it is, as an operator knows it: without user and password. */
export const placeOf = ({ host, port, database, socket }: ServerAddress): string =>
  socket === undefined ? `${host.includes(':') ? `[${host}]` : host}:${port}/${database}` : `${socket} (${database})`;

/** Through a socket it stays on this machine. */
export const transportTo = ({ host, socket, tls }: ServerAddress): Transport =>
  socket === undefined ? transportOf(host, tls) : 'local';

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('has a % that is not followed by two hexadecimal digits; write % as %25');
  }
}

type Options = Readonly<Partial<Record<string, string>>>;

function optionsOf({ searchParams }: URL): Options {
  for (const name of searchParams.keys()) {
    if (!KNOWN.includes(name)) throw wrong(`has an option that is not served: ${name}. There are ${KNOWN.join(', ')}`);
    if (searchParams.getAll(name).length > 1) throw wrong(`has the option ${name} twice`);
  }
  return Object.fromEntries(searchParams);
}

function numberOf(name: keyof typeof NUMBERS, options: Options): number {
  const { fallback, min, max } = NUMBERS[name];
  const text = options[name];
  if (text === undefined) return fallback;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw wrong(`must have a whole number from ${min} to ${max} as ${name}`);
}

/** PostgreSQL's words for all servers. A mode that falls back to plain text by itself is none. */
function tlsOf(options: Options, host: string): TlsOptions | undefined {
  const { sslmode = 'disable' } = options;
  const files = TLS_FILES.filter((name) => options[name] !== undefined);
  if (sslmode === 'disable') {
    if (files.length > 0) throw wrong(`names ${files.join(' and ')} without sslmode=verify-full`);
    return undefined;
  }
  const checked = ['require', 'verify-ca', 'verify-full'].includes(sslmode);
  if (!checked && sslmode !== 'no-verify')
    throw wrong('must have disable, no-verify or verify-full (also called require and verify-ca) as sslmode');
  if ((options.sslcert === undefined) !== (options.sslkey === undefined))
    throw wrong('must name sslcert and sslkey together');
  const [ca, cert, key] = TLS_FILES.map((name) => fileOf(name, options[name]));
  return {
    rejectUnauthorized: checked,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    // Given a socket that is open already, Node would look for "localhost" in the certificate of an address.
    ...(checked && isIP(host) !== 0
      ? { checkServerIdentity: (_: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate) }
      : {}),
  };
}

function fileOf(name: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw wrong(
      `names a file as ${name} that cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
    );
  }
}
