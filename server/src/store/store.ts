import type { AuditStore, ChainStore } from '../features/audit/store.ts';
import type { ChangeStore } from '../features/change/store.ts';
import type { IdentityStore } from '../features/identity/store.ts';
import type { InvitationStore } from '../features/invitation/store.ts';
import type { KnownDeviceStore } from '../features/known_device/store.ts';
import type { OutboxStore } from '../features/mail/store.ts';
import type { MailProofStore } from '../features/mail_proof/store.ts';
import type { MfaStore } from '../features/mfa/store.ts';
import type { OauthStore } from '../features/oauth/store.ts';
import type { OrganisationStore } from '../features/organisation/store.ts';
import type { PasskeyStore } from '../features/passkey/store.ts';
import type { PasswordStore } from '../features/password/store.ts';
import type { PendingSignInStore } from '../features/pending_sign_in/store.ts';
import type { PurgeStore } from '../features/purge/store.ts';
import type { RateLimitStore } from '../features/rate_limit/store.ts';
import type { ServiceKeyStore, ServiceStore } from '../features/service_key/store.ts';
import type { SessionStore } from '../features/session/store.ts';
import type { SignInCodeStore } from '../features/sign_in/store.ts';
import type { SigningKeyStore } from '../features/signing_key/store.ts';
import type { TenantStore } from '../features/tenant/store.ts';
import type { WebhookStore } from '../features/webhook/store.ts';
import { chainStore } from './audit_chain_store.ts';
import { auditStore } from './audit_store.ts';
import { changeStore } from './change_store.ts';
import { openDatabase, withoutWrites } from './database.ts';
import { type OpenDialect, openDialect, type StoreLog } from './dialects/dialect.ts';
import { unopened } from './fault.ts';
import { identityStore } from './identity_store.ts';
import { invitationStore } from './invitation_store.ts';
import { knownDeviceStore } from './known_device_store.ts';
import { mailProofStore } from './mail_proof_store.ts';
import { mfaStore } from './mfa_store.ts';
import { migrateOpen } from './migrate.ts';
import { oauthStore } from './oauth_store.ts';
import { organisationStore } from './organisation_store.ts';
import { outboxStore } from './outbox_store.ts';
import { passkeyStore } from './passkey_store.ts';
import { passwordStore } from './password_store.ts';
import { pendingSignInStore } from './pending_sign_in_store.ts';
import { purgeStore } from './purge_store.ts';
import { rateLimitStore } from './rate_limit_store.ts';
import { isUnfinishedCopy, schemaRefusal, schemaState } from './schema_state.ts';
import { serviceKeyStore } from './service_key_store.ts';
import { serviceStore } from './service_store.ts';
import { sessionStore } from './session_store.ts';
import { signInCodeStore } from './sign_in_code_store.ts';
import { signingKeyStore } from './signing_key_store.ts';
import { tenantStore } from './tenant_store.ts';
import { trailAppender } from './trail.ts';
import { webhookStore } from './webhook_store.ts';

/** All ports on one database. A failure of the database leaves as TrustError DATABASE_UNAVAILABLE. */
export type Store = {
  readonly sessions: SessionStore;
  readonly identities: IdentityStore;
  readonly passwords: PasswordStore;
  readonly rateLimits: RateLimitStore;
  readonly signInCodes: SignInCodeStore;
  readonly pendingSignIns: PendingSignInStore;
  readonly mfa: MfaStore;
  readonly outbox: OutboxStore;
  readonly mailProofs: MailProofStore;
  readonly knownDevices: KnownDeviceStore;
  readonly passkeys: PasskeyStore;
  readonly organisations: OrganisationStore;
  readonly invitations: InvitationStore;
  readonly oauth: OauthStore;
  readonly services: ServiceStore;
  readonly serviceKeys: ServiceKeyStore;
  readonly signingKeys: SigningKeyStore;
  readonly tenants: TenantStore;
  readonly audit: AuditStore;
  readonly chain: ChainStore;
  readonly webhooks: WebhookStore;
  readonly changes: ChangeStore;
  readonly purges: PurgeStore;
  readonly database: { readonly name: string; readonly version: string };
  /** Brings the tables to this version's form; safe to call from any number of nodes at once. Answers the migrations that it ran. */
  migrate(): Promise<readonly string[]>;
  /** Why this version must not serve the database as it is, in one sentence; undefined if it may, after `migrate` where it `mayMigrate`. */
  refusal(mayMigrate: boolean): Promise<string | undefined>;
  /** The migrations that `migrate` would run. */
  pendingMigrations(): Promise<readonly string[]>;
  /** Sets so many bytes aside on the disk of the database, so that sessions and rights can be ended when it is full. After `migrate`. */
  setRoomAside(bytes: number): Promise<void>;
  /** Resolves if the database answers. */
  ping(): Promise<void>;
  /** Ends all connections. Calls that follow fail. */
  close(): Promise<void>;
};

export type StoreOptions = {
  /** Whether every write is refused, as DATABASE_UNAVAILABLE. */
  readonly readOnly?: boolean;
  /** A URL as docs/guide/databases.md lists them. */
  readonly databaseUrl: string;
  readonly log?: StoreLog;
};

const UNFINISHED_COPY =
  'The database is the target of a copy that has not ended: end it with trust-layer copy --resume, or begin it anew with --overwrite.';

/** Connects to the database and checks that it answers. Does not migrate. */
export async function openStore({ databaseUrl, log = () => {}, readOnly = false }: StoreOptions): Promise<Store> {
  return await storeOn(await openDialect(databaseUrl, log), log, readOnly);
}

/** `openStore` of what a URL was found to be. */
export async function storeOn(open: OpenDialect, log: StoreLog = () => {}, readOnly = false): Promise<Store> {
  const opened = await openDatabase(open, log);
  const database = readOnly ? withoutWrites(opened) : opened;
  const { dialect, reader } = database;
  const version = { name: 'version', sql: dialect.versionSql };
  const appendTrail = trailAppender(database);
  const [[answer] = []] = await reader.rows(version, []).catch(async (error: unknown) => {
    await database.close();
    throw unopened(error, open.place);
  });
  return {
    sessions: sessionStore(database, appendTrail),
    identities: identityStore(database, appendTrail),
    passwords: passwordStore(database, appendTrail),
    rateLimits: rateLimitStore(database),
    signInCodes: signInCodeStore(database, appendTrail),
    pendingSignIns: pendingSignInStore(database, appendTrail),
    mfa: mfaStore(database, appendTrail),
    outbox: outboxStore(database, appendTrail),
    mailProofs: mailProofStore(database, appendTrail),
    invitations: invitationStore(database, appendTrail),
    knownDevices: knownDeviceStore(database),
    passkeys: passkeyStore(database, appendTrail),
    organisations: organisationStore(database, appendTrail),
    oauth: oauthStore(database, appendTrail),
    services: serviceStore(database, appendTrail),
    serviceKeys: serviceKeyStore(database, appendTrail),
    signingKeys: signingKeyStore(database, appendTrail),
    tenants: tenantStore(database, appendTrail),
    audit: auditStore(database),
    chain: chainStore(database),
    webhooks: webhookStore(database, appendTrail),
    changes: changeStore(database),
    purges: purgeStore(database),
    database: { name: dialect.name, version: String(answer) },
    migrate: async () => {
      if ((await schemaState(database)).pending.length === 0) return [];
      return await migrateOpen(open, log);
    },
    refusal: async (mayMigrate) => {
      const state = await schemaState(database);
      const refusal = schemaRefusal(
        state,
        dialect.migrations.map(({ name }) => name),
        mayMigrate,
      );
      if (refusal !== undefined || state.pending.length > 0) return refusal;
      return (await isUnfinishedCopy(database)) ? UNFINISHED_COPY : undefined;
    },
    pendingMigrations: async () => (await schemaState(database)).pending,
    setRoomAside: database.setRoomAside,
    ping: async () => {
      await reader.rows(version, []);
    },
    close: database.close,
  };
}
