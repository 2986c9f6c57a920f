import assert from 'node:assert/strict';
import { VerifiedTrustToken } from '../request_token.ts';
import { RequestTrust } from '../request_trust.ts';
import { denyBelowLevel, denyWithoutPermission, type Level } from './http.ts';

const NOW = Date.UTC(2026, 0, 1);
const browser = { method: 'GET', url: '/pay?x=1', headers: { 'sec-fetch-mode': 'navigate' } };
const script = { ...browser, headers: { 'sec-fetch-mode': 'cors' } };
const signedIn = (acr: string, secondsAgo = 0) =>
  new RequestTrust({
    outcome: 'active',
    session: { acr, authenticatedAt: new Date(NOW - secondsAgo * 1_000) } as never,
  });

describe('requireLevel', () => {
  it('SDK-25 lets a session pass that is strong and fresh enough', () => {
    for (const [level, trust, maxAgeSeconds] of [
      ['aal1', signedIn('aal1'), undefined],
      ['aal1', signedIn('aal2'), undefined],
      ['aal2', signedIn('aal2', 9_999), undefined],
      ['aal2', signedIn('aal2', 300), 300],
    ] as const) {
      assert.equal(denyBelowLevel(trust, script, level, { maxAgeSeconds }, NOW), undefined);
    }
  });

  it('SDK-25 refuses a weaker, an older and an unknown one, and sends a browser through sign-in', () => {
    for (const [level, trust, maxAgeSeconds] of [
      ['aal2', signedIn('aal1'), undefined],
      ['aal1', signedIn(''), undefined],
      ['aal1', signedIn('constructor'), undefined],
      ['aal2', signedIn('aal2', 301), 300],
      ['aal3' as Level, signedIn('aal2'), undefined],
    ] as const) {
      assert.equal(denyBelowLevel(trust, script, level, { maxAgeSeconds }, NOW)?.status, 401);
      assert.equal(denyBelowLevel(trust, browser, level, { maxAgeSeconds }, NOW)?.status, 303);
    }
    const asked = denyBelowLevel(signedIn('aal1'), browser, 'aal2', {}, NOW);
    assert.equal(asked?.headers.location, '/auth/sign-in?return_to=%2Fpay%3Fx%3D1&level=aal2');
    const told = denyBelowLevel(signedIn('aal1'), script, 'aal2', { maxAgeSeconds: 60 }, NOW);
    const challenge = 'Session error="insufficient_user_authentication", acr_values="aal2", max_age="60"';
    assert.equal(told?.headers['www-authenticate'], challenge);
  });

  it('SDK-20 SDK-25 needs a session first', () => {
    assert.equal(denyBelowLevel(new RequestTrust({ outcome: 'none' }), script, 'aal1')?.status, 401);
    assert.equal(denyBelowLevel(new RequestTrust({ outcome: 'error' }), script, 'aal1')?.status, 503);
  });
});

describe('requirePermission', () => {
  const member = (...permissions: string[]) =>
    new RequestTrust({
      outcome: 'active',
      organisation: { id: 'org_1', displayName: '', roles: ['orders:write'], permissions, version: 1n },
    });
  const asks = (trust: RequestTrust, token?: VerifiedTrustToken, permission = 'orders:write') =>
    denyWithoutPermission({ trust, token }, script, permission)?.status;

  it('SDK-26 lets a session pass whose active organisation permits it, and no other', () => {
    assert.equal(asks(member('orders:read', 'orders:write')), undefined);
    assert.equal(asks(member('orders:read')), 403);
    assert.equal(asks(member('orders:writer', 'orders')), 403);
    assert.equal(asks(member()), 403);
    assert.equal(asks(signedIn('aal2')), 403);
    assert.equal(asks(member(''), undefined, undefined as never), 403);
  });

  it('SDK-26 goes by the Trust Token where one was verified', () => {
    const token = (permissions?: string[]) =>
      new VerifiedTrustToken({ permissions, roles: ['orders:write'] } as never, 't');
    assert.equal(asks(member(), token(['orders:write'])), undefined);
    assert.equal(asks(member('orders:write'), token(['orders:read'])), 403);
    assert.equal(asks(member('orders:write'), token()), 403);
  });

  it('SDK-20 SDK-26 needs a session first', () => {
    assert.equal(asks(new RequestTrust({ outcome: 'none' })), 401);
    assert.equal(asks(new RequestTrust({ outcome: 'error' })), 503);
    assert.throws(() => denyWithoutPermission({}, script, 'a'));
  });
});
