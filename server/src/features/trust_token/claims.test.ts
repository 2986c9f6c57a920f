import assert from 'node:assert/strict';
import fc from 'fast-check';
import { reason } from '../../../../test/support/world.ts';
import { SECOND } from '../../kernel/clock.ts';
import type { IdentityFacts } from '../identity/identity.ts';
import type { OrganisationFacts } from '../organisation/organisation.ts';
import type { Session } from '../session/session.ts';
import { type ActClaim, exchangedClaims, issuedClaims, type TokenFrame, type TrustTokenClaims } from './claims.ts';

const NOW = 1_700_000_000_123;
const IAT = 1_700_000_000;

const session: Session = {
  tenantId: 'default',
  handle: 'ses_1',
  digest: 'd',
  identityId: 'idn_1',
  version: 3,
  epoch: 2,
  authenticatedAt: NOW - 5_999,
  acr: 'aal2',
  amr: ['pwd', 'otp'],
  createdAt: NOW,
  lastUsedAt: NOW,
  expiresAt: NOW + 3_600_000,
  idleTimeout: 60_000,
  revokedAt: undefined,
  device: { userAgent: 'browser', ipAddress: '', label: '' },
  organisationId: undefined,
};
const identity: IdentityFacts = {
  id: 'idn_1',
  displayName: 'Ada',
  roles: ['admin'],
  metadata: { plan: 'basic' },
  epoch: 2,
  version: 9,
};
const active = (one: Session, organisation?: OrganisationFacts) =>
  ({ active: true, session: one, identity, organisation }) as const;

const frame: TokenFrame = {
  issuer: 'https://trust.example',
  audience: 'orders',
  caller: 'edge',
  jti: 'tok_1',
  scope: ['read', 'write'],
  lifetime: 60 * SECOND,
  now: NOW,
};
const contexts = { txn: 'txn_1', transaction: { order: '7' }, request: { ip: '::1' } };

const issued = (given: Partial<TokenFrame> = {}, of: Partial<Session> = {}) =>
  issuedClaims({ ...frame, ...given }, { ...session, ...of }, { identity }, contexts);

const chain = (depth: number): ActClaim | undefined =>
  depth === 0 ? undefined : { sub: `s${depth}`, ...(depth > 1 && { act: chain(depth - 1) as ActClaim }) };

const text = fc.stringMatching(/^[a-z]{1,8}$/);

describe('claims of an issued token', () => {
  it('TOK-2 says who, for whom, when and in which session', () => {
    assert.deepEqual(issued(), {
      iss: 'https://trust.example',
      aud: 'orders',
      sub: 'idn_1',
      iat: IAT,
      exp: IAT + 60,
      jti: 'tok_1',
      sid: 'ses_1',
      tid: 'default',
      auth_time: Math.floor((NOW - 5_999) / 1000),
      acr: 'aal2',
      amr: ['pwd', 'otp'],
      txn: 'txn_1',
      ver: 3,
      epoch: 2,
      req_wl: 'edge',
      scope: 'read write',
      roles: ['admin'],
      tctx: { order: '7' },
      rctx: { ip: '::1' },
    });
  });

  it('TOK-2 leaves out what is empty, and names a scope value once', () => {
    const bare = issuedClaims(
      { ...frame, scope: [] },
      session,
      { identity: { ...identity, roles: [] } },
      { txn: 't', transaction: {}, request: {} },
    );
    for (const name of ['scope', 'roles', 'act', 'tctx', 'rctx']) assert.ok(!(name in bare), name);
    assert.equal(issued({ scope: ['a', 'b', 'a'] }).scope, 'a b');
  });

  it('TOK-3 lives 5 to 300 s, never beyond the session, whatever is asked', () => {
    const asked = fc.record({
      lifetime: fc.integer({ min: 0, max: 1_000 * SECOND }),
      left: fc.integer({ min: 1_000, max: 400_000 }),
      now: fc.integer({ min: NOW, max: NOW + 5_000 }),
    });
    fc.assert(
      fc.property(asked, ({ lifetime, left, now }) => {
        const expiresAt = now + left;
        const { iat, exp } = issued({ lifetime, now }, { expiresAt });
        assert.ok(Number.isInteger(iat) && Number.isInteger(exp) && iat * SECOND <= now && exp > iat);
        assert.ok(exp - iat <= 300 && exp * SECOND <= expiresAt);
        if (left > 301_000) assert.equal(exp - iat, Math.min(300, Math.max(5, Math.floor(lifetime / SECOND))));
      }),
    );
  });

  it('TOK-3 gives none for the last moment of a session', () => {
    assert.throws(() => issued({}, { expiresAt: IAT * SECOND + 999 }), reason('SESSION_REJECTED'));
    assert.equal(issued({}, { expiresAt: IAT * SECOND + 1000 }).exp, IAT + 1);
  });
});

describe('claims of an exchanged token', () => {
  const next: TokenFrame = { ...frame, audience: 'billing', caller: 'orders', jti: 'tok_2', scope: ['read'] };

  it('TOK-31 keeps subject, session, transaction and contexts, and names the caller', () => {
    const presented = issued();
    const later = { ...session, version: 4, acr: 'aal1', authenticatedAt: NOW, expiresAt: NOW + 30_000 };
    assert.deepEqual(exchangedClaims({ ...next, now: NOW + 2_000 }, presented, active(later)), {
      ...presented,
      aud: 'billing',
      iat: IAT + 2,
      exp: IAT + 30,
      jti: 'tok_2',
      ver: 4,
      req_wl: 'orders',
      scope: 'read',
      act: { sub: 'orders' },
    });
  });

  it('TOK-31 grants exactly the subsets of the presented scope', () => {
    fc.assert(
      fc.property(fc.uniqueArray(text), fc.uniqueArray(text), (held, asked) => {
        const presented = issued({ scope: held });
        const exchange = () => exchangedClaims({ ...next, scope: asked }, presented, active(session));
        if (asked.every((value) => held.includes(value))) {
          assert.deepEqual(exchange().scope, asked.length > 0 ? asked.join(' ') : undefined);
        } else {
          assert.throws(exchange, reason('SCOPE_WIDENED'));
        }
      }),
    );
    const empty: TrustTokenClaims = { ...issued(), scope: '' };
    assert.throws(() => exchangedClaims({ ...next, scope: [''] }, issued(), active(session)), reason('SCOPE_WIDENED'));
    assert.equal('scope' in exchangedClaims({ ...next, scope: [] }, empty, active(session)), false);
  });

  it('TOK-31 nests the chain of callers, at most 8 deep', () => {
    const presented = (depth: number): TrustTokenClaims => {
      const act = chain(depth);
      return { ...issued(), ...(act && { act }) };
    };
    assert.deepEqual(exchangedClaims(next, presented(2), active(session)).act, { sub: 'orders', act: chain(2) });
    assert.ok(exchangedClaims(next, presented(7), active(session)));
    for (const depth of [8, 9]) {
      assert.throws(() => exchangedClaims(next, presented(depth), active(session)), reason('ACT_CHAIN_TOO_LONG'));
    }
  });

  describe('in an organisation', () => {
    const acme: OrganisationFacts = {
      id: 'org_1',
      displayName: 'Acme',
      roles: ['clerk', 'owner'],
      permissions: ['a', 'b', 'c'],
      version: 4,
    };
    const head = (scope: string[] = [], organisation = acme) =>
      issuedClaims({ ...frame, scope }, session, { identity, organisation }, contexts);
    const exchanged = (scope: string[], presented: TrustTokenClaims, organisation?: OrganisationFacts) =>
      exchangedClaims({ ...next, scope }, presented, active(session, organisation));

    it('ORG-10 ORG-12 says what holds there, within the scope', () => {
      const { org, org_ver, org_roles, permissions } = head();
      assert.deepEqual([org, org_ver, org_roles, permissions], ['org_1', 4, ['clerk', 'owner'], ['a', 'b', 'c']]);
      assert.deepEqual(head(['b', 'x']).permissions, ['b']);
      assert.ok(!('permissions' in head(['x'])));
      assert.deepEqual(head([], { ...acme, roles: [], permissions: [] }).org_ver, 4);
    });

    it('ORG-11 an exchange gives nothing that was not held, and nothing that is held no more', () => {
      const less = { ...acme, roles: ['clerk', 'new'], permissions: ['b', 'c', 'd'], version: 6 };
      const { org_ver, org_roles, permissions } = exchanged([], head(), less);
      assert.deepEqual([org_ver, org_roles, permissions], [6, ['clerk'], ['b', 'c']]);
      assert.deepEqual(exchanged(['b'], head(['a', 'b']), acme).permissions, ['b']);
      assert.deepEqual(exchanged([], head(['a', 'b']), acme).permissions, ['a', 'b']);
      const [none, other] = [exchanged([], head(), undefined), exchanged([], head(), { ...acme, id: 'org_2' })];
      for (const claims of [none, other, exchanged([], issued(), acme)])
        for (const name of ['org', 'org_ver', 'org_roles', 'permissions']) assert.ok(!(name in claims), name);
    });

    it('ORG-11 roles of the identity that are gone are gone from the exchanged token', () => {
      const verdict = { ...active(session), identity: { ...identity, roles: ['other'], version: 12 } };
      const claims = exchangedClaims({ ...next, scope: [] }, issued(), verdict);
      assert.ok(!('roles' in claims));
    });

    it('ORG-2 the most that one membership can hold fits into a token, with the most roles of an identity', () => {
      const names = (count: number, size: number) =>
        Array.from({ length: count }, (_, n) => `${n}`.padStart(2, '0').padEnd(size, 'x'));
      const most = { ...acme, id: `org_${'0'.repeat(32)}`, roles: names(8, 64), permissions: names(50, 48) };
      const person = { ...identity, id: `idn_${'0'.repeat(32)}`, roles: names(32, 64) };
      const claims = issuedClaims(
        {
          ...frame,
          scope: [],
          issuer: `https://${'i'.repeat(60)}.example`,
          audience: 'a'.repeat(63),
          caller: 'c'.repeat(63),
        },
        { ...session, handle: `ses_${'0'.repeat(32)}`, tenantId: 't'.repeat(63) },
        { identity: person, organisation: { ...most, version: 2 ** 52 } },
        { txn: `txn_${'0'.repeat(32)}`, transaction: {}, request: {} },
      );
      const header = JSON.stringify({ typ: 'trust+jwt', alg: 'EdDSA', kid: `sgk_${'0'.repeat(32)}` });
      const size = [header, JSON.stringify(claims), 's'.repeat(64)].reduce(
        (sum, part) => sum + 1 + Buffer.from(part).toString('base64url').length,
        -1,
      );
      assert.ok(size <= 8_192, String(size));
    });
  });
});
