// What the middleware of every web framework must do. Each framework's test builds the app and plays this.
import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import type { SignInFlowOptions } from '../sign_in_flow.ts';
import { TrustClient } from '../trust_client.ts';
import type { Verifier } from '../verifier.ts';
import { activeVerdict, type FakeServer, fault, OTHER_SESSION_ID, SESSION_ID, startFakeServer } from './fake_server.ts';
import { send } from './http.ts';
import { hostileKeySource, token, verifierOf } from './tokens.ts';

export interface WebAppOptions extends SignInFlowOptions {
  readonly client: TrustClient;
  readonly verifier: Verifier;
  readonly deafVerifier: Verifier;
}

/** A running app. */
export interface WebApp {
  readonly origin: string;
  readonly stop: () => void | Promise<void>;
}

/**
 * `start` makes an app with: `GET /open` answers `{outcome, handle, sessionId, shown}`; `GET /me` needs a session, and
 * `GET /api` one without redirect; `GET /orders` needs a Trust Token and answers `{sub, token, shown}`; `GET /deaf` needs
 * one that `deafVerifier` knows. Cookies are those of an `https` app at `https://app.example`.
 */
export function webSuite(name: string, start: (options: WebAppOptions) => Promise<WebApp>): void {
  describe(name, () => {
    let server: FakeServer;
    let client: TrustClient;
    let app: WebApp;
    let verdict: () => unknown;
    const cookie = ['cookie', `__Host-session_id=${SESSION_ID}`];
    const get = (path: string, ...headers: string[]) => send(app.origin, 'GET', path, headers);
    const open = async (...headers: string[]) => JSON.parse((await get('/open', ...headers)).body);

    before(async () => {
      const exchange = () => ({ sessionId: SESSION_ID });
      server = await startFakeServer({
        verify: () => verdict(),
        revokeSession: () => ({}),
        exchangeSignInCode: exchange,
      });
      client = new TrustClient({ address: server.address });
      const deafVerifier = verifierOf({ keySource: hostileKeySource });
      const urls = { publicUrl: 'https://app.example', signInUrl: 'https://trust.example' };
      app = await start({ client, verifier: verifierOf(), deafVerifier, ...urls, log: () => {} });
    });
    after(async () => {
      await app.stop();
      client.close();
      server.stop();
    });
    beforeEach(() => {
      server.calls.length = 0;
      verdict = () => activeVerdict();
    });

    it('SDK-20 an active session reaches the handler, its secret only by name', async () => {
      const { outcome, handle, sessionId, shown } = await open(...cookie);
      assert.deepEqual([outcome, handle, sessionId], ['active', 'ses_1', SESSION_ID]);
      assert(!shown.includes(SESSION_ID), shown);
      assert.equal((await get('/me', ...cookie)).status, 200);
    });

    it('SDK-45 asks with the address and the User-Agent of the request', async () => {
      await open(...cookie, 'user-agent', 'Firefox');
      assert.deepEqual(server.calls[0]?.request.client, { ipAddress: '127.0.0.1', userAgent: 'Firefox' });
    });

    it('SDK-20 a malformed or absent cookie asks nobody', async () => {
      for (const headers of [[], ['cookie', '__Host-session_id=x'], ['cookie', `session_id=${SESSION_ID}`]]) {
        assert.equal((await open(...headers)).outcome, 'none');
      }
      assert.equal(server.calls.length, 0);
    });

    it('SDK-21 more than one cookie of the name is no session', async () => {
      const two = `__Host-session_id=${SESSION_ID}; __Host-session_id=${OTHER_SESSION_ID}`;
      assert.equal((await open('cookie', two)).outcome, 'none');
      assert.equal((await open(...cookie, ...cookie)).outcome, 'none');
      assert.equal((await get('/api', 'cookie', two)).status, 401);
      assert.equal(server.calls.length, 0);
    });

    it('SDK-20 a rejected session is 401, or a redirect to sign-in where a browser navigates', async () => {
      verdict = () => ({ verdict: { answer: { $case: 'rejected', value: { reason: 4 } } } });
      assert.deepEqual(await open(...cookie), { outcome: 'rejected', shown: '{}' });
      const navigated = await get('/me?a=1', ...cookie, 'sec-fetch-mode', 'navigate');
      assert.equal(navigated.status, 303);
      assert.equal(navigated.headers.location, '/auth/sign-in?return_to=%2Fme%3Fa%3D1');
      assert.equal((await get('/me', ...cookie, 'accept', 'text/html,*/*')).status, 303);
      assert.equal((await get('/me', ...cookie)).status, 401);
      assert.equal((await get('/me', ...cookie, 'accept', 'text/html', 'sec-fetch-mode', 'cors')).status, 401);
      assert.equal((await get('/api', ...cookie, 'sec-fetch-mode', 'navigate')).status, 401);
    });

    it('SDK-20 an error leaves the request without a session: 503 where one is needed', async () => {
      verdict = () => {
        throw fault(status.INTERNAL, { reason: 'INTERNAL' });
      };
      const { outcome, handle, sessionId } = await open(...cookie);
      assert.deepEqual([outcome, handle, sessionId], ['error', undefined, undefined]);
      assert.equal((await get('/me', ...cookie, 'sec-fetch-mode', 'navigate')).status, 503);
      assert.equal((await get('/api', ...cookie)).status, 503);
    });

    it('SDK-2 an empty verdict gives no session', async () => {
      verdict = () => ({});
      assert.equal((await get('/api', ...cookie)).status, 401);
    });

    it('RED-4 RED-5 plays the redirect flow, cookies and all', async () => {
      const begun = await get('/auth/sign-in?return_to=/me');
      assert.equal(begun.status, 303);
      const flowCookie = begun.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
      const state = new URL(String(begun.headers.location)).searchParams.get('state');
      const code = 'tc_00000000000000000000000000000000000000000001ZEKX7';
      const path = `/auth/callback?code=${code}&state=${state}`;
      assert.equal((await get(path)).status, 400);
      const ended = await get(path, 'cookie', flowCookie);
      assert.equal(ended.status, 303);
      assert.equal(ended.headers.location, '/me');
      assert.equal(ended.headers['set-cookie']?.length, 2);
      const device = server.calls.find((call) => call.name === 'exchangeSignInCode')?.request.device;
      assert.equal((device as { ipAddress: string }).ipAddress, '127.0.0.1');
    });

    it('RED-7 SDK-23 signs out by POST of a form, and by nothing else', async () => {
      const form = ['content-type', 'application/x-www-form-urlencoded'];
      const signOut = (method: string, headers: string[], body = '') =>
        send(app.origin, method, '/auth/sign-out', [...cookie, ...headers], body);
      assert.equal((await signOut('GET', [])).status, 405);
      assert.equal((await signOut('POST', [...form, 'sec-fetch-site', 'cross-site'])).status, 403);
      assert.equal(
        (await signOut('POST', ['origin', 'https://app.example', 'origin', 'https://app.example'])).status,
        403,
      );
      assert.equal(server.calls.filter((call) => call.name === 'revokeSession').length, 0);
      for (const body of ['', 'a=b']) {
        const done = await signOut('POST', [...form, 'origin', 'https://app.example'], body);
        assert.equal(done.status, 303);
        assert.match(String(done.headers['set-cookie']), /__Host-session_id=; .*Max-Age=0/);
      }
      assert.equal(server.calls.filter((call) => call.name === 'revokeSession').length, 2);
    });

    it('SDK-22 a valid Trust Token reaches the handler, itself only by name', async () => {
      const given = token();
      const answer = JSON.parse((await get('/orders', 'Trust-Token', given)).body);
      assert.equal(answer.sub, 'idn_0b6f1d2e3c4a59687786a5b4c3d2e1f0');
      assert.equal(answer.token, given);
      assert(!answer.shown.includes(given));
    });

    it('SDK-22 others are 401 with the code of the first check that failed', async () => {
      const refused: [string, string[]][] = [
        ['TOKEN_SIZE', []],
        ['TOKEN_MALFORMED', ['trust-token', 'x']],
        ['TOKEN_MALFORMED', ['trust-token', token(), 'Trust-Token', token()]],
        ['TOKEN_TYPE', ['trust-token', token({ header: { typ: 'JWT', alg: 'EdDSA', kid: 'key-1' } })]],
        ['TOKEN_SIZE', ['cookie', `trust-token=${token()}`, 'authorization', `Bearer ${token()}`]],
      ];
      for (const [code, headers] of refused) {
        const answer = await get('/orders', ...headers);
        assert.equal(answer.status, 401);
        assert.equal(answer.headers['www-authenticate'], `Trust-Token error="${code}"`);
      }
      assert.equal((await get(`/orders?trust-token=${token()}`)).status, 401);
    });

    it('SDK-22 KEYS_UNAVAILABLE is 503', async () => {
      const answer = await get('/deaf', 'trust-token', token());
      assert.equal(answer.status, 503);
      assert.equal(answer.headers['www-authenticate'], undefined);
    });
  });
}
