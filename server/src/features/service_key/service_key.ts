import type { Instant } from '../../kernel/clock.ts';

/** What a service may call. The comment of each RPC names its scope. */
export const SCOPES = [
  'sessions:create',
  'sessions:verify',
  'sessions:revoke',
  'sessions:read',
  'sessions:impersonate',
  'sessions:delegate',
  'tokens:issue',
  'tokens:exchange',
  'identities:read',
  'identities:write',
  'organisations:read',
  'organisations:write',
  'sign-in',
  'services:admin',
  'signing-keys:admin',
  'tenants:admin',
  'tenants:operate',
  'audit:read',
  'provider-tokens:read',
] as const;

export type Scope = (typeof SCOPES)[number];

/** A backend that calls the Trust Layer. Its name is also the audience of tokens meant for it. */
export type Service = {
  readonly tenantId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly audiences: readonly string[];
  readonly certificateNames: readonly string[];
  readonly createdAt: Instant;
};

/** A service key as the store keeps it: `digest` stands for the secret. */
export type ServiceKey = {
  readonly tenantId: string;
  readonly id: string;
  readonly service: string;
  readonly digest: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | undefined;
  readonly revokedAt: Instant | undefined;
};

/** What stands for the key of a caller that is known by its certificate. */
export const certificateKey = (service: string) => `certificate ${service}`;

/** At most this many keys of a service are live at a time: the old and the new one of a rotation. */
export const MAX_LIVE_KEYS = 2;

/** Whether a key is accepted at an instant. */
export function isLive(key: ServiceKey, now: Instant): boolean {
  return key.revokedAt === undefined && (key.expiresAt === undefined || now < key.expiresAt);
}
