// SES-14: however many sign-ins come at once, by way of two nodes, no more sessions are active than the tenant allows.
import assert from 'node:assert/strict';
import { SessionOverflow } from '../../server/src/contract/gen/trust/v1/tenant.ts';
import { needsPostgres } from '../support/needs.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { newIdentity } from '../support/shared_server.ts';
import { type TwoNodes, twoNodes } from '../support/two_nodes.ts';

describe('attack: more sessions than there may be, on two nodes', function () {
  this.timeout(120_000);
  let two: TwoNodes | undefined;
  let rpcs: RpcCaller[] = [];
  let first: RpcCaller;

  before(async function () {
    needsPostgres(this);
    two = await twoNodes();
    rpcs = two.nodes.map(({ grpcAddress, serviceKey }) => new RpcCaller(grpcAddress, serviceKey));
    first = rpcs[0] ?? assert.fail();
  });
  after(async () => {
    for (const rpc of rpcs) rpc.close();
    await two?.remove();
  });

  for (const [name, sessionOverflow] of [
    ['the oldest end', SessionOverflow.END_OLDEST],
    ['the surplus is refused', SessionOverflow.REFUSE],
  ] as const) {
    it(`SES-14 ${name}`, async () => {
      const { tenant } = await first.ok('TenantService', 'getTenant', {});
      const settings = { ...(tenant?.settings ?? assert.fail()), maxSessions: 3, sessionOverflow };
      await first.ok('TenantService', 'updateTenant', { settings });
      const identityId = await newIdentity(first);
      const answers = await Promise.all(
        Array.from({ length: 24 }, (_, n) =>
          (rpcs[n % 2] ?? first).call('SessionService', 'createSession', { identityId, acr: 'aal1', amr: ['pwd'] }),
        ),
      );
      const reasons = answers.flatMap(({ failure }) => (failure === undefined ? [] : [failure.reason]));
      const refused = sessionOverflow === SessionOverflow.REFUSE ? ['SESSION_LIMIT'] : [];
      // A sign-in may lose against the others again and again; then it says so, and has ended nothing.
      assert.deepEqual(
        [...new Set(reasons)].filter((reason) => reason !== 'CONCURRENT_CHANGE'),
        refused,
      );
      const { sessions } = await first.ok('SessionService', 'listSessions', { identityId });
      assert.equal(sessions.length, 3);
      const verdicts = await Promise.all(
        answers.map(async ({ value }) => {
          if (value === undefined) return false;
          const { verdict } = await first.ok('SessionService', 'verify', { sessionId: value.sessionId });
          return verdict?.answer?.$case === 'active';
        }),
      );
      assert.equal(verdicts.filter(Boolean).length, 3);
    });
  }
});
