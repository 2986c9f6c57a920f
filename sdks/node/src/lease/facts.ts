/** What an active verdict says, as far as the lease depends on it. Instants in milliseconds since 1970, by the server. */
export interface SessionFacts<T> {
  readonly handle: string;
  readonly version: number;
  readonly identityId: string;
  /** Epoch in which the session was authenticated. */
  readonly epoch: number;
  readonly identityVersion: number;
  /** The organisation that the answer speaks of, and its version; absent where it speaks of none. */
  readonly organisationId?: string | undefined;
  readonly organisationVersion?: number | undefined;
  readonly expiresAt: number;
  readonly lastUsedAt: number;
  readonly idleTimeoutMs: number;
  /** What a local answer gives. */
  readonly value: T;
}

/** What a Trust Token says, as far as the lease depends on it. */
export interface TokenFacts {
  readonly kid: string;
  readonly sid: string;
  readonly ver: number;
  readonly sub: string;
  readonly epoch: number;
  /** The organisation that the token speaks of, and its version. */
  readonly org?: string | undefined;
  readonly orgVer?: number | undefined;
}

/** A row of the change feed. A row without tenant concerns every tenant. */
export type FeedChange = { readonly tenantId?: string | undefined } & (
  | { readonly kind: 'session'; readonly handle: string; readonly version: number; readonly revoked: boolean }
  | { readonly kind: 'identity'; readonly identityId: string; readonly epoch: number; readonly version: number }
  | { readonly kind: 'signing_key'; readonly kid: string; readonly retired: boolean }
  | {
      readonly kind: 'organisation';
      readonly organisationId: string;
      /** The member whom it concerns; empty where it concerns all. */
      readonly identityId: string;
      readonly version: number;
    }
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'tenant'; readonly version: number }
);

/** What the owner of the machine is told, for callbacks such as `onRevoked`. A change may be told more than once. */
export type Notice =
  | { readonly kind: 'session_ended'; readonly handle: string }
  | { readonly kind: 'session_changed'; readonly handle: string; readonly version: number }
  | { readonly kind: 'identity_changed'; readonly identityId: string; readonly belowEpoch: number }
  | { readonly kind: 'signing_key_retired'; readonly kid: string }
  | { readonly kind: 'organisation_changed'; readonly organisationId: string; readonly identityId: string }
  | { readonly kind: 'service_changed'; readonly service: string }
  | { readonly kind: 'tenant_changed' };

/**
 * The key of an entry: everything that the answer depends on. `name` is the session_id or its digest. The length parts
 * the two, so that no pair is taken for another. A machine that serves one tenant may take the name alone.
 */
export const entryKey = (tenantId: string, name: string): string => `${tenantId.length}:${tenantId}${name}`;
