import { hkdfSync, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { type Composition, compose } from './compose.ts';
import type { MailParts } from './compose_mail.ts';
import type { Config } from './config/config.ts';
import { developmentMasterKey } from './development.ts';
import { createHasher, turnstile } from './features/password/hasher.ts';
import { passwordStrength, refusingBreached } from './features/password/password_rules.ts';
import { ensureDefaultTenant } from './features/tenant/read_settings.ts';
import { DEFAULT_TENANT, type TenantSettings } from './features/tenant/tenant.ts';
import { altcha } from './flood/altcha.ts';
import { NOWHERE } from './kernel/place_name.ts';
import type { Log } from './log.ts';
import { oauthProvider } from './oauth/provider.ts';
import { letHashesStepBack } from './step_back.ts';
import { openBreachedFile } from './store/breached_file.ts';
import { openStore, type Store } from './store/store.ts';
import { usersTableStore } from './store/users_table_store.ts';
import { postEvent } from './webhook/post_event.ts';
import { addressRule } from './webhook/target.ts';

const random = (size: number) => randomBytes(size);

const hkdfHex = (key: Uint8Array, info: string) => Buffer.from(hkdfSync('sha256', key, '', info, 32)).toString('hex');

/** A wired server without its transports: what `serve` listens for and what the operator's commands use directly. */
export type Node = Composition & { readonly store: Store; readonly masterKey: Uint8Array; close(): Promise<void> };

export type NodeOptions = {
  /** False leaves the signing keys alone: for the command that replaces them. */
  readonly signingKeys?: boolean;
};

/** Opens the database, brings it to this version's form and wires the features. Fails if the master key is not the one of the signing keys. */
export async function openNode(config: Config, log: Log, { signingKeys = true }: NodeOptions = {}): Promise<Node> {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const masterKey = config.masterKey ?? developmentMasterKey(config.dataDir);
  const guessed = passwordStrength();
  const breached =
    config.breachedPasswordsFile === undefined ? undefined : await openBreachedFile(config.breachedPasswordsFile);
  const strength = breached === undefined ? guessed : refusingBreached(guessed, breached);
  const placeName =
    config.placesFile === undefined ? NOWHERE : (await import('./places/mmdb.ts')).openPlaces(config.placesFile);
  const enter = turnstile(config.hashConcurrency, config.hashQueue);
  const users =
    config.users &&
    (await usersTableStore(config.users, (event, fields) => log.warn({ event, ...fields }, 'Users table.')));
  const [store, hasher] = await Promise.all([
    openStore({
      databaseUrl: config.databaseUrl,
      readOnly: config.readOnly,
      log: (event, fields) => log.warn({ event, ...fields }, 'Database.'),
    }),
    createHasher({
      memoryKib: config.argon2MemoryKib,
      passes: config.argon2Passes,
      concurrency: config.hashConcurrency,
      queue: config.hashQueue,
      random,
      enter,
    }),
  ]);
  // The hasher has computed its first hash, so the pool runs.
  letHashesStepBack();
  const unusable = () =>
    log.warn(
      { event: 'users_table_hash_unusable' },
      'A hash of the users table is in no accepted form, or costs too much.',
    );
  const feedFailed = (error: unknown) => log.warn({ event: 'feed_failing', error }, 'The change feed cannot be read.');
  const oauthFailed = (provider: string, code: string) =>
    log.warn({ event: 'oauth_failed', provider, code }, 'A sign-in with a provider did not end well.');
  try {
    await bringForward(store, config, log);
    if (!config.readOnly && config.dbReserveMb > 0) await store.setRoomAside(config.dbReserveMb * 2 ** 20);
    const reach = addressRule(config.webhookAddresses);
    const node = compose({
      store,
      config,
      firstSettings: firstSettings(config),
      masterKey,
      hasher,
      strength,
      proofOfWork: altcha({ secret: hkdfHex(masterKey, 'trust-layer proof of work'), clock: Date.now }),
      clock: Date.now,
      monotonic: () => performance.now(),
      random,
      feedFailed,
      mail: await mailParts(config, log),
      placeName,
      webhook: { ...reach, post: postEvent(reach) },
      oauthProviders: config.oauth.map((provider) =>
        oauthProvider({ config: provider, clock: Date.now, failed: oauthFailed }),
      ),
      usersTable: users &&
        config.users && { users, enter, rules: { ...config.users, tenantId: DEFAULT_TENANT }, unusable },
    });
    if (!config.readOnly) await ensureDefaultTenant({ tenants: store.tenants, clock: Date.now }, firstSettings(config));
    if (signingKeys) await node.ensureSigningKey(DEFAULT_TENANT).catch(explain(config));
    const close = async () => {
      await strength.close();
      breached?.close();
      await users?.close();
      await store.close();
    };
    return { ...node, store, masterKey, close };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Mails go to an SMTP server; a development server without one keeps them to be looked at. */
async function mailParts(config: Config, log: Log): Promise<MailParts | undefined> {
  if (config.smtp === undefined && !config.dev) return undefined;
  const failed = (error: unknown, attempt: number) =>
    log.warn({ event: 'mail_failing', attempt, error }, 'A mail could not be handed over; it is tried again.');
  // Loaded only where mails are sent.
  const deliver = config.smtp && (await import('./mail/smtp.ts')).smtp(config.smtp);
  const ownMails =
    config.mailTemplates === undefined
      ? undefined
      : (await import('./mail/own_mails.ts')).openOwnMails(config.mailTemplates);
  return { deliver, failed, ownMails, open: config.dev };
}

/** Nothing is served from tables of another form than this version's. */
async function bringForward(store: Store, config: Config, log: Log): Promise<void> {
  const migrate = config.migrate && !config.readOnly;
  const refusal = await store.refusal(migrate);
  if (refusal !== undefined) throw new Error(refusal);
  if (!migrate) return;
  for (const migration of await store.migrate()) log.info({ event: 'migrated', migration }, 'Migration applied.');
}

/** The server does not start over keys that it cannot open; this says why, and what to do. */
function explain({ publicUrl }: Config) {
  return (error: unknown): never => {
    const { reason, cause } = error as { reason?: unknown; cause?: unknown };
    if (reason !== 'SIGNING_KEY_UNAVAILABLE' || !(cause instanceof Error)) throw error;
    throw new Error(
      `The ${cause.message} (TRUST_PUBLIC_URL is ${publicUrl}). Set both as they were, or give the old keys up by trust-layer signing-key reset.`,
      { cause: error },
    );
  };
}

/** Limits that a developer's own tests do not meet: on one machine all people have one address. */
const WIDE = { burst: 1_000_000, perHour: 3_600_000 };
const DEVELOPMENT: Partial<TenantSettings> = {
  // Any port of this machine, at the path that the SDKs' middleware uses.
  returnTo: ['http://localhost/auth/callback', 'http://127.0.0.1/auth/callback'],
  rateLimits: { account: WIDE, address: WIDE, tenant: WIDE, mail: WIDE },
};

const firstSettings = ({ dev }: Config): Partial<TenantSettings> => (dev ? DEVELOPMENT : {});
