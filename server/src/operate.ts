import { randomBytes, randomUUID } from 'node:crypto';
import type {
  CopyOptions,
  CopyResult,
  DoctorResult,
  MigratePlan,
  MigrateResult,
  OutboxResult,
  RotateSigningKeyResult,
  ServiceKeyResult,
} from './cli/actions.ts';
import { outboxSeal } from './compose_mail.ts';
import type { Config } from './config/config.ts';
import type { UsersTableConfig } from './config/users_table_settings.ts';
import { developmentMasterKey } from './development.ts';
import { TrustError } from './errors/trust_error.ts';
import { readOutbox } from './features/mail/read_outbox.ts';
import { createServiceKey } from './features/service_key/change_service_key.ts';
import type { Scope } from './features/service_key/service_key.ts';
import { keySealer, sealContext } from './features/signing_key/keys.ts';
import { DEFAULT_TENANT } from './features/tenant/tenant.ts';
import { parseForeignHash } from './features/users_table/foreign_hash.ts';
import type { UsersTableStore } from './features/users_table/store.ts';
import { createLog } from './log.ts';
import { type Node, type NodeOptions, openNode } from './node.ts';
import { copyDatabase } from './store/copy/copy.ts';
import { openDialect } from './store/dialects/dialect.ts';
import { encryptionOf, examineDatabase, type Finding } from './store/doctor.ts';
import { planMigrations } from './store/migrate.ts';
import { openStore } from './store/store.ts';
import { usersTableStore } from './store/users_table_store.ts';

/** The actor of what is done by command. */
export const OPERATOR = 'operator';

/** `trust-layer migrate`. */
export async function migrateOnly({ databaseUrl }: Config): Promise<MigrateResult> {
  const store = await openStore({ databaseUrl });
  try {
    const refusal = await store.refusal(true);
    if (refusal !== undefined) throw new Error(refusal);
    return { database: store.database.name, applied: await store.migrate() };
  } finally {
    await store.close();
  }
}

/** `trust-layer migrate --plan`. */
export async function planOnly({ databaseUrl }: Config): Promise<MigratePlan> {
  const open = await openDialect(databaseUrl, () => {});
  return { database: open.dialect.name, plan: await planMigrations(open, () => {}) };
}

/** `trust-layer copy`. With --follow a signal ends it in good order; without, the next run goes on where this one was killed. */
export async function copy(options: CopyOptions): Promise<CopyResult> {
  const stop = new AbortController();
  const end = () => stop.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  try {
    return await copyDatabase({ ...options, stop: stop.signal, nonce: randomUUID() });
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end);
  }
}

/** `trust-layer doctor`. */
export async function doctor(config: Config): Promise<DoctorResult> {
  const { database, findings } = await examineDatabase(config.databaseUrl, { reserveMb: config.dbReserveMb });
  const more: Finding[] = [];
  if (config.users !== undefined) more.push(...(await usersTableFindings(config.users, config.databaseUrl)));
  const usable = ['connection', 'migrations'].every((name) => findings.some(({ check, ok }) => check === name && ok));
  if (config.masterKey !== undefined && usable) more.push(await masterKeyFinding(config, config.masterKey));
  return { database, findings: [...findings, ...more] };
}

/** Whether the people of the other program's table can be read, and their passwords checked; and by no one on the way. */
async function usersTableFindings(users: UsersTableConfig, databaseUrl: string): Promise<readonly Finding[]> {
  const store = await usersTableStore(users, () => {});
  try {
    const finding = await usersTableFinding(users, store);
    if (users.databaseUrl === databaseUrl) return [finding];
    const encryption = await store.transport().then(encryptionOf, () => undefined);
    return encryption === undefined ? [finding] : [finding, { ...encryption, check: 'users table: encryption' }];
  } finally {
    await store.close();
  }
}

async function usersTableFinding({ kinds }: UsersTableConfig, store: UsersTableStore): Promise<Finding> {
  const check = 'users table';
  try {
    await store.readByIdentifier(['', '']);
    const hash = await store.anyHash();
    const kind = hash === undefined ? undefined : parseForeignHash(hash)?.kind;
    if (hash === undefined) return { check, ok: true, found: 'can be read; nobody in it has a password' };
    if (kind !== undefined && kinds.includes(kind))
      return { check, ok: true, found: `can be read; its hashes are ${kind}` };
    const advice =
      'See TRUST_USERS_HASH, and which forms docs/guide/users_table.md lists: who has another one cannot sign in.';
    return {
      check,
      ok: false,
      found: `holds a hash of ${kind ?? 'no form that is known, or one that costs too much'}`,
      advice,
    };
  } catch (error) {
    const { cause } = error as Error;
    const advice =
      'See TRUST_USERS_DATABASE_URL, TRUST_USERS_TABLE and TRUST_USERS_COLUMNS, and grant select on the table: its people cannot sign in.';
    return {
      check,
      ok: false,
      found: `cannot be read (${cause instanceof Error ? cause.message : 'unknown'})`,
      advice,
    };
  }
}

/** Whether the master key and the public URL are those under which the signing keys were sealed. */
async function masterKeyFinding({ databaseUrl, publicUrl }: Config, masterKey: Uint8Array): Promise<Finding> {
  const check = 'master key';
  const store = await openStore({ databaseUrl, readOnly: true });
  try {
    const sealer = keySealer({ masterKey, random: randomBytes });
    const keys = (await store.signingKeys.list(DEFAULT_TENANT)).filter(({ sealed }) => sealed !== '');
    for (const key of keys) sealer.open(key.sealed, sealContext(publicUrl, key));
    return { check, ok: true, found: keys.length === 0 ? 'no key is sealed yet' : `opens ${keys.length} signing keys` };
  } catch (error) {
    if (error instanceof TrustError) throw error;
    const advice = `Set TRUST_MASTER_KEY and TRUST_PUBLIC_URL (now ${publicUrl}) as they were, or give the old keys up by trust-layer signing-key reset.`;
    return { check, ok: false, found: 'does not open the signing keys', advice };
  } finally {
    await store.close();
  }
}

/** `trust-layer outbox`: of development servers only, for mails hold codes and links that open accounts. */
export async function showOutbox(
  config: Config,
  { tenantId, limit }: { readonly tenantId: string; readonly limit: number },
): Promise<OutboxResult> {
  if (!config.dev)
    throw new Error('Mails hold what opens accounts, so they are shown of a development server only (--dev).');
  const store = await openStore({ databaseUrl: config.databaseUrl, readOnly: true });
  try {
    const seal = outboxSeal({
      masterKey: config.masterKey ?? developmentMasterKey(config.dataDir),
      random: randomBytes,
    });
    return { mails: await readOutbox({ outbox: store.outbox, seal })(tenantId, limit) };
  } finally {
    await store.close();
  }
}

/** `trust-layer service-key create`: adds the scopes and audiences to what the service has. */
export function createKey(
  config: Config,
  {
    tenantId,
    service: name,
    scopes,
    audiences,
  }: { tenantId: string; service: string; scopes: readonly string[]; audiences: readonly string[] },
): Promise<ServiceKeyResult> {
  return withNode(config, async (node) => {
    const known = await node.store.services.read(tenantId, name);
    await node.putService(OPERATOR, {
      tenantId,
      name,
      scopes: union(known?.scopes, scopes) as readonly Scope[],
      audiences: union(known?.audiences, audiences),
      certificateNames: known?.certificateNames ?? [],
    });
    const { key, secret } = await createServiceKey(node.keyDeps, { tenantId, actor: OPERATOR, service: name });
    return { id: key.id, key: secret };
  });
}

/** `trust-layer signing-key rotate`. */
export function rotateKey(
  config: Config,
  { tenantId, immediate }: { tenantId: string; immediate: boolean },
): Promise<RotateSigningKeyResult> {
  return withNode(config, ({ rotateSigningKey }) =>
    rotateSigningKey({ tenantId, actor: OPERATOR, alg: undefined, immediate }),
  );
}

/** `trust-layer signing-key reset`. */
export function resetKeys(config: Config, { tenantId }: { tenantId: string }): Promise<RotateSigningKeyResult> {
  return withNode(
    config,
    ({ resetSigningKeys }) => resetSigningKeys({ tenantId, actor: OPERATOR, alg: config.signingAlg }),
    { signingKeys: false },
  );
}

/** Acts on a node without doors; a refusal becomes an Error that says why. */
export async function withNode<T>(config: Config, act: (node: Node) => Promise<T>, options?: NodeOptions): Promise<T> {
  const node = await openNode(config, createLog({ level: 'silent' }), options);
  try {
    return await act(node);
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    const fields = error.fields.map(({ field, description }) => `${field} ${description}`).join('; ');
    throw new Error(fields === '' ? `Refused: ${error.reason}.` : `Refused: ${fields}.`, { cause: error });
  } finally {
    await node.close();
  }
}

const union = (a: readonly string[] = [], b: readonly string[]) => [...new Set([...a, ...b])];
