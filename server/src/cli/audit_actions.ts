/** What the commands on the audit trail need; given by main.ts. Each rejects with an Error whose message is one sentence. */
export type AuditActions = {
  verify(options: AuditVerifyOptions): Promise<AuditVerification>;
  /** Gives the chain of a tenant, line by line. */
  export(options: Dev & { readonly tenantId: string }, write: (text: string) => Promise<void>): Promise<void>;
  /** The newest checkpoint of each tenant. */
  checkpoints(options: Dev): Promise<readonly string[]>;
  /** The public half of the audit key, as a JSON Web Key Set. */
  keys(options: Dev): Promise<{ readonly keys: readonly object[] }>;
};

type Dev = { readonly dev: boolean };

export type AuditVerifyOptions = Dev & {
  /** Path of an export to check in place of the database. */
  readonly file: string | undefined;
  /** Path of the keys to check with in place of the one that the master key gives. */
  readonly keys: string | undefined;
  /** Path of checkpoints that were kept elsewhere. */
  readonly checkpoints: string | undefined;
};

export type AuditVerification = {
  readonly tenants: readonly TenantVerification[];
  /** Events that are not chained yet; undefined for a file. */
  readonly unchained: { readonly events: number; readonly oldest: number | undefined } | undefined;
};

export type TenantVerification = {
  readonly tenantId: string;
  readonly events: number;
  readonly first: number;
  readonly last: number;
  readonly checkpoints: number;
  readonly cutAt: number;
  readonly sealedAt: number | undefined;
  readonly bad:
    | { readonly problem: string; readonly seq: number; readonly id: string; readonly since: number }
    | undefined;
};
