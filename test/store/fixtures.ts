// Records for the store suites. Each test makes its own tenant, so that tests share a database without seeing each other.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { AuditAction, AuditEvent } from '../../server/src/features/audit/audit.ts';
import type { Change, Trail } from '../../server/src/features/change/change.ts';
import type { Identifier, Identity } from '../../server/src/features/identity/identity.ts';
import type { Service, ServiceKey } from '../../server/src/features/service_key/service_key.ts';
import type { Session } from '../../server/src/features/session/session.ts';
import type { SignInCode } from '../../server/src/features/sign_in/sign_in_code.ts';
import type { SigningKey } from '../../server/src/features/signing_key/signing_key.ts';
import { DEFAULT_SETTINGS, type Tenant } from '../../server/src/features/tenant/tenant.ts';
import type { Store } from '../../server/src/store/store.ts';

export const NOW = 1_795_000_000_123;

const hex = (bytes: number) => randomBytes(bytes).toString('hex');

export const newTenantId = (): string => `t-${hex(8)}`;

export const tenant = (more: Partial<Tenant> = {}): Tenant => ({
  id: newTenantId(),
  publicUrl: '',
  settings: DEFAULT_SETTINGS,
  version: 1,
  createdAt: NOW,
  updatedAt: NOW,
  ...more,
});

export const email = (value = `${hex(6)}@example.com`, verified = true): Identifier => ({
  type: 'email',
  value,
  verified,
});

export const identity = (tenantId: string, more: Partial<Identity> = {}): Identity => ({
  tenantId,
  id: `idn_${hex(16)}`,
  displayName: 'Ada',
  roles: ['reader'],
  metadata: { plan: 'pro' },
  epoch: 0,
  version: 1,
  active: true,
  identifiers: [email()],
  createdAt: NOW,
  updatedAt: NOW,
  ...more,
});

export const session = (tenantId: string, more: Partial<Session> = {}): Session => ({
  tenantId,
  handle: `ses_${hex(16)}`,
  digest: hex(32),
  identityId: `idn_${hex(16)}`,
  version: 1,
  epoch: 0,
  authenticatedAt: NOW,
  acr: 'pwd',
  amr: ['pwd'],
  createdAt: NOW,
  lastUsedAt: NOW,
  expiresAt: NOW + 1_000_000,
  idleTimeout: 100_000,
  revokedAt: undefined,
  device: { userAgent: 'Mozilla/5.0', ipAddress: '203.0.113.9', label: 'laptop' },
  organisationId: undefined,
  ...more,
});

export const signInCode = (tenantId: string, more: Partial<SignInCode> = {}): SignInCode => ({
  tenantId,
  digest: hex(32),
  identityId: `idn_${hex(16)}`,
  epoch: 0,
  codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  returnTo: 'https://app.example.com/callback?a=1&b=2',
  acr: 'pwd',
  amr: ['pwd', 'otp'],
  authenticatedAt: NOW,
  expiresAt: NOW + 60_000,
  ...more,
});

export const service = (tenantId: string, more: Partial<Service> = {}): Service => ({
  tenantId,
  name: `svc-${hex(6)}`,
  scopes: ['sessions:verify', 'sessions:create'],
  audiences: ['orders', 'billing'],
  certificateNames: [],
  createdAt: NOW,
  ...more,
});

export const serviceKey = (of: Service, more: Partial<ServiceKey> = {}): ServiceKey => ({
  tenantId: of.tenantId,
  id: hex(8),
  service: of.name,
  digest: hex(32),
  createdAt: NOW,
  expiresAt: undefined,
  revokedAt: undefined,
  ...more,
});

export const signingKey = (tenantId: string, more: Partial<SigningKey> = {}): SigningKey => ({
  tenantId,
  kid: `sgk_${hex(16)}`,
  alg: 'EdDSA',
  state: 'pending',
  publicJwk: '{"kty":"OKP","use":"sig"}',
  sealed: hex(64),
  createdAt: NOW,
  activatedAt: undefined,
  retiringAt: undefined,
  retiredAt: undefined,
  ...more,
});

export const event = (tenantId: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
  id: `aud_${hex(16)}`,
  tenantId,
  at: NOW,
  action: 'session.created' satisfies AuditAction,
  actor: 'service:orders',
  identityId: '',
  subject: '',
  facts: {},
  ...more,
});

export const NO_TRAIL: Trail = { changes: [], events: [] };

/** A trail with one row of each kind of change and two events. */
export function fullTrail(tenantId: string): Trail {
  const changes: readonly Change[] = [
    { tenantId, kind: 'session', handle: `ses_${hex(16)}`, version: 7, revoked: true },
    { tenantId, kind: 'session', handle: `ses_${hex(16)}`, version: 8, revoked: false },
    { tenantId, kind: 'identity', identityId: `idn_${hex(16)}`, epoch: 3, version: 9 },
    { tenantId, kind: 'signing_key', kid: `sgk_${hex(16)}`, retired: true },
    { tenantId, kind: 'service', service: 'orders' },
    { tenantId, kind: 'organisation', organisationId: `org_${hex(16)}`, identityId: '', version: 5 },
    { tenantId, kind: 'organisation', organisationId: `org_${hex(16)}`, identityId: `idn_${hex(16)}`, version: 6 },
    { tenantId, kind: 'tenant', version: 4 },
  ];
  return { changes, events: [event(tenantId), event(tenantId, { at: NOW + 1, facts: { b: '2', a: '1' } })] };
}

/** A trail that no store can write: two events have one id. It fails after the changes are written. */
export function brokenTrail(tenantId: string): Trail {
  const twin = event(tenantId);
  return { changes: fullTrail(tenantId).changes, events: [twin, twin] };
}

/** The changes of a tenant, in their order. */
export async function changesOf(store: Store, tenantId: string): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for (let position = 0; ; ) {
    const { rows } = await store.changes.readAfter(position, 1000);
    const last = rows.at(-1);
    if (last === undefined) return changes;
    position = last.position;
    changes.push(...rows.map(({ change }) => change).filter((change) => change.tenantId === tenantId));
  }
}

export async function eventsOf(store: Store, tenantId: string): Promise<readonly AuditEvent[]> {
  return (await store.audit.list({ tenantId }, { limit: 100 })).rows;
}

/** Asserts that neither a change nor an event of the tenant was kept. */
export async function assertNoTrail(store: Store, tenantId: string): Promise<void> {
  assert.deepEqual(await changesOf(store, tenantId), []);
  assert.deepEqual(await eventsOf(store, tenantId), []);
}

/** Asserts that a call ends with the one error by which a failing database shows. */
export const assertUnavailable = (promise: Promise<unknown>): Promise<void> =>
  assert.rejects(promise, { name: 'TrustError', reason: 'DATABASE_UNAVAILABLE' });

/** Texts that databases are known to confuse: each differs from each. */
export const TWINS: readonly string[] = [
  'abc',
  'ABC',
  'abC',
  'abc ',
  ' abc',
  'ábc',
  'a\u0301bc',
  'abc\u00a0',
  'ａbc',
  'ß',
  'ss',
  'ſ',
];

export const AWKWARD_TEXTS: readonly string[] = [
  "O'Brien",
  "'; drop table session; --",
  "back\\slash \\' \\n",
  'question ? marks ?? and $1 :name @x %s {}',
  '"double" `tick` [square]',
  'line\nbreak\ttab',
  'Zoë 日本語 👩‍👩‍👧‍👦 \u202e',
  ' spaces around ',
  '',
];

/** All rows of a paged list, page by page. */
export async function walk<T>(
  page: (
    after: { at: number; id: string } | undefined,
  ) => Promise<{ rows: readonly T[]; next?: { at: number; id: string } }>,
): Promise<readonly (readonly T[])[]> {
  const pages: (readonly T[])[] = [];
  let after: { at: number; id: string } | undefined;
  do {
    const { rows, next } = await page(after);
    pages.push(rows);
    after = next;
  } while (after !== undefined);
  return pages;
}
