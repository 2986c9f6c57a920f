import type { AuditActions } from './audit_actions.ts';

/** What the command line needs of the rest of the server; given by main.ts. Each rejects with an Error whose message is one sentence. */
export type CliActions = {
  /** Runs the server; resolves when it has ended in good order. */
  serve(options: { readonly dev: boolean }): Promise<void>;
  /** Brings the database to the newest migration. */
  migrate(options: { readonly dev: boolean }): Promise<MigrateResult>;
  /** What `migrate` would run. Changes nothing. */
  planMigrations(options: { readonly dev: boolean }): Promise<MigratePlan>;
  /** Copies everything from one database to another. */
  copy(options: CopyOptions): Promise<CopyResult>;
  /** Looks at the database, and at whether the configuration fits it. Changes nothing. */
  doctor(options: { readonly dev: boolean }): Promise<DoctorResult>;
  /** The newest mails that a development server holds. */
  outbox(options: { readonly dev: boolean; readonly tenantId: string; readonly limit: number }): Promise<OutboxResult>;
  /** Mails as they would be sent, with an example in them. */
  previewMails(options: {
    readonly dev: boolean;
    readonly tenantId: string;
    readonly language: string;
    readonly mail: string | undefined;
  }): Promise<readonly MailPreview[]>;
  /** Makes or extends the service and makes one key for it, directly in the database. */
  createServiceKey(options: ServiceKeyOptions): Promise<ServiceKeyResult>;
  rotateSigningKey(options: RotateSigningKeyOptions): Promise<RotateSigningKeyResult>;
  /** Retires every signing key, opened or not, and makes a new one. */
  resetSigningKeys(options: { readonly dev: boolean; readonly tenantId: string }): Promise<RotateSigningKeyResult>;
  readonly audit: AuditActions;
  readonly tenants: TenantActions;
};

export type MailPreview = {
  readonly mail: string;
  /** Whether it has the operator's words. */
  readonly own: boolean;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
};

export type TenantActions = {
  /** Makes a tenant, and the first key of its service `admin`. Empty texts mean the defaults. */
  create(options: {
    readonly dev: boolean;
    readonly id: string;
    readonly publicUrl: string;
    readonly displayName: string;
  }): Promise<{ readonly publicUrl: string; readonly serviceKey: string }>;
  list(options: { readonly dev: boolean }): Promise<readonly TenantRow[]>;
  suspend(options: { readonly dev: boolean; readonly id: string; readonly reason: string }): Promise<void>;
  resume(options: { readonly dev: boolean; readonly id: string }): Promise<void>;
};

export type TenantRow = {
  readonly id: string;
  readonly publicUrl: string;
  readonly displayName: string;
  /** Milliseconds since 1970; undefined while it is not suspended. */
  readonly suspendedAt: number | undefined;
};

export type MigrateResult = {
  /** Kind of the database, such as `postgresql`; never its URL. */
  readonly database: string;
  /** Names of the migrations that were applied now. */
  readonly applied: readonly string[];
};

export type CopyOptions = {
  readonly from: string;
  readonly to: string;
  /** What to do with a target that holds something: refuse, make it as the source is, or go on with a copy of the same source. */
  readonly target: 'empty' | 'overwrite' | 'resume';
  /** Goes on copying what changes until the process is told to stop. */
  readonly follow: boolean;
  readonly tell: (told: CopyTold) => void;
};

export type CopyTold =
  | { readonly at: 'rows'; readonly pass: number; readonly table: string; readonly rows: number; readonly of: number }
  | { readonly at: 'pass'; readonly pass: number; readonly differences: number; readonly ms: number };

export type CopyResult = {
  readonly from: string;
  readonly to: string;
  /** Whether both hold the same rows. */
  readonly finished: boolean;
  readonly passes: number;
  readonly tables: readonly {
    readonly table: string;
    readonly differences: number;
    readonly source: { readonly rows: number; readonly checksum: string };
    readonly target: { readonly rows: number; readonly checksum: string };
  }[];
};

export type DoctorResult = {
  /** Kind of the database. */
  readonly database: string;
  readonly findings: readonly {
    readonly check: string;
    readonly ok: boolean;
    readonly found: string;
    /** What to do; only where it is not ok. */
    readonly advice?: string;
  }[];
};

export type OutboxResult = {
  readonly mails: readonly {
    readonly id: string;
    /** Milliseconds since 1970. */
    readonly createdAt: number;
    readonly template: string;
    readonly to: string;
    readonly subject: string;
    readonly text: string;
  }[];
};

export type MigratePlan = {
  readonly database: string;
  readonly plan: readonly { readonly name: string; readonly sql: readonly string[] }[];
};

export type ServiceKeyOptions = {
  readonly dev: boolean;
  readonly tenantId: string;
  readonly service: string;
  readonly scopes: readonly string[];
  readonly audiences: readonly string[];
};

export type ServiceKeyResult = {
  /** Public part. */
  readonly id: string;
  /** The whole key; shown once. */
  readonly key: string;
};

export type RotateSigningKeyOptions = { readonly dev: boolean; readonly tenantId: string; readonly immediate: boolean };
export type RotateSigningKeyResult = { readonly kid: string; readonly alg: string; readonly state: string };

/** The world around the command line; tests give their own. */
export type CliIo = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** `out` for what is long: resolves once more may follow. */
  readonly write?: (text: string) => Promise<void>;
  /** Whether `err` is read by a person as it is written. */
  readonly tty?: boolean;
  readonly readStdin: () => Promise<string>;
};
