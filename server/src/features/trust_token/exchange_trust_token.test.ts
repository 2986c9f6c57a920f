import assert from 'node:assert/strict';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { payloadOf, tokenWorld } from '../../../../test/support/token_world.ts';
import { reason } from '../../../../test/support/world.ts';
import { MINUTE, SECOND } from '../../kernel/clock.ts';
import { revokeIdentitySessions } from '../identity/revoke_identity_sessions.ts';
import { revokeSession } from '../session/revoke_session.ts';
import { rotateSession } from '../session/rotate_session.ts';

const AS = { tenantId: 'default', actor: 'web' };

const rejectedWith = (code: string) => (error: unknown) => {
  assert.deepEqual((error as { metadata: object }).metadata, { code });
  return reason('TRUST_TOKEN_REJECTED')(error);
};

async function chained() {
  const world = await tokenWorld();
  const signedIn = await world.signIn();
  const contexts = { transactionContext: { order: '7' }, requestContext: { ip: '::1' } };
  const { trustToken } = await world.askIssue(signedIn.sessionId, { ...contexts, scope: ['read', 'write'] });
  return { ...world, ...signedIn, trustToken };
}

describe('exchange a Trust Token', () => {
  it('TOK-31 gives a token for the next service that verifies and keeps the chain', async () => {
    const world = await chained();
    world.time.now += 2 * SECOND;
    const { trustToken } = await world.askExchange(world.trustToken, { scope: ['read'] });
    const jwks = createLocalJWKSet(JSON.parse(await world.keyring.jwks('default')));
    const { payload } = await jwtVerify(trustToken, jwks, {
      audience: 'billing',
      currentDate: new Date(world.time.now),
    });
    const presented = payloadOf(world.trustToken);
    for (const name of ['sub', 'sid', 'tid', 'auth_time', 'acr', 'amr', 'txn', 'tctx', 'rctx', 'roles']) {
      assert.deepEqual(payload[name], presented[name], name);
    }
    assert.deepEqual(payload.act, { sub: 'orders' });
    assert.equal(payload.req_wl, 'orders');
    assert.equal(payload.scope, 'read');
    assert.notEqual(payload.jti, presented.jti);
  });

  it('TOK-30 takes only a token for the calling service, of its tenant, in its time and signed by a published key', async () => {
    const world = await chained();
    const token = world.trustToken;
    const asBilling = { actor: 'billing', audiences: new Set(['billing']) };
    await assert.rejects(world.askExchange(token, asBilling), rejectedWith('TOKEN_AUDIENCE'));
    await assert.rejects(world.askExchange(`${token} `), rejectedWith('TOKEN_MALFORMED'));
    const [header, payload, signature = ''] = token.split('.');
    const other = signature.startsWith('A') ? 'B' : 'A';
    const forged = `${header}.${payload}.${other}${signature.slice(1)}`;
    await assert.rejects(world.askExchange(forged), rejectedWith('TOKEN_SIGNATURE'));
    await assert.rejects(world.askExchange(token, { tenantId: 'other' }), rejectedWith('TOKEN_KEY_UNKNOWN'));
    world.time.now += MINUTE + 5 * SECOND;
    await assert.rejects(world.askExchange(token), rejectedWith('TOKEN_EXPIRED'));
  });

  it('TOK-30 TOK-40 refuses a token of a retired key at once on this node', async () => {
    const world = await chained();
    const { kid } = await world.keyring.signer('default');
    await world.retire({ ...AS, kid });
    await assert.rejects(world.askExchange(world.trustToken), rejectedWith('TOKEN_KEY_UNKNOWN'));
  });

  it('TOK-30 refuses once the session is not active, however it ended', async () => {
    const [one, two, three] = [await chained(), await chained(), await chained()];
    await revokeSession(one)({ ...AS, target: { handle: one.session.handle } });
    await revokeIdentitySessions(two)({ ...AS, identityId: two.session.identityId });
    const identity = await three.identities.read('default', three.session.identityId);
    if (identity) await three.identities.remove(identity, { changes: [], events: [] });
    for (const world of [one, two, three]) {
      await assert.rejects(world.askExchange(world.trustToken), reason('SESSION_REJECTED'));
    }
  });

  it('TOK-30 goes on after a rotation of the session_id, with the new version', async () => {
    const world = await chained();
    await rotateSession(world)({ ...AS, sessionId: world.sessionId });
    assert.equal(payloadOf((await world.askExchange(world.trustToken)).trustToken).ver, 2);
  });

  it('TOK-31 refuses a wider scope and a longer chain', async () => {
    const world = await chained();
    await assert.rejects(world.askExchange(world.trustToken, { scope: ['admin'] }), reason('SCOPE_WIDENED'));
    let { trustToken } = world;
    for (let depth = 1; depth <= 8; depth++) {
      ({ trustToken } = await world.askExchange(trustToken, { audience: 'orders' }));
    }
    await assert.rejects(world.askExchange(trustToken, { audience: 'orders' }), reason('ACT_CHAIN_TOO_LONG'));
  });

  it('TOK-32 gives no token for an audience that is not among the service\u2019s', async () => {
    const world = await chained();
    await assert.rejects(world.askExchange(world.trustToken, { audience: 'edge' }), reason('AUDIENCE_NOT_ALLOWED'));
  });

  it('TOK-3 lives as long as asked, not beyond the session', async () => {
    const world = await chained();
    const { trustToken } = await world.askExchange(world.trustToken, { lifetime: 5 * SECOND });
    const { iat, exp } = payloadOf(trustToken);
    assert.equal(exp - iat, 5);
  });

  it('TERM-1 a store that fails is neither yes nor no, and no refusal is recorded', async () => {
    const world = await chained();
    await world.recorded();
    world.stores.control.before = (call) => {
      if (call === 'sessions.readByHandle') throw new Error('database down');
    };
    await assert.rejects(world.askExchange(world.trustToken), /database down/);
    assert.equal(world.audit.size, 0);
  });

  it('AUD-1 records exchanges and refusals, with the session where it is known', async () => {
    const world = await chained();
    const { trustToken } = await world.askExchange(world.trustToken);
    await assert.rejects(world.askExchange(world.trustToken, { scope: ['admin'] }));
    await assert.rejects(world.askExchange('nonsense'));
    const events = (await world.recorded()).slice(1);
    const { handle } = world.session;
    const rejected = { audience: 'billing', reason: 'TRUST_TOKEN_REJECTED', code: 'TOKEN_MALFORMED' };
    assert.deepEqual(
      events.map(({ action, actor, subject, facts }) => [action, actor, subject, facts]),
      [
        ['trust_token.exchanged', 'orders', handle, { audience: 'billing', jti: payloadOf(trustToken).jti }],
        ['trust_token.rejected', 'orders', handle, { audience: 'billing', reason: 'SCOPE_WIDENED' }],
        ['trust_token.rejected', 'orders', '', rejected],
      ],
    );
  });
});
