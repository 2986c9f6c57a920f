import assert from 'node:assert/strict';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { TrustError } from '../../server/src/errors/trust_error.ts';
import type { RateLimits } from '../../server/src/features/rate_limit/rate_limit.ts';
import { type ComposedServer, composedServer } from '../support/composed_server.ts';
import { httpWorld } from '../support/http_world.ts';
import { needsPostgres } from '../support/needs.ts';
import { countingHasher } from '../support/password_world.ts';
import { postgresServer } from '../support/postgres.ts';
import type { RpcCaller } from '../support/rpc_caller.ts';
import { freshName, verdictOf } from '../support/shared_server.ts';
import { solveWork } from '../support/solve_work.ts';
import { WIDE_LIMITS } from '../support/world.ts';

const EMAIL = IdentifierType.EMAIL;
const PASSWORD = 'violet-otter-battery';
const LIMIT = { burst: 10, perHour: 1 };

type Tally = { readonly hashes: number; readonly reasons: Readonly<Record<string, number>> };

describe('attack: parallel guessing', function () {
  this.timeout(90_000);
  let databaseUrl: string;
  const open: ComposedServer[] = [];
  const { hasher, work } = countingHasher();

  /** One more node on the same database; hashes of all nodes are counted together. */
  const node = async (rateLimits: Partial<RateLimits> = { account: LIMIT }) => {
    const options = {
      databaseUrl,
      hasher,
      service: freshName('svc'),
      issuer: 'http://127.0.0.1:8080',
      masterKey: Buffer.alloc(32, 5),
    };
    const server = await composedServer({ ...options, rateLimits: { ...WIDE_LIMITS, ...rateLimits } });
    open.push(server);
    return server;
  };

  beforeEach(async function () {
    needsPostgres(this);
    databaseUrl = await (await postgresServer()).createDatabase();
  });
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
  });

  const signUp = async (rpc: RpcCaller) => {
    const identifier = `${freshName('ada')}@example.com`;
    const { session } = await rpc.ok('PasswordService', 'signUpWithPassword', {
      identifierType: EMAIL,
      identifier,
      password: PASSWORD,
    });
    return { identifier, identityId: session?.identityId ?? '' };
  };

  /** Sends guesses at once, spread over the nodes. */
  const guess = async (nodes: readonly ComposedServer[], requests: readonly object[]): Promise<Tally> => {
    work.length = 0;
    const answers = await Promise.all(
      requests.map((request, place) =>
        nodes[place % nodes.length]?.rpc.call('PasswordService', 'signInWithPassword', {
          identifierType: EMAIL,
          password: `wrong-guess-${place}`,
          ...request,
        }),
      ),
    );
    const reasons: Record<string, number> = {};
    for (const answer of answers) {
      const failure = answer?.failure;
      const reason = failure?.reason ?? 'signed in';
      reasons[reason] = (reasons[reason] ?? 0) + 1;
      if (reason === 'RATE_LIMITED')
        assert.ok((failure?.retry_after_ms ?? 0) > 0, 'ERR-4 it is said when to come back');
    }
    return { hashes: work.length, reasons };
  };
  const times = <T>(count: number, one: (place: number) => T) =>
    Array.from({ length: count }, (_, place) => one(place));

  it('LIM-1 200 guesses over two nodes: as many hash checks as the limit, and no more after a restart', async () => {
    const pair = [await node(), await node()];
    const [first] = pair as [ComposedServer];
    const { identifier } = await signUp(first.rpc);
    const tally = await guess(
      pair,
      times(200, (place) => ({ identifier: place % 3 ? identifier : ` ${identifier.toUpperCase()} ` })),
    );
    assert.deepEqual(tally, { hashes: LIMIT.burst, reasons: { CREDENTIAL_REJECTED: LIMIT.burst, RATE_LIMITED: 190 } });
    const restarted = await node();
    assert.deepEqual(
      await guess(
        [restarted],
        times(20, () => ({ identifier, password: PASSWORD })),
      ),
      {
        hashes: 0,
        reasons: { RATE_LIMITED: 20 },
      },
    );
  });

  it('LIM-4 aliases of one account: its password is compared no more often than by one name', async () => {
    const pair = [await node(), await node()];
    const [first] = pair as [ComposedServer];
    const { identifier, identityId } = await signUp(first.rpc);
    const names = times(4, (place) => `${freshName(`alias${place}`)}@example.com`);
    for (const value of names)
      await first.rpc.ok('IdentityService', 'addIdentifier', {
        identityId,
        identifier: { type: EMAIL, value, verified: false },
      });
    const tally = await guess(
      pair,
      [identifier, ...names].flatMap((name) => times(20, () => ({ identifier: name }))),
    );
    assert.deepEqual(tally.reasons, { CREDENTIAL_REJECTED: 50, RATE_LIMITED: 50 });
    assert.equal(tally.hashes, 50, 'each answer takes its hash, known or not');
    assert.equal(work.filter((one) => one === 'verify').length, LIMIT.burst, 'but few of them the real one');
  });

  it('LIM-2 addresses of one IPv6 subscriber are one; the limit holds over all accounts', async () => {
    const pair = [await node({ address: LIMIT }), await node({ address: LIMIT })];
    const tally = await guess(
      pair,
      times(60, (place) => ({
        identifier: `${freshName('who')}@example.com`,
        device: { ipAddress: `2001:db8:0:7::${place.toString(16)}`, userAgent: '', label: '' },
      })),
    );
    assert.deepEqual(tally, { hashes: LIMIT.burst, reasons: { CREDENTIAL_REJECTED: LIMIT.burst, RATE_LIMITED: 50 } });
  });

  it('LIM-5 of 50 uses of one proof of work over two nodes, one is looked at further', async () => {
    const pair = [await node({ freeTenant: LIMIT }), await node({ freeTenant: LIMIT })];
    await guess(
      pair,
      times(LIMIT.burst, () => ({ identifier: `${freshName('who')}@example.com` })),
    );
    const asked = await guess(pair, [{ identifier: 'who@example.com' }]);
    assert.deepEqual(asked, { hashes: 0, reasons: { PROOF_OF_WORK_REQUIRED: 1 } });
    const signIn = { identifierType: EMAIL, identifier: 'who@example.com', password: PASSWORD };
    const [first] = pair as [ComposedServer];
    const { metadata } = await first.rpc.refused('PasswordService', 'signInWithPassword', signIn);
    const proofOfWork = solveWork(metadata.challenge ?? '');
    const tally = await guess(
      pair,
      times(50, (place) => ({ identifier: `${freshName(`who${place}`)}@example.com`, proofOfWork })),
    );
    assert.deepEqual(tally, { hashes: 1, reasons: { CREDENTIAL_REJECTED: 1, PROOF_OF_WORK_REQUIRED: 49 } });
  });

  it('LIM-3 without the limits nobody signs in, and Verify goes on', async () => {
    const server = await node();
    const { identifier } = await signUp(server.rpc);
    const signedIn = await server.rpc.ok('PasswordService', 'signInWithPassword', {
      identifierType: EMAIL,
      identifier,
      password: PASSWORD,
    });
    server.control.before = (call) => {
      if (call.startsWith('rateLimits.')) throw new TrustError('DATABASE_UNAVAILABLE');
    };
    work.length = 0;
    const request = { identifierType: EMAIL, identifier, password: PASSWORD };
    assert.equal(
      (await server.rpc.refused('PasswordService', 'signInWithPassword', request)).reason,
      'DATABASE_UNAVAILABLE',
    );
    assert.equal(work.length, 0);
    assert.equal(await verdictOf(server.rpc, signedIn.sessionId), 'active');
  });
});

describe('attack: forged proxy headers', () => {
  it('LIM-2 the hosted page counts by the socket, or by the right-most hop that no trusted proxy is', async () => {
    for (const [trustedProxies, forged, expected] of [
      [[], (place: number) => `198.51.100.${place}`, 429],
      [['127.0.0.1'], (place: number) => `198.51.100.${place}, 203.0.113.9`, 429],
      [['127.0.0.1'], (place: number) => `203.0.113.9, 198.51.100.${place}`, 422],
    ] as const) {
      const world = await httpWorld({ trustedProxies: [...trustedProxies] });
      try {
        world.tenant.settings = {
          ...world.tenant.settings,
          rateLimits: { ...WIDE_LIMITS, address: { burst: 3, perHour: 1 } },
        };
        let last = 0;
        for (let place = 1; place <= 4; place += 1) {
          const { cookie, fields } = await world.open();
          const typed = { ...fields, identifier: `who${place}@example.com`, password: 'wrong-guess-1' };
          const answer = await world.post('/sign-in', typed, { cookie, headers: { 'x-forwarded-for': forged(place) } });
          last = answer.status;
          if (answer.status === 429) assert.equal(answer.headers['retry-after'], '3600');
        }
        assert.equal(last, expected);
      } finally {
        await world.close();
      }
    }
  });
});
