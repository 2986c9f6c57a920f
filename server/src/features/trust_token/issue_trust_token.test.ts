import assert from 'node:assert/strict';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { ISSUER } from '../../../../test/support/signing_world.ts';
import { payloadOf, tokenWorld } from '../../../../test/support/token_world.ts';
import { reason } from '../../../../test/support/world.ts';
import { TrustError } from '../../errors/trust_error.ts';
import { MINUTE, SECOND } from '../../kernel/clock.ts';
import type { AuditEvent } from '../audit/audit.ts';
import { revokeSession } from '../session/revoke_session.ts';
import { KEYRING_BOUND } from '../signing_key/keyring.ts';
import { MAX_TOKEN_BYTES } from './sign_token.ts';
import { tokenAudit } from './token_audit.ts';

const big = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`k${index}`, 'v'.repeat(256)]));

describe('issue a Trust Token', () => {
  for (const alg of ['EdDSA', 'ES256'] as const) {
    it(`TOK-1 signs with ${alg}: exactly typ, alg and kid in the header, and jose verifies it`, async () => {
      const world = await tokenWorld({ alg });
      const { sessionId, session } = await world.signIn();
      const { trustToken, expiresAt } = await world.askIssue(sessionId, { scope: ['read'] });
      const jwks = createLocalJWKSet(JSON.parse(await world.keyring.jwks('default')));
      const checks = { issuer: ISSUER, audience: 'orders', typ: 'trust+jwt', currentDate: new Date(world.time.now) };
      const { payload, protectedHeader } = await jwtVerify(trustToken, jwks, checks);
      const { kid } = await world.keyring.signer('default');
      assert.deepEqual(protectedHeader, { typ: 'trust+jwt', alg, kid });
      assert.equal(payload.sid, session.handle);
      assert.equal(payload.req_wl, 'edge');
      assert.equal((payload.exp ?? 0) * SECOND, expiresAt);
    });
  }

  it('P1 TOK-2 holds neither the session_id nor its digest', async () => {
    const world = await tokenWorld();
    const { sessionId, session } = await world.signIn();
    const claims = JSON.stringify(payloadOf((await world.askIssue(sessionId)).trustToken));
    assert.ok(!claims.includes(sessionId) && !claims.includes(session.digest));
  });

  it('TOK-3 lives as long as the tenant says unless asked otherwise, and not beyond the session', async () => {
    const world = await tokenWorld();
    const { sessionId, session } = await world.signIn();
    const life = async (lifetime?: number) => {
      const { iat, exp } = payloadOf((await world.askIssue(sessionId, { lifetime })).trustToken);
      return exp - iat;
    };
    assert.equal(await life(), 60);
    world.tenant.settings = { ...world.tenant.settings, trustTokenLifetime: 30 * SECOND };
    assert.equal(await life(), 30);
    assert.equal(await life(5 * SECOND), 5);
    assert.equal(await life(300 * SECOND), 300);
    world.uses.note(session, session.expiresAt);
    world.time.now = session.expiresAt - 2 * SECOND;
    const { exp } = payloadOf((await world.askIssue(sessionId)).trustToken);
    assert.ok(exp * SECOND <= session.expiresAt);
  });

  it('TOK-32 gives no token for an audience that is not among the service\u2019s, and looks up nothing', async () => {
    const world = await tokenWorld();
    const { sessionId } = await world.signIn();
    world.stores.calls.length = 0;
    for (const audience of ['billing', 'edge', 'orders2', 'Orders']) {
      await assert.rejects(world.askIssue(sessionId, { audience }), reason('AUDIENCE_NOT_ALLOWED'));
    }
    assert.deepEqual(world.stores.calls, []);
  });

  it('SES-5 issues nothing for a session that is not active', async () => {
    const world = await tokenWorld();
    const { sessionId } = await world.signIn();
    await revokeSession(world)({ tenantId: 'default', actor: 'web', target: { sessionId } });
    for (const text of [sessionId, 'nonsense']) {
      await assert.rejects(world.askIssue(text), reason('SESSION_REJECTED'));
    }
  });

  it('TOK-10 refuses a token of over 8,192 bytes and names the contexts that make it so', async () => {
    const world = await tokenWorld();
    const { sessionId } = await world.signIn();
    const refused = (given: object, field: string) =>
      assert.rejects(world.askIssue(sessionId, given), reason('INVALID_FIELD', field));
    await refused({ transactionContext: big, requestContext: big }, 'transaction_context');
    await refused({ transactionContext: big, requestContext: big }, 'request_context');
    const { trustToken } = await world.askIssue(sessionId, { transactionContext: big });
    assert.ok(trustToken.length > 5_000 && trustToken.length <= MAX_TOKEN_BYTES);
  });

  it('TOK-10 the longest roles, scope and amr fit without contexts', async () => {
    const world = await tokenWorld();
    const longest = (length: number) => Array.from({ length: 32 }, (_, i) => `${i}`.padEnd(length, 'x'));
    const { sessionId } = await world.signIn({ roles: longest(64) });
    const { trustToken } = await world.askIssue(sessionId, { scope: longest(64) });
    assert.ok(trustToken.length <= MAX_TOKEN_BYTES);
  });

  it('TOK-40 fails closed when no key can sign', async () => {
    const world = await tokenWorld();
    const { sessionId } = await world.signIn();
    world.time.now += KEYRING_BOUND;
    world.stores.control.before = (call) => {
      if (call === 'signingKeys.list') throw new Error('database down');
    };
    await assert.rejects(world.askIssue(sessionId), /database down/);
    world.stores.control.before = undefined;
    await assert.rejects(world.askIssue(sessionId, { tenantId: 'other' }), reason('SIGNING_KEY_UNAVAILABLE'));
  });
});

describe('audit of issued tokens', () => {
  it('AUD-1 AUD-2 records handle, audience and jti of each token in batches, never the token', async () => {
    const world = await tokenWorld();
    const { sessionId, session } = await world.signIn();
    const { trustToken } = await world.askIssue(sessionId);
    await world.askIssue(sessionId);
    assert.equal(world.stores.calls.includes('audit.append'), false);
    const events = await world.recorded();
    assert.equal(world.stores.calls.filter((call) => call === 'audit.append').length, 1);
    assert.equal(events.length, 2);
    const [event] = events;
    assert.deepEqual([event?.action, event?.actor, event?.subject], ['trust_token.issued', 'edge', session.handle]);
    assert.deepEqual(event?.facts, { audience: 'orders', jti: payloadOf(trustToken).jti });
    assert.equal(event?.identityId, session.identityId);
    const [, , signature = ''] = trustToken.split('.');
    assert.ok(!JSON.stringify(events).includes(signature) && !JSON.stringify(events).includes(sessionId));
  });

  it('AUD-1 records refusals with their reason', async () => {
    const world = await tokenWorld();
    await assert.rejects(world.askIssue('nonsense'));
    await assert.rejects(world.askIssue('nonsense', { audience: 'billing' }));
    const facts = (await world.recorded()).map((event) => [event.action, event.facts]);
    assert.deepEqual(facts, [
      ['trust_token.rejected', { audience: 'orders', reason: 'SESSION_REJECTED' }],
      ['trust_token.rejected', { audience: 'billing', reason: 'AUDIENCE_NOT_ALLOWED' }],
    ]);
  });

  it('AUD-1 keeps events that a database refused, and writes them later', async () => {
    const world = await tokenWorld();
    const { sessionId } = await world.signIn();
    await world.askIssue(sessionId);
    world.stores.control.before = (call) => {
      if (call === 'audit.append') throw new Error('disk full');
    };
    await assert.rejects(world.audit.flush(), /disk full/);
    assert.equal(world.audit.size, 1);
    world.stores.control.before = undefined;
    assert.equal((await world.recorded()).length, 1);
    assert.equal(world.audit.size, 0);
  });

  it('AUD-1 a batch that was written although its answer got lost is not in its own way', async () => {
    const world = await tokenWorld();
    const ids = new Set<string>();
    let lost = true;
    const append = async (events: readonly AuditEvent[]) => {
      if (events.some(({ id }) => ids.has(id))) throw new Error('unique violation');
      for (const { id } of events) ids.add(id);
      if (lost) throw new Error('connection lost');
    };
    const audit = tokenAudit({ ...world, audit: { append } });
    audit.refused({ tenantId: 'default', actor: 'edge', audience: 'orders' }, new TrustError('SESSION_REJECTED'));
    await assert.rejects(audit.flush(), /connection lost/);
    lost = false;
    await audit.flush();
    assert.equal(audit.size, 0);
  });

  it('AUD-1 lets no token out that it has no room to record; refusals go on and are counted', async () => {
    const world = await tokenWorld({ auditLimit: 1 });
    const { sessionId } = await world.signIn();
    await world.askIssue(sessionId);
    await world.askIssue(sessionId);
    assert.equal(world.stores.calls.filter((call) => call === 'audit.append').length, 1);
    world.stores.control.before = (call) => {
      if (call === 'audit.append') throw new Error('disk full');
    };
    await assert.rejects(world.askIssue(sessionId), /disk full/);
    await assert.rejects(world.askIssue('x', { audience: 'other' }), reason('AUDIENCE_NOT_ALLOWED'));
    assert.equal(world.audit.lost, 1);
    world.stores.control.before = undefined;
    world.time.now += MINUTE;
    assert.ok(await world.askIssue(sessionId));
  });
});
