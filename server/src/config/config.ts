import { readFileSync } from 'node:fs';
import { type Address, isLoopback } from './address.ts';
import { distance } from './distance.ts';
import { readSmtp, type SmtpConfig } from './mail_settings.ts';
import { type OauthProviderConfig, oauthVariables, readOauthProviders, unlistedProvider } from './oauth_settings.ts';
import { readPublicUrl } from './page_settings.ts';
import { CLIENT_VARIABLES, cores, SETTINGS, type SettingKey, type SettingValues } from './settings.ts';
import { readUsersTable, type UsersTableConfig } from './users_table_settings.ts';

/** Everything that the server was told, read once and frozen. */
export type Config = {
  readonly dev: boolean;
  readonly databaseUrl: string;
  /** People of another program's table, if any. */
  readonly users: UsersTableConfig | undefined;
  /** Providers with whose accounts people sign in. */
  readonly oauth: readonly OauthProviderConfig[];
  /** Whether tables are brought forward at start. */
  readonly migrate: boolean;
  /** Whether every write is refused. */
  readonly readOnly: boolean;
  readonly dataDir: string;
  /** Processes that serve behind the same addresses. */
  readonly workers: number;
  readonly grpcAddress: Address;
  readonly httpAddress: Address;
  /** An origin, without a slash at its end. */
  readonly publicUrl: string;
  /** Where browsers report what the policy of the pages has stopped. */
  readonly cspReportUrl: string | undefined;
  /** Whether people are asked before they are taken to the sign-in of another site. */
  readonly confirmLeaving: boolean;
  /** 32 bytes; undefined only where it was not required. */
  readonly masterKey: Buffer | undefined;
  readonly tls: TlsFiles | undefined;
  readonly allowPlaintext: boolean;
  /** Where mails go; undefined where none are sent. */
  readonly smtp: SmtpConfig | undefined;
  readonly trustedProxies: readonly string[];
  readonly webhookAddresses: readonly string[];
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** 0 means never. */
  readonly sessionRetentionDays: number;
  /** 0 means never. */
  readonly auditRetentionDays: number;
  readonly signingAlg: 'EdDSA' | 'ES256';
  /** 0 means never. */
  readonly signingRotationDays: number;
  readonly hashConcurrency: number;
  readonly hashQueue: number;
  readonly argon2MemoryKib: number;
  readonly argon2Passes: number;
  readonly breachedPasswordsFile: string | undefined;
  /** Room on the disk of the database, in units of 2^20 bytes. */
  readonly dbReserveMb: number;
  readonly placesFile: string | undefined;
  readonly mailTemplates: string | undefined;
  readonly deadlineMs: number;
  readonly drainMs: number;
  /** 0 means never. */
  readonly maxConnectionAgeS: number;
  readonly reflection: boolean;
};

/** Paths of PEM files. */
export type TlsFiles = {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile: string | undefined;
};

export type ConfigOptions = {
  readonly dev: boolean;
  /** Whether a missing master key is an error. By default it is, except with `dev`. */
  readonly masterKey?: 'required' | 'optional';
  readonly readFile?: (path: string) => string;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** Every mistake of the environment at once, one line each, each naming its variable and never a secret's value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** Reads the environment. Throws a ConfigError that lists everything that is wrong with it. */
export function readConfig(env: Environment, options: ConfigOptions): Config {
  const problems: string[] = [];
  const values = readValues(env, problems);
  problems.unshift(...unknownVariables(env, values.oauthNames ?? []));
  const config = assemble(values, env, options, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}

function readValues(env: Environment, problems: string[]): SettingValues {
  const values: Partial<Record<SettingKey, unknown>> = {};
  for (const [key, { name, fallback, schema }] of Object.entries(SETTINGS)) {
    const given = env[name] === '' ? undefined : env[name];
    const text = given ?? fallback;
    if (text === undefined) continue;
    const result = schema.safeParse(text);
    if (result.success) values[key as SettingKey] = result.data;
    else problems.push(`${name} ${result.error.issues[0]?.message ?? 'is not valid'}.`);
  }
  return values as SettingValues;
}

function assemble(values: SettingValues, env: Environment, options: ConfigOptions, problems: string[]): Config {
  const { dev } = options;
  // A refused value has its problem listed already; the stand-ins below only keep the other checks going.
  const dataDir = values.dataDir ?? './data';
  const grpcAddress = values.grpcAddress ?? { host: '127.0.0.1', port: 0 };
  const httpAddress = values.httpAddress ?? { host: '127.0.0.1', port: 0 };
  const tls = tlsFiles(values, problems);
  const allowPlaintext = values.allowPlaintext ?? false;
  const refusal = plaintextRefusal(grpcAddress, tls !== undefined, allowPlaintext);
  if (refusal !== undefined) problems.push(refusal);
  const databaseUrl = values.databaseUrl ?? `file:${dataDir.replace(/\/+$/, '')}/trust-layer.db`;
  const workers = values.workers ?? 1;
  if (workers > 1 && /^(file|sqlite):/.test(databaseUrl))
    problems.push(
      `TRUST_WORKERS is ${workers}, but one process alone may open an embedded database file: set it to 1, or DATABASE_URL to a database server.`,
    );
  return {
    dev,
    databaseUrl: inSchema(databaseUrl, values.dbSchema, problems),
    users: readUsersTable(values, databaseUrl, problems),
    oauth: readOauthProviders(values.oauthNames ?? [], env, options.readFile ?? readText, problems),
    migrate: values.migrate ?? true,
    readOnly: values.readOnly ?? false,
    dataDir,
    workers,
    grpcAddress,
    httpAddress,
    publicUrl: readPublicUrl(values, env, httpAddress, dev, problems),
    cspReportUrl: values.cspReportUrl,
    confirmLeaving: values.confirmLeaving ?? false,
    masterKey: readMasterKey(values, env, options, problems),
    tls,
    allowPlaintext,
    smtp: readSmtp(values, env, problems),
    trustedProxies: Object.freeze(values.trustedProxies ?? []),
    webhookAddresses: Object.freeze(values.webhookAddresses ?? (options.dev ? ['127.0.0.0/8', '::1'] : [])),
    logLevel: values.logLevel ?? 'info',
    sessionRetentionDays: values.sessionRetentionDays ?? 0,
    auditRetentionDays: values.auditRetentionDays ?? 0,
    signingAlg: values.signingAlg ?? 'EdDSA',
    signingRotationDays: values.signingRotationDays ?? 0,
    hashConcurrency: values.hashConcurrency ?? Math.max(1, Math.floor(cores / workers)),
    hashQueue: values.hashQueue ?? 0,
    argon2MemoryKib: values.argon2MemoryKib ?? 0,
    argon2Passes: values.argon2Passes ?? 0,
    breachedPasswordsFile: values.breachedPasswordsFile,
    dbReserveMb: values.dbReserveMb ?? (dev ? 0 : 16),
    placesFile: values.placesFile,
    mailTemplates: values.mailTemplates,
    deadlineMs: values.deadlineMs ?? 0,
    drainMs: values.drainMs ?? 0,
    maxConnectionAgeS: values.maxConnectionAgeS ?? 0,
    reflection: values.reflection ?? dev,
  };
}

/** The URL with the schema as one of its options. */
function inSchema(databaseUrl: string, schema: string | undefined, problems: string[]): string {
  if (schema === undefined) return databaseUrl;
  if (!/^postgres(ql)?:/.test(databaseUrl)) {
    problems.push(
      'TRUST_DB_SCHEMA is served on PostgreSQL only; elsewhere a database of its own, or a file, does the same.',
    );
    return databaseUrl;
  }
  const url = URL.parse(databaseUrl);
  if (url?.searchParams.has('schema')) problems.push('TRUST_DB_SCHEMA must not be set beside schema= in DATABASE_URL.');
  url?.searchParams.set('schema', schema);
  return url?.href ?? databaseUrl;
}

/** Why gRPC may not listen there without TLS, in one sentence; undefined if it may. */
export function plaintextRefusal(address: Address, tls: boolean, allowed: boolean): string | undefined {
  if (tls || allowed || isLoopback(address.host)) return undefined;
  return (
    `TRUST_GRPC_ADDRESS is beyond loopback (${address.host}) and there is no TLS, so service keys and session_ids would travel ` +
    'in the clear: set TRUST_TLS_CERT_FILE and TRUST_TLS_KEY_FILE, or say TRUST_ALLOW_PLAINTEXT=beyond-loopback.'
  );
}

function tlsFiles(values: SettingValues, problems: string[]): TlsFiles | undefined {
  const { tlsCertFile: certFile, tlsKeyFile: keyFile, tlsClientCaFile: clientCaFile } = values;
  if (certFile !== undefined && keyFile !== undefined) return Object.freeze({ certFile, keyFile, clientCaFile });
  if (certFile !== undefined) problems.push('TRUST_TLS_KEY_FILE must be set when TRUST_TLS_CERT_FILE is.');
  if (keyFile !== undefined) problems.push('TRUST_TLS_CERT_FILE must be set when TRUST_TLS_KEY_FILE is.');
  if (certFile === undefined && keyFile === undefined && clientCaFile !== undefined) {
    problems.push('TRUST_TLS_CLIENT_CA_FILE needs TRUST_TLS_CERT_FILE and TRUST_TLS_KEY_FILE.');
  }
  return undefined;
}

function readMasterKey(
  values: SettingValues,
  env: Environment,
  { dev, masterKey, readFile = readText }: ConfigOptions,
  problems: string[],
): Buffer | undefined {
  if (values.masterKeyFile === undefined) {
    const required = masterKey === undefined ? !dev : masterKey === 'required';
    if (required && !env.TRUST_MASTER_KEY) {
      problems.push('TRUST_MASTER_KEY or TRUST_MASTER_KEY_FILE must be set (trust-layer keygen makes a key).');
    }
    return values.masterKey;
  }
  if (env.TRUST_MASTER_KEY) {
    problems.push('TRUST_MASTER_KEY and TRUST_MASTER_KEY_FILE must not both be set.');
    return undefined;
  }
  let text: string;
  try {
    text = readFile(values.masterKeyFile).trim();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    problems.push(`TRUST_MASTER_KEY_FILE names a file that cannot be read (${code}).`);
    return undefined;
  }
  const result = SETTINGS.masterKey.schema.safeParse(text);
  if (!result.success)
    problems.push(`TRUST_MASTER_KEY_FILE: the file ${result.error.issues[0]?.message ?? 'is not valid'}.`);
  return result.data;
}

const readText = (path: string) => readFileSync(path, 'utf8');

function unknownVariables(env: Environment, providers: readonly string[]): string[] {
  const names = [...Object.values(SETTINGS).map(({ name }) => name), ...oauthVariables(providers)];
  return Object.keys(env)
    .filter(
      (name) => name.startsWith('TRUST_') && !names.some((known) => known === name) && !CLIENT_VARIABLES.has(name),
    )
    .sort()
    .map((name) => unlistedProvider(name) ?? `${name} is not a setting${suggestion(name, names)}.`);
}

function suggestion(name: string, names: readonly string[]): string {
  const [best] = names
    .map((known) => ({ known, distance: distance(name, known) }))
    .sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= 3
    ? ` (did you mean ${best.known}?)`
    : ' (trust-layer config lists all)';
}
