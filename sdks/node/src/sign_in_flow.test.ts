import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { TrustLayerError } from './errors.ts';
import { type FlowAnswer, type FlowRequest, SignInFlow } from './sign_in_flow.ts';
import { OTHER_SESSION_ID, SESSION_ID } from './testing/fake_server.ts';

const CODE = 'tc_00000000000000000000000000000000000000000001ZEKX7';
const PUBLIC = 'https://app.example';

type Failing = (() => unknown) | undefined;

function setUp(fail: { exchange?: Failing; revoke?: Failing } = {}) {
  const exchanged: Record<string, unknown>[] = [];
  const revoked: unknown[] = [];
  const client = {
    exchangeSignInCode: async (request: object) => {
      exchanged.push(request as Record<string, unknown>);
      return (fail.exchange?.() ?? { sessionId: SESSION_ID }) as never;
    },
    revokeSession: async (request: { target?: unknown }) => {
      revoked.push(request.target);
      return (fail.revoke?.() ?? {}) as never;
    },
  };
  const flow = new SignInFlow({ client, publicUrl: PUBLIC, signInUrl: 'https://trust.example/', log: () => {} });
  const ask = async (method: string, url: string, headers: FlowRequest['headers'] = {}): Promise<FlowAnswer> => {
    const answer = await flow.handle({ method, url, headers, ipAddress: '::ffff:192.0.2.1' });
    assert(answer, 'no answer');
    return answer;
  };
  return { flow, ask, exchanged, revoked };
}

const cookiesOf = (answer: FlowAnswer) => [answer.headers['set-cookie'] ?? []].flat();
const locationOf = (answer: FlowAnswer) => new URL(String(answer.headers.location), PUBLIC);
const pairOf = (cookie: string | undefined) => String(cookie).split(';')[0] ?? '';

async function begin(ask: ReturnType<typeof setUp>['ask'], query = '') {
  const answer = await ask('GET', `/auth/sign-in${query}`);
  return { state: locationOf(answer).searchParams.get('state') ?? '', cookie: pairOf(cookiesOf(answer)[0]), answer };
}

describe('sign-in flow', () => {
  it('RED-2 RED-4 sends the browser to the hosted page with state, PKCE and a flow cookie', async () => {
    const { ask } = setUp();
    for (const page of ['sign-in', 'sign-up']) {
      const answer = await ask('GET', `/auth/${page}`);
      const location = locationOf(answer);
      assert.equal(answer.status, 303);
      assert.equal(location.origin + location.pathname, `https://trust.example/${page}`);
      const query = location.searchParams;
      assert.equal(query.get('return_to'), 'https://app.example/auth/callback');
      assert.match(query.get('state') ?? '', /^[A-Za-z0-9._~-]{16,256}$/);
      assert.match(query.get('code_challenge') ?? '', /^[A-Za-z0-9_-]{43}$/);
      assert.equal(query.get('code_challenge_method'), 'S256');
      assert.match(
        cookiesOf(answer)[0] ?? '',
        /^__Host-trust_flow=\S+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=600$/,
      );
      assert.equal(answer.headers['cache-control'], 'no-store');
    }
  });

  it('RED-4 state and verifier are new each time', async () => {
    const { ask } = setUp();
    const [a, b] = [await begin(ask), await begin(ask)];
    assert.notEqual(a.state, b.state);
    assert.notEqual(a.cookie.split('.')[1], b.cookie.split('.')[1]);
  });

  it('RED-5 the callback exchanges the code and sets the session cookie', async () => {
    const { ask, exchanged } = setUp();
    const { state, cookie, answer: begun } = await begin(ask, '?return_to=/orders%3Fpage=2');
    const answer = await ask('GET', `/auth/callback?code=${CODE}&state=${state}`, { cookie, 'user-agent': 'test' });
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.location, '/orders?page=2');
    assert.deepEqual(cookiesOf(answer), [
      `__Host-session_id=${SESSION_ID}; Path=/; Secure; HttpOnly; SameSite=Lax`,
      '__Host-trust_flow=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0',
    ]);
    const [{ code, codeVerifier, returnTo, device } = {}] = exchanged;
    assert.equal(code, CODE);
    assert.equal(returnTo, 'https://app.example/auth/callback');
    assert.deepEqual(device, { userAgent: 'test', ipAddress: '192.0.2.1' });
    const challenge = createHash('sha256').update(String(codeVerifier)).digest('base64url');
    assert.equal(challenge, locationOf(begun).searchParams.get('code_challenge'));
    assert.equal(answer.headers['referrer-policy'], 'no-referrer');
  });

  it('RED-11 the callback gives what the browser held before, and nothing that is no session_id', async () => {
    const { ask, exchanged } = setUp();
    const held = `__Host-session_id=${SESSION_ID}`;
    for (const [cookies, given] of [
      [held, SESSION_ID],
      [`${held}; ${held}`, ''],
      ['__Host-session_id=x', ''],
      ['a=b', ''],
    ] as const) {
      const { state, cookie } = await begin(ask);
      await ask('GET', `/auth/callback?code=${CODE}&state=${state}`, { cookie: `${cookie}; ${cookies}` });
      assert.equal(exchanged.at(-1)?.previousSessionId, given, cookies);
    }
  });

  it('RED-4 refuses a callback whose state is not that of the cookie, and asks nobody', async () => {
    const { ask, exchanged } = setUp();
    const { state, cookie } = await begin(ask);
    const other = await begin(ask);
    const good = `/auth/callback?code=${CODE}&state=${state}`;
    const refused: [string, string | undefined][] = [
      [good, undefined],
      [good, other.cookie],
      [good, `${cookie}; ${other.cookie}`],
      [good, `${cookie}; ${cookie}`],
      [good, `${cookie}x!`],
      [good, '__Host-trust_flow='],
      [good, `trust_flow=${cookie.split('=')[1]}`],
      [`/auth/callback?code=${CODE}&state=${other.state}`, cookie],
      [`/auth/callback?code=${CODE}&state=`, cookie],
      [`/auth/callback?code=${CODE}`, cookie],
      [`${good}&state=${state}`, cookie],
      [`${good}&code=${CODE}`, cookie],
      [`/auth/callback?state=${state}`, cookie],
      [`/auth/callback?code=tc_x&state=${state}`, cookie],
      [`/auth/callback?code=${SESSION_ID}&state=${state}`, cookie],
    ];
    for (const [url, header] of refused) {
      const answer = await ask('GET', url, { cookie: header });
      assert.equal(answer.status, 400, `${url} ${header}`);
      assert.match(cookiesOf(answer).join(), /^__Host-trust_flow=; /);
    }
    assert.equal(exchanged.length, 0);
  });

  it('RED-6 the page to return to stays inside the app, also out of a forged cookie', async () => {
    const { ask } = setUp();
    for (const page of [
      '//evil.example',
      'https://evil.example',
      '/\\evil.example',
      '/a\r\nx: y',
      `/${'x'.repeat(3_000)}`,
    ]) {
      const { state, cookie } = await begin(ask, `?return_to=${encodeURIComponent(page)}`);
      const answer = await ask('GET', `/auth/callback?code=${CODE}&state=${state}`, { cookie });
      assert.equal(answer.headers.location, '/', page);
      const forged = cookie.replace(/[^.]*$/, Buffer.from(page.slice(0, 100)).toString('base64url'));
      const again = await ask('GET', `/auth/callback?code=${CODE}&state=${state}`, { cookie: forged });
      assert.equal(locationOf(again).origin, PUBLIC);
      assert(!String(again.headers.location).includes('evil'), page);
    }
    const { state, cookie } = await begin(ask, '?return_to=/a&return_to=//evil.example');
    const answer = await ask('GET', `/auth/callback?code=${CODE}&state=${state}`, { cookie });
    assert.equal(answer.headers.location, '/');
  });

  it('SDK-20 a code that is refused, an error and an odd answer give no session', async () => {
    const failing: [Failing, number][] = [
      [
        () => {
          throw new TrustLayerError({ reason: 'SIGN_IN_CODE_REJECTED', code: 'UNAUTHENTICATED' });
        },
        400,
      ],
      [
        () => {
          throw new TrustLayerError({ reason: 'UNREACHABLE', code: 'UNAVAILABLE' });
        },
        503,
      ],
      [
        () => {
          throw new Error('odd');
        },
        503,
      ],
      [() => ({ sessionId: '' }), 503],
      [() => ({ sessionId: 'a; Domain=evil' }), 503],
    ];
    for (const [exchange, status] of failing) {
      const { ask } = setUp({ exchange });
      const { state, cookie } = await begin(ask);
      const answer = await ask('GET', `/auth/callback?code=${CODE}&state=${state}`, { cookie });
      assert.equal(answer.status, status);
      assert(!cookiesOf(answer).join().includes('session_id'));
    }
  });

  it('RED-7 sign-out revokes, then clears the cookie', async () => {
    const { ask, revoked } = setUp();
    const answer = await ask('POST', '/auth/sign-out', {
      cookie: `__Host-session_id=${SESSION_ID}`,
      origin: PUBLIC,
      'sec-fetch-site': 'same-origin',
    });
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.location, '/');
    assert.deepEqual(revoked, [{ $case: 'sessionId', value: SESSION_ID }]);
    assert.match(cookiesOf(answer).join(), /^__Host-session_id=; .*Max-Age=0$/);
  });

  it('RED-7 answers 503 and clears the cookie if revoking fails, for the session lives on', async () => {
    for (const thrown of [new TrustLayerError({ reason: 'UNREACHABLE', code: 'UNAVAILABLE' }), new Error('odd')]) {
      const { ask } = setUp({
        revoke: () => {
          throw thrown;
        },
      });
      const answer = await ask('POST', '/auth/sign-out', { cookie: `__Host-session_id=${SESSION_ID}` });
      assert.equal(answer.status, 503);
      assert.match(cookiesOf(answer).join(), /^__Host-session_id=; /);
    }
  });

  it('RED-7 SDK-21 with no session nothing is revoked; with two, that is not called success', async () => {
    const { ask, revoked } = setUp();
    assert.equal((await ask('POST', '/auth/sign-out', {})).status, 303);
    assert.equal((await ask('POST', '/auth/sign-out', { cookie: '__Host-session_id=x' })).status, 303);
    const two = `__Host-session_id=${SESSION_ID}; __Host-session_id=${OTHER_SESSION_ID}`;
    const answer = await ask('POST', '/auth/sign-out', { cookie: two });
    assert.equal(answer.status, 400);
    assert.match(cookiesOf(answer).join(), /^__Host-session_id=; /);
    assert.deepEqual(revoked, []);
  });

  it('SDK-23 sign-out accepts POST only', async () => {
    const { ask, revoked } = setUp();
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'post']) {
      const answer = await ask(method, '/auth/sign-out', { cookie: `__Host-session_id=${SESSION_ID}` });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.allow, 'POST');
      assert.deepEqual(cookiesOf(answer), []);
    }
    assert.equal((await ask('POST', '/auth/callback')).status, 405);
    assert.deepEqual(revoked, []);
  });

  it('SDK-23 sign-out refuses requests of other sites', async () => {
    const { ask, revoked } = setUp();
    const cookie = `__Host-session_id=${SESSION_ID}`;
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': '' },
      { 'sec-fetch-site': 'same-origin, same-origin' },
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: '' },
      { origin: 'http://app.example' },
      { origin: 'https://app.example:8443' },
      { origin: 'https://app.example.evil.example' },
    ]) {
      const answer = await ask('POST', '/auth/sign-out', { cookie, ...headers });
      assert.equal(answer.status, 403, JSON.stringify(headers));
      assert.deepEqual(cookiesOf(answer), []);
    }
    assert.deepEqual(revoked, []);
  });

  it('leaves other paths alone and refuses odd settings', async () => {
    const { flow } = setUp();
    for (const url of [
      '/',
      '/auth',
      '/auth/',
      '/auth/sign-in/',
      '/auth/sign-inx',
      '//auth/sign-in',
      '/AUTH/sign-in',
      'http://x/auth/sign-in',
    ]) {
      assert.equal(await flow.handle({ method: 'GET', url, headers: {} }), undefined, url);
    }
    const client = {} as never;
    for (const options of [
      { signInUrl: 'javascript:x' },
      { signInUrl: 'https://t/?a' },
      { publicUrl: 'https://a/b' },
      { basePath: 'auth' },
      { basePath: '/auth/' },
      { basePath: '//x' },
    ]) {
      assert.throws(() => new SignInFlow({ client, signInUrl: 'https://t', publicUrl: PUBLIC, ...options }), TypeError);
    }
  });
});
