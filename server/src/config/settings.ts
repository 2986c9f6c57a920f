import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { parseAddress } from './address.ts';
import { mailSettings } from './mail_settings.ts';
import { OAUTH_PROVIDERS, providerNames } from './oauth_settings.ts';
import { pageSettings } from './page_settings.ts';
import { usersTableSettings } from './users_table_settings.ts';

/** One setting: its variable, what it means, and how its text is read. */
export type Setting<T> = {
  readonly name: string;
  readonly description: string;
  /** Text used when the variable is unset; undefined leaves the setting out. May refer to other settings in words. */
  readonly fallback: string | undefined;
  /** How `trust-layer config` words a fallback that depends on others. */
  readonly fallbackNote?: string;
  readonly secret: boolean;
  readonly schema: z.ZodType<T, string>;
};

function setting<T>(
  name: string,
  fallback: string | undefined,
  description: string,
  schema: z.ZodType<T, string>,
  options: { secret?: boolean; fallbackNote?: string } = {},
): Setting<T> {
  return { name, description, fallback, schema, secret: options.secret ?? false, ...noteOf(options.fallbackNote) };
}

const noteOf = (fallbackNote: string | undefined) => (fallbackNote === undefined ? {} : { fallbackNote });

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,12}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`);

const oneOf = <const T extends readonly [string, ...string[]]>(...words: T) =>
  z
    .string()
    .refine((text) => words.includes(text), `must be ${words.join(', ').replace(/, ([^,]*)$/, ' or $1')}`)
    .transform((text) => text as T[number]);

const path = z.string().min(1, 'must not be empty').max(4096, 'must be at most 4,096 characters');

const address = z
  .string()
  .refine((text) => parseAddress(text) !== undefined, 'must be host:port, such as 127.0.0.1:50051 or [::1]:50051')
  .transform((text) => parseAddress(text) ?? { host: '', port: 0 });

const DATABASE_SCHEMES = 'file: sqlite: libsql: http: https: ws: wss: postgres: postgresql: mysql: mariadb:'.split(' ');

const databaseUrl = z
  .string()
  .refine(
    (text) => DATABASE_SCHEMES.some((scheme) => text.startsWith(scheme)),
    'must begin with file:, sqlite:, libsql:, http:, https:, ws:, wss:, postgres:, postgresql:, mysql: or mariadb:',
  );

const masterKey = z
  .string()
  .refine((text) => {
    const bytes = Buffer.from(text, 'base64');
    return bytes.length === 32 && bytes.toString('base64') === text;
  }, 'must be the base64 form of 32 bytes (trust-layer keygen makes one)')
  .transform((text) => Buffer.from(text, 'base64'));

function isCidr(text: string): boolean {
  const [host = '', bits, ...rest] = text.split('/');
  const family = isIP(host);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

const cidrs = z
  .string()
  .transform((text) => text.split(',').flatMap((part) => part.trim() || []))
  .refine((parts) => parts.every(isCidr), 'must be addresses or CIDR blocks separated by commas, such as 10.0.0.0/8');

export const cores = availableParallelism();

/** Every setting of the server, in the order in which it is shown. The one place where names, defaults and bounds stand. */
export const SETTINGS = {
  databaseUrl: setting(
    'DATABASE_URL',
    undefined,
    'Database: file:PATH, or a libsql:, postgres:, mysql: or mariadb: URL (docs/guide/databases.md).',
    databaseUrl,
    {
      secret: true,
      fallbackNote: 'file:trust-layer.db in TRUST_DATA_DIR',
    },
  ),
  dbSchema: setting(
    'TRUST_DB_SCHEMA',
    undefined,
    'PostgreSQL: schema of the tables, so that they may stand beside those of an application; the first migration makes it.',
    z
      .string()
      .regex(
        /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/,
        'must be 1 to 63 of a-z, 0-9 and _, and must not begin with a digit or pg_',
      ),
    { fallbackNote: 'public, as the server has it' },
  ),
  migrate: setting(
    'TRUST_MIGRATE',
    'on',
    'on: tables are brought to this version at start, once however many nodes start. off: only by trust-layer migrate; a server does not start before.',
    oneOf('on', 'off').transform((text) => text === 'on'),
  ),
  readOnly: setting(
    'TRUST_READ_ONLY',
    'off',
    'on: Verify and all other reads go on, every write is refused as DATABASE_UNAVAILABLE. For the last step of a move to another database.',
    oneOf('on', 'off').transform((text) => text === 'on'),
  ),
  dataDir: setting('TRUST_DATA_DIR', './data', 'Folder for the database file and, with --dev, the master key.', path),
  workers: setting(
    'TRUST_WORKERS',
    '1',
    'Processes that serve behind the same two addresses, 1 to 128, or the word cores: one for each. More than one needs a database server.',
    z
      .string()
      .transform((text) => (text === 'cores' ? String(cores) : text))
      .pipe(whole(1, 128)),
  ),
  grpcAddress: setting('TRUST_GRPC_ADDRESS', '127.0.0.1:50051', 'host:port of the gRPC service.', address),
  httpAddress: setting('TRUST_HTTP_ADDRESS', '127.0.0.1:8080', 'host:port of the hosted pages and the JWKS.', address),
  ...pageSettings(setting),
  masterKey: setting(
    'TRUST_MASTER_KEY',
    undefined,
    'Encrypts signing keys in the database: base64 of 32 bytes (trust-layer keygen). This or TRUST_MASTER_KEY_FILE is required without --dev.',
    masterKey,
    { secret: true },
  ),
  masterKeyFile: setting('TRUST_MASTER_KEY_FILE', undefined, 'File that holds the master key in the same form.', path),
  tlsCertFile: setting(
    'TRUST_TLS_CERT_FILE',
    undefined,
    'PEM certificate chain of the gRPC service; read again when it changes.',
    path,
  ),
  tlsKeyFile: setting('TRUST_TLS_KEY_FILE', undefined, 'PEM private key of that certificate.', path),
  tlsClientCaFile: setting(
    'TRUST_TLS_CLIENT_CA_FILE',
    undefined,
    'PEM certificates that sign client certificates; with it, services may authenticate by mTLS.',
    path,
  ),
  allowPlaintext: setting(
    'TRUST_ALLOW_PLAINTEXT',
    undefined,
    'The words beyond-loopback allow gRPC without TLS on other addresses than loopback. Service keys then travel in the clear.',
    oneOf('beyond-loopback').transform(() => true),
  ),
  ...mailSettings(setting, oneOf),
  trustedProxies: setting(
    'TRUST_TRUSTED_PROXIES',
    '',
    'Proxies whose X-Forwarded-For is believed: addresses or CIDR blocks, separated by commas.',
    cidrs,
    { fallbackNote: 'none' },
  ),
  logLevel: setting(
    'TRUST_LOG_LEVEL',
    'info',
    'trace, debug (one line a call), info, warn, error, fatal or silent.',
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  ),
  webhookAddresses: setting(
    'TRUST_WEBHOOK_ADDRESSES',
    undefined,
    'Addresses or CIDR blocks beside public ones to which webhooks may be sent, separated by commas, such as 10.1.2.0/24.',
    cidrs,
    { fallbackNote: 'none; with --dev this machine: 127.0.0.0/8 and ::1' },
  ),
  sessionRetentionDays: setting(
    'TRUST_SESSION_RETENTION_DAYS',
    '30',
    'Days after which an expired session is deleted, 1 to 3,650; 0 means never.',
    whole(0, 3_650),
  ),
  auditRetentionDays: setting(
    'TRUST_AUDIT_RETENTION_DAYS',
    '0',
    'Days after which audit events are deleted, 1 to 36,500; 0 means never.',
    whole(0, 36_500),
  ),
  ...usersTableSettings(setting, oneOf, databaseUrl),
  oauthNames: setting(
    OAUTH_PROVIDERS,
    '',
    'Providers with whose accounts people sign in, in the order of their buttons, such as google,github; each has settings of its own (docs/guide/oauth.md).',
    providerNames,
    { fallbackNote: 'none' },
  ),
  signingAlg: setting(
    'TRUST_SIGNING_ALG',
    'EdDSA',
    'Algorithm of new signing keys: EdDSA or ES256.',
    oneOf('EdDSA', 'ES256'),
  ),
  signingRotationDays: setting(
    'TRUST_SIGNING_ROTATION_DAYS',
    '30',
    'Days after which the signing key is rotated, 1 to 365; 0 means never.',
    whole(0, 365),
  ),
  hashConcurrency: setting(
    'TRUST_HASH_CONCURRENCY',
    undefined,
    'Password hashes computed at a time by each worker, 1 to 128.',
    whole(1, 128),
    { fallbackNote: `the number of cores (${cores}), divided among the workers` },
  ),
  hashQueue: setting(
    'TRUST_HASH_QUEUE',
    '64',
    'Password hashes that may wait, 0 to 10,000; more are answered HASHING_BUSY.',
    whole(0, 10_000),
  ),
  argon2MemoryKib: setting(
    'TRUST_ARGON2_MEMORY_KIB',
    '19456',
    'Memory of one password hash (argon2id) in KiB, 19,456 to 1,048,576.',
    whole(19_456, 1_048_576),
  ),
  argon2Passes: setting('TRUST_ARGON2_PASSES', '2', 'Passes of one password hash, 2 to 16.', whole(2, 16)),
  breachedPasswordsFile: setting(
    'TRUST_BREACHED_PASSWORDS_FILE',
    undefined,
    'File of breached passwords that may not be chosen: SHA-1 in upper-case hex a line, sorted, with or without a count.',
    path,
  ),
  dbReserveMb: setting(
    'TRUST_DB_RESERVE_MB',
    undefined,
    'Megabytes (2^20 bytes) on the disk of the database that are set aside, so that sessions can be ended when it is full, 0 to 1,024. Default: 16; 0 with --dev.',
    whole(0, 1_024),
  ),
  placesFile: setting(
    'TRUST_PLACES_FILE',
    undefined,
    'MaxMind DB file of cities or countries, such as GeoLite2 City: pages and mails name the place of an address by it. At most 512 MiB; kept in memory.',
    path,
  ),
  mailTemplates: setting(
    'TRUST_MAIL_TEMPLATES',
    undefined,
    'Folder of your own words for mails, as TENANT/LANGUAGE/MAIL.txt and .html (docs/guide/mail.md); _all stands for every tenant.',
    path,
  ),
  deadlineMs: setting(
    'TRUST_DEADLINE_MS',
    '10000',
    'Longest time that a call may take, in milliseconds, 100 to 60,000; a caller may ask for less.',
    whole(100, 60_000),
  ),
  drainMs: setting(
    'TRUST_DRAIN_MS',
    '10000',
    'Longest time that calls in progress get at shutdown, in milliseconds, 0 to 120,000.',
    whole(0, 120_000),
  ),
  maxConnectionAgeS: setting(
    'TRUST_MAX_CONNECTION_AGE_S',
    '900',
    'Age at which a gRPC connection is closed in good order, so that clients spread again, in seconds, 10 to 86,400; 0 means never.',
    whole(0, 86_400).refine((value) => value === 0 || value >= 10, 'must be 0 or 10 to 86400'),
  ),
  reflection: setting(
    'TRUST_REFLECTION',
    undefined,
    'on or off: whether the gRPC server describes its own contract to tools such as grpcurl.',
    oneOf('on', 'off').transform((text) => text === 'on'),
    { fallbackNote: 'on with --dev, else off' },
  ),
} as const;

export type SettingKey = keyof typeof SETTINGS;

/** What each setting reads as, before the defaults that depend on others. */
export type SettingValues = { readonly [K in SettingKey]: z.output<(typeof SETTINGS)[K]['schema']> | undefined };

/** Variables of the same prefix that belong to clients and the command line; the server ignores them. */
export const CLIENT_VARIABLES: ReadonlySet<string> = new Set([
  'TRUST_SERVICE_KEY',
  'TRUST_SERVICE_KEY_FILE',
  'TRUST_ADDRESS',
  'TRUST_PAGES_URL',
  'TRUST_ORDERS_KEY',
  'TRUST_ORDERS_KEY_FILE',
]);
