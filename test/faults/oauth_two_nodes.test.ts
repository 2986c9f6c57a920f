// OAU-2 on two nodes with one PostgreSQL: of 50 callbacks at once, exactly one is accepted.
import assert from 'node:assert/strict';
import { oauthEnv, servedIssuer } from '../support/issuer.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type TwoNodes, twoNodes } from '../support/two_nodes.ts';

const CALLBACK = 'http://localhost:3000/auth/callback';

describe('accounts elsewhere on two nodes', function () {
  this.timeout(120_000);
  let issuer: Awaited<ReturnType<typeof servedIssuer>>;
  let cluster: TwoNodes;
  before(async () => {
    issuer = await servedIssuer();
    cluster = await twoNodes(oauthEnv(issuer));
  });
  after(async () => {
    await cluster?.remove();
    await issuer?.close();
  });

  it('OAU-2 50 parallel callbacks of one attempt: exactly one sign-in', async () => {
    const callers = cluster.nodes.map(({ grpcAddress }) => new RpcCaller(grpcAddress, cluster.nodes[0].serviceKey));
    const [first] = callers;
    assert.ok(first);
    const request = { provider: 'acme', redirectUri: CALLBACK };
    const { authorizationUrl, attemptToken } = await first.ok('OauthService', 'startOauthSignIn', request);
    const { code, state, iss = '' } = issuer.consent(authorizationUrl);
    const callbackQuery = `${new URLSearchParams({ code, state, iss })}`;
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        (callers[n % 2] ?? first).call('OauthService', 'completeOauthSignIn', { attemptToken, callbackQuery }),
      ),
    );
    for (const caller of callers) caller.close();
    const refused = outcomes.flatMap(({ failure }) => (failure === undefined ? [] : [failure.reason]));
    assert.equal(refused.length, 49);
    assert.deepEqual(new Set(refused), new Set(['OAUTH_REJECTED']));
  });
});
