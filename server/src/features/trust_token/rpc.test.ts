import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { ISSUER } from '../../../../test/support/signing_world.ts';
import { payloadOf, tokenWorld } from '../../../../test/support/token_world.ts';
import { reason } from '../../../../test/support/world.ts';
import { ExchangeTrustTokenRequest, IssueTrustTokenRequest } from '../../contract/gen/trust/v1/trust_token.ts';
import type { Call } from '../../contract/rpc.ts';
import { trustTokenRpc } from './rpc.ts';

const callOf = (service: string, ...audiences: string[]): Call => ({
  tenantId: 'default',
  caller: { tenantId: 'default', service, scopes: new Set(), audiences: new Set(audiences) },
});
const EDGE = callOf('edge', 'orders');

async function served() {
  const world = await tokenWorld();
  const { issue: issueTrustToken, exchange: exchangeTrustToken, keyring } = world;
  const rpc = trustTokenRpc({ issueTrustToken, exchangeTrustToken, keyring, originOf: async () => ISSUER });
  const { sessionId } = await world.signIn();
  const asked = { ...IssueTrustTokenRequest.fromPartial({}), sessionId, audience: 'orders' };
  return { ...world, rpc, asked };
}

describe('TrustTokenService', () => {
  it('TOK-2 TOK-31 issues and exchanges: `req_wl` and `act` are the callers', async () => {
    const { rpc, asked } = await served();
    const first = await rpc.issueTrustToken({ ...asked, scope: ['read'], lifetimeSeconds: 30 }, EDGE);
    const { iat, exp, req_wl, scope } = payloadOf(first.trustToken);
    assert.deepEqual([exp - iat, req_wl, scope], [30, 'edge', 'read']);
    assert.equal(first.expiresAt?.getTime(), exp * 1000);
    const presented = { ...ExchangeTrustTokenRequest.fromPartial({}), trustToken: first.trustToken };
    const next = await rpc.exchangeTrustToken({ ...presented, audience: 'billing' }, callOf('orders', 'billing'));
    const claims = payloadOf(next.trustToken);
    assert.deepEqual([claims.aud, claims.req_wl, claims.act], ['billing', 'orders', { sub: 'orders' }]);
  });

  it('ERR-3 names each field that it refuses', async () => {
    const { rpc, asked } = await served();
    const map = (entries: number, key: string, value: string) =>
      Object.fromEntries(Array.from({ length: entries }, (_, index) => [key + index, value]));
    const refused: [Partial<IssueTrustTokenRequest>, string][] = [
      [{ sessionId: '' }, 'session_id'],
      [{ sessionId: 'x'.repeat(257) }, 'session_id'],
      [{ audience: 'Orders' }, 'audience'],
      [{ scope: ['read', 'a b'] }, 'scope[1]'],
      [{ scope: [''] }, 'scope[0]'],
      [{ scope: ['a"'] }, 'scope[0]'],
      [{ scope: Array.from({ length: 33 }, () => 'a') }, 'scope'],
      [{ lifetimeSeconds: 4 }, 'lifetime_seconds'],
      [{ lifetimeSeconds: 301 }, 'lifetime_seconds'],
      [{ transactionContext: map(17, 'k', 'v') }, 'transaction_context'],
      [{ requestContext: map(1, 'k', 'v'.repeat(257)) }, 'request_context.k0'],
    ];
    for (const [fields, name] of refused) {
      await assert.rejects(rpc.issueTrustToken({ ...asked, ...fields }, EDGE), reason('INVALID_FIELD', name), name);
    }
    const exchange = ExchangeTrustTokenRequest.fromPartial({ audience: 'billing' });
    for (const trustToken of ['', 'x'.repeat(8193)]) {
      const wrong = rpc.exchangeTrustToken({ ...exchange, trustToken }, callOf('orders', 'billing'));
      await assert.rejects(wrong, reason('INVALID_FIELD', 'trust_token'));
    }
  });

  it('TOK-4 no message of the contract holds a token but those that backends exchange', () => {
    const folder = new URL('../../../../proto/trust/v1/', import.meta.url);
    const text = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
    const messages = text.flatMap((proto) => [...proto.matchAll(/^message (\w+) \{(.*?)^\}/gms)]);
    const holding = messages.filter(([, , body = '']) =>
      /\bstring \w*token\w* = /.test(
        body.replace(/\w*(page|pending|device|enrollment|flow|attempt|invitation|access|refresh|id)_token/g, ''),
      ),
    );
    const names = holding.map(([, name]) => name).sort();
    assert.deepEqual(names, ['ExchangeTrustTokenRequest', 'ExchangeTrustTokenResponse', 'IssueTrustTokenResponse']);
  });

  it('publishes the keys with issuer and the time for which they may be kept', async () => {
    const { rpc } = await served();
    const { keys, issuer, cacheForSeconds } = await rpc.getTrustKeys({ tenantId: '' }, callOf('any'));
    assert.equal(issuer, ISSUER);
    assert.equal(cacheForSeconds, 60);
    const [key] = keys;
    const jwk = JSON.parse(key?.jwk ?? '');
    assert.deepEqual([jwk.kid, jwk.alg, jwk.use, jwk.d], [key?.kid, key?.alg, 'sig', undefined]);
    assert.equal(createPublicKey({ key: jwk, format: 'jwk' }).type, 'public');
  });
});
