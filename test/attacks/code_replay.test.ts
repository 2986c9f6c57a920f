// RED-3: a sign-in code is good once, for 60 s, for the party that began the flow, and a second use ends what the first gave.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { RejectionReason } from '../../server/src/contract/gen/trust/v1/session.ts';
import { newSignInCode } from '../../server/src/kernel/secret.ts';
import { visit } from '../conformance/hosted_page.ts';
import { type ComposedServer, composedServer } from '../support/composed_server.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { freshName, newIdentity, type SharedServer, sharedServer, verdictOf } from '../support/shared_server.ts';

const RETURN_TO = 'http://localhost/auth/callback';
const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url');

describe('attack: code replay', function () {
  this.timeout(60_000);
  let shared: SharedServer;
  let identifier: string;
  const password = 'violet-otter-battery';

  before(async () => {
    shared = await sharedServer();
    identifier = `${freshName('p')}@example.com`;
    await flow('sign-up');
  });

  /** Walks through the hosted page as the person does; gives what the backend then sends. */
  async function flow(page: 'sign-in' | 'sign-up' = 'sign-in', query: Record<string, string> = {}) {
    const codeVerifier = randomBytes(32).toString('base64url');
    const state = randomBytes(16).toString('hex');
    const asked = {
      return_to: RETURN_TO,
      state,
      code_challenge: challengeOf(codeVerifier),
      code_challenge_method: 'S256',
      ...query,
    };
    const visited = { page, publicUrl: shared.server.publicUrl, identifier, password, displayName: 'Ada' } as const;
    const { code, status } = await visit({ ...visited, query: asked });
    return { status, request: { code, codeVerifier, returnTo: RETURN_TO } };
  }

  const exchange = (request: Parameters<typeof refusal>[0]) =>
    shared.rpc.ok('SignInService', 'exchangeSignInCode', request);
  async function refusal(
    request: { code: string; codeVerifier: string; returnTo: string },
    rpc = shared.rpc,
  ): Promise<string> {
    return (await rpc.refused('SignInService', 'exchangeSignInCode', request)).reason;
  }

  it('a code gives a session; its second use is refused and ends that session', async () => {
    const { request } = await flow();
    const { sessionId } = await exchange(request);
    assert.equal(await verdictOf(shared.rpc, sessionId), 'active');
    assert.equal(await refusal(request), 'SIGN_IN_CODE_REJECTED');
    assert.equal(await verdictOf(shared.rpc, sessionId), RejectionReason.REVOKED);
  });

  it('of 50 uses at once, over 10 connections, at most one succeeds, and no session of it stays', async () => {
    const callers = Array.from(
      { length: 10 },
      () => new RpcCaller(shared.server.grpcAddress, shared.server.serviceKey),
    );
    const { request } = await flow();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, place) =>
        (callers[place % 10] as RpcCaller).call('SignInService', 'exchangeSignInCode', request),
      ),
    );
    for (const caller of callers) caller.close();
    const won = answers.flatMap(({ value }) => (value === undefined ? [] : [value.sessionId]));
    assert.ok(won.length <= 1, `${won.length} succeeded`);
    for (const { failure } of answers)
      assert.ok(failure === undefined || failure.reason === 'SIGN_IN_CODE_REJECTED', failure?.reason);
    for (const sessionId of won) assert.equal(await verdictOf(shared.rpc, sessionId), RejectionReason.REVOKED);
    assert.equal(await refusal(request), 'SIGN_IN_CODE_REJECTED');
    const identityId = await identityOf();
    const { sessions } = await shared.rpc.ok('SessionService', 'listSessions', { identityId, pageSize: 100 });
    assert.deepEqual(sessions, [], 'none is left behind, not even one that nobody was given');
  });

  const identityOf = async () => {
    const { request } = await flow();
    const { identity, sessionId } = await exchange(request);
    await shared.rpc.ok('SessionService', 'revokeSession', { target: { $case: 'sessionId', value: sessionId } });
    return identity?.id ?? '';
  };

  it('a wrong verifier, or another return_to, spends the code', async () => {
    const wrong = [
      (request: { codeVerifier: string }) => ({ codeVerifier: challengeOf(request.codeVerifier) }),
      () => ({ codeVerifier: 'v'.repeat(43) }),
      (request: { codeVerifier: string }) => ({ codeVerifier: request.codeVerifier.toLowerCase() }),
      (request: { codeVerifier: string }) => ({ codeVerifier: `${request.codeVerifier}~` }),
      () => ({ returnTo: 'http://127.0.0.1/auth/callback' }),
      () => ({ returnTo: `${RETURN_TO}/` }),
      () => ({ returnTo: 'http://localhost:80/auth/callback' }),
      () => ({ returnTo: 'http://LOCALHOST/auth/callback' }),
    ];
    for (const change of wrong) {
      const { request } = await flow();
      assert.equal(await refusal({ ...request, ...change(request) }), 'SIGN_IN_CODE_REJECTED');
      assert.equal(await refusal(request), 'SIGN_IN_CODE_REJECTED', 'spent');
    }
  });

  it('PKCE: the page gives no code without a S256 challenge', async () => {
    const verifier = 'v'.repeat(43);
    const downgrades = [
      { code_challenge_method: 'plain', code_challenge: verifier },
      { code_challenge_method: '' },
      { code_challenge_method: 's256' },
      { code_challenge_method: 'S256,plain' },
      { code_challenge: '' },
      { code_challenge: 'short' },
      { code_challenge: `${challengeOf(verifier)}=` },
    ];
    for (const query of downgrades) {
      const { status, request } = await flow('sign-in', query);
      assert.deepEqual([status, request.code], [400, ''], JSON.stringify(query));
    }
  });

  it('PKCE: a challenge is never taken for a verifier, and an empty verifier is none', async () => {
    const { request } = await flow();
    for (const codeVerifier of [
      '',
      'x',
      'v'.repeat(42),
      'v'.repeat(129),
      `${'v'.repeat(42)}=`,
      `${'v'.repeat(43)}\n`,
    ]) {
      assert.equal(await refusal({ ...request, codeVerifier }), 'INVALID_FIELD', 'malformed: nothing is spent');
    }
    await exchange(request);
  });

  it('a code of one person, or of nobody, with the verifier of another', async () => {
    const [first, second] = [await flow(), await flow()];
    assert.equal(
      await refusal({ ...first.request, codeVerifier: second.request.codeVerifier }),
      'SIGN_IN_CODE_REJECTED',
    );
    assert.equal(
      await refusal({ ...second.request, code: newSignInCode((size) => randomBytes(size)) }),
      'SIGN_IN_CODE_REJECTED',
    );
    await exchange(second.request);
  });
});

describe('attack: code replay, with another clock', function () {
  this.timeout(30_000);
  let composed: ComposedServer;
  before(async () => {
    composed = await composedServer();
  });
  after(() => composed?.close());

  async function newCode() {
    const identityId = await newIdentity(composed.rpc);
    const codeVerifier = randomBytes(32).toString('base64url');
    const request = { returnTo: RETURN_TO, state: 'abcdefghijklmnop', codeChallenge: challengeOf(codeVerifier) };
    const identity = { id: identityId, epoch: 1 };
    const proof = { tenantId: 'default', actor: 'hosted-page', identity, request, acr: 'aal1', amr: ['pwd'] };
    const { code } = await composed.node.pages.issueSignInCode(proof);
    return { identityId, request: { code, codeVerifier, returnTo: RETURN_TO } };
  }

  it('is good at 58 s and expired at 60 s, for ever', async () => {
    for (const [age, good] of [
      [58_000, true],
      [60_000, false],
      [86_400_000, false],
    ] as const) {
      const { request } = await newCode();
      composed.time.ahead += age;
      const { failure } = await composed.rpc.call('SignInService', 'exchangeSignInCode', request);
      assert.equal(failure?.reason, good ? undefined : 'SIGN_IN_CODE_REJECTED', String(age));
    }
  });

  it('an expired code is spent: putting the clock back does not revive it', async () => {
    const { request } = await newCode();
    composed.time.ahead += 61_000;
    assert.equal(
      (await composed.rpc.refused('SignInService', 'exchangeSignInCode', request)).reason,
      'SIGN_IN_CODE_REJECTED',
    );
    composed.time.ahead -= 61_000;
    assert.equal(
      (await composed.rpc.refused('SignInService', 'exchangeSignInCode', request)).reason,
      'SIGN_IN_CODE_REJECTED',
    );
  });

  it('a replay long after still ends the session', async () => {
    const { request } = await newCode();
    const { sessionId } = await composed.rpc.ok('SignInService', 'exchangeSignInCode', request);
    composed.time.ahead += 3_600_000;
    await composed.rpc.refused('SignInService', 'exchangeSignInCode', request);
    assert.equal(await verdictOf(composed.rpc, sessionId), RejectionReason.REVOKED);
  });

  it('a code from before "sign out everywhere" or a disabling makes no session', async () => {
    for (const method of ['revokeIdentitySessions', 'disableIdentity'] as const) {
      const { identityId, request } = await newCode();
      if (method === 'disableIdentity') await composed.rpc.ok('IdentityService', method, { identityId });
      else await composed.rpc.ok('SessionService', method, { identityId });
      assert.equal(
        (await composed.rpc.refused('SignInService', 'exchangeSignInCode', request)).reason,
        'SIGN_IN_CODE_REJECTED',
      );
    }
  });

  it('if the store fails while the session is made, the code stays spent', async () => {
    const { identityId, request } = await newCode();
    composed.control.before = (call) => {
      if (call === 'sessions.insert') throw new Error('the disk is full');
    };
    await composed.rpc.refused('SignInService', 'exchangeSignInCode', request);
    composed.control.before = undefined;
    assert.equal(
      (await composed.rpc.refused('SignInService', 'exchangeSignInCode', request)).reason,
      'SIGN_IN_CODE_REJECTED',
    );
    const { sessions } = await composed.rpc.ok('SessionService', 'listSessions', { identityId });
    assert.deepEqual(sessions, []);
  });
});
