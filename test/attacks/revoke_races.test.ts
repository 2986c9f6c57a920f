// SES-5, PWD-7: once an end was answered, no verify that began later says active, whatever else is going on at that moment.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { type ComposedServer, composedServer } from '../support/composed_server.ts';
import { needsPostgres } from '../support/needs.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import {
  freshName,
  type NewSession,
  newIdentity,
  newService,
  newSession,
  type SharedServer,
  sharedServer,
  verdictOf,
} from '../support/shared_server.ts';

import { type TwoNodes, twoNodes } from '../support/two_nodes.ts';

const ROUNDS = 1_000;
const LANES = 4;

type End = (rpc: RpcCaller, session: NewSession) => Promise<unknown>;
const ENDS: Readonly<Record<string, End>> = {
  'by session_id': (rpc, { sessionId }) =>
    rpc.ok('SessionService', 'revokeSession', { target: { $case: 'sessionId', value: sessionId } }),
  'by handle': (rpc, { handle }) =>
    rpc.ok('SessionService', 'revokeSession', { target: { $case: 'handle', value: handle } }),
  everywhere: (rpc, { identityId }) => rpc.ok('SessionService', 'revokeIdentitySessions', { identityId }),
  disabled: (rpc, { identityId }) => rpc.ok('IdentityService', 'disableIdentity', { identityId }),
  deleted: (rpc, { identityId }) => rpc.ok('IdentityService', 'deleteIdentity', { identityId }),
  rotated: (rpc, { sessionId }) => rpc.ok('SessionService', 'rotateSession', { sessionId }),
};

describe('attack: revoke races', function () {
  this.timeout(120_000);
  let shared: SharedServer;
  const callers: RpcCaller[] = [];

  before(async () => {
    shared = await sharedServer();
    for (let count = 0; count < LANES; count += 1)
      callers.push(new RpcCaller(shared.server.grpcAddress, shared.server.serviceKey));
  });
  after(() => {
    for (const caller of callers) caller.close();
  });

  /** Asks without pause, so that answers are under way at every moment; gives the asker's stop. */
  function storm(rpc: RpcCaller, sessionId: string): () => Promise<number> {
    let going = true;
    let active = 0;
    const ask = async () => {
      while (going) if ((await verdictOf(rpc, sessionId)) === 'active') active += 1;
    };
    const running = Promise.all([ask(), ask()]);
    return async () => {
      going = false;
      await running;
      return active;
    };
  }

  it(`${ROUNDS} ends in a storm of verifies, of every kind: none that began after the answer says active`, async () => {
    const kinds = Object.entries(ENDS);
    let wrong = 0;
    let seenActive = 0;
    const lane = async (place: number) => {
      const [asker, ender] = [callers[place] as RpcCaller, callers[(place + 1) % LANES] as RpcCaller];
      for (let round = place; round < ROUNDS; round += LANES) {
        const session = await newSession(ender);
        const stop = storm(asker, session.sessionId);
        await (kinds[round % kinds.length] as (typeof kinds)[number])[1](ender, session);
        const later = await Promise.all([
          verdictOf(asker, session.sessionId),
          verdictOf(shared.rpc, session.sessionId),
          batched(asker, session.sessionId),
        ]);
        wrong += later.filter((verdict) => verdict === 'active').length;
        seenActive += await stop();
      }
    };
    await Promise.all(callers.map((_, place) => lane(place)));
    assert.equal(wrong, 0);
    assert.ok(seenActive > 50, `the storm met live sessions ${seenActive} times`);
  });

  const batched = async (rpc: RpcCaller, sessionId: string) => {
    const { verdicts } = await rpc.ok('SessionService', 'batchVerify', { sessionIds: [sessionId] });
    return verdicts[0]?.answer?.$case;
  };

  it('nothing is issued, exchanged or rotated for a session after its end was answered', async () => {
    for (let round = 0; round < 60; round += 1) {
      const session = await newSession(shared.rpc);
      const { sessionId } = session;
      const { trustToken } = await shared.rpc.ok('TrustTokenService', 'issueTrustToken', {
        sessionId,
        audience: 'dev',
      });
      const during = callers.map((rpc) =>
        rpc.call('TrustTokenService', 'issueTrustToken', { sessionId, audience: 'orders' }),
      );
      await (Object.values(ENDS)[round % 5] as End)(shared.rpc, session);
      const later = await Promise.all([
        shared.rpc.refused('TrustTokenService', 'issueTrustToken', { sessionId, audience: 'orders' }),
        shared.rpc.refused('TrustTokenService', 'exchangeTrustToken', { trustToken, audience: 'orders' }),
        shared.rpc.refused('SessionService', 'rotateSession', { sessionId }),
      ]);
      for (const { reason } of later) assert.equal(reason, 'SESSION_REJECTED');
      await Promise.all(during);
    }
  });

  it('of a revoke and a rotate at once, the session never ends up live under a new session_id', async () => {
    for (let round = 0; round < 60; round += 1) {
      const { sessionId, handle } = await newSession(shared.rpc);
      const [rotated] = await Promise.all([
        callers[0]?.call('SessionService', 'rotateSession', { sessionId }),
        callers[1]?.ok('SessionService', 'revokeSession', { target: { $case: 'handle', value: handle } }),
      ]);
      const renewed = rotated?.value?.sessionId;
      if (renewed !== undefined) assert.notEqual(await verdictOf(shared.rpc, renewed), 'active');
      assert.notEqual(await verdictOf(shared.rpc, sessionId), 'active');
    }
  });

  it('sign-out everywhere during sign-ins: a session of a lower epoch is over, one that began later lives', async () => {
    for (let round = 0; round < 40; round += 1) {
      const identityId = await newIdentity(shared.rpc);
      const created: { sessionId: string; epoch: bigint }[] = [];
      const create = async (rpc: RpcCaller) => {
        const { value } = await rpc.call('SessionService', 'createSession', { identityId });
        if (value !== undefined) created.push({ sessionId: value.sessionId, epoch: value.session?.epoch ?? 0n });
      };
      const sooner = await newSession(shared.rpc, identityId);
      const during = callers.flatMap((rpc) => [create(rpc), create(rpc)]);
      const { epoch } = await shared.rpc.ok('SessionService', 'revokeIdentitySessions', { identityId });
      assert.notEqual(await verdictOf(shared.rpc, sooner.sessionId), 'active');
      await Promise.all(during);
      for (const { sessionId, epoch: own } of created)
        assert.equal((await verdictOf(shared.rpc, sessionId)) === 'active', own >= epoch);
      assert.equal(await verdictOf(shared.rpc, (await newSession(shared.rpc, identityId)).sessionId), 'active');
    }
  });

  it('PWD-7 sign-ins by the old password while a new one is set leave no session behind', async () => {
    for (let round = 0; round < 6; round += 1) {
      const person = {
        identifierType: IdentifierType.USERNAME,
        identifier: freshName('race'),
        password: 'violet-otter-battery',
      };
      const { identity, sessionId } = await shared.rpc.ok('PasswordService', 'signUpWithPassword', person);
      const during = Promise.all(
        callers.flatMap((rpc) =>
          [0, 30, 60, 90].map((ms) => sleep(ms).then(() => rpc.call('PasswordService', 'signInWithPassword', person))),
        ),
      );
      await shared.rpc.ok('PasswordService', 'setPassword', {
        identityId: identity?.id ?? '',
        password: 'another good password 7',
      });
      const after = await shared.rpc.refused('PasswordService', 'signInWithPassword', person);
      assert.equal(after.reason, 'CREDENTIAL_REJECTED');
      const ids = [sessionId, ...(await during).flatMap(({ value }) => (value === undefined ? [] : [value.sessionId]))];
      for (const id of ids) assert.notEqual(await verdictOf(shared.rpc, id), 'active');
    }
  });

  it('a disabled or deleted identity has no session, though sign-ins ran meanwhile', async () => {
    for (let round = 0; round < 40; round += 1) {
      const session = await newSession(shared.rpc);
      const { identityId } = session;
      const during = callers.map((rpc) => rpc.call('SessionService', 'createSession', { identityId }));
      await (ENDS[round % 2 === 0 ? 'disabled' : 'deleted'] as End)(shared.rpc, session);
      const ids = (await Promise.all(during)).flatMap(({ value }) => (value === undefined ? [] : [value.sessionId]));
      for (const id of [session.sessionId, ...ids]) assert.notEqual(await verdictOf(shared.rpc, id), 'active');
    }
  });
});

describe('attack: revoke races, step by step', function () {
  this.timeout(30_000);
  let server: ComposedServer;
  before(async () => {
    server = await composedServer();
  });
  after(() => server?.close());

  /** Lets an end happen just before a step of another call. */
  const during = (step: string, end: () => Promise<unknown>) => {
    server.control.before = async (call) => {
      if (call !== step) return;
      server.control.before = undefined;
      await end();
    };
  };

  for (const [name, end] of Object.entries(ENDS).filter(([kind]) =>
    ['everywhere', 'disabled', 'deleted'].includes(kind),
  )) {
    it(`${name} between the reading of the identity and the writing of its session`, async () => {
      const session = await newSession(server.rpc);
      during('sessions.insert', () => end(server.rpc, session));
      const { value } = await server.rpc.call('SessionService', 'createSession', { identityId: session.identityId });
      assert.equal(server.control.before, undefined, 'the end happened');
      if (value !== undefined) assert.notEqual(await verdictOf(server.rpc, value.sessionId), 'active');
    });
  }

  for (const name of ['by session_id', 'by handle', 'everywhere', 'disabled', 'deleted']) {
    it(`${name} between the reading and the replacing of a session that is rotated`, async () => {
      const session = await newSession(server.rpc);
      during('sessions.replace', () => (ENDS[name] as End)(server.rpc, session));
      const { value } = await server.rpc.call('SessionService', 'rotateSession', { sessionId: session.sessionId });
      assert.equal(server.control.before, undefined, 'the end happened');
      for (const id of [session.sessionId, value?.sessionId ?? ''])
        assert.notEqual(await verdictOf(server.rpc, id), 'active');
    });
  }

  for (const [step, method] of [
    ['sessions.readByHandle', 'exchangeTrustToken'],
    ['tenants.read', 'issueTrustToken'],
  ] as const) {
    it(`an end at ${step} in ${method}: the session is looked at last`, async () => {
      const session = await newSession(server.rpc);
      const { sessionId } = session;
      const { trustToken } = await server.rpc.ok('TrustTokenService', 'issueTrustToken', {
        sessionId,
        audience: 'dev',
      });
      during(step, () => (ENDS.everywhere as End)(server.rpc, session));
      const request = { sessionId, trustToken, audience: 'orders' };
      const { failure } = await server.rpc.call('TrustTokenService', method, request as never);
      assert.equal(server.control.before, undefined, 'the end happened');
      assert.equal(failure?.reason, 'SESSION_REJECTED');
    });
  }

  it('a note of use that is written late does not bring back what was ended', async () => {
    const session = await newSession(server.rpc);
    assert.equal(await verdictOf(server.rpc, session.sessionId), 'active');
    await (ENDS['by handle'] as End)(server.rpc, session);
    await server.node.flushes.uses();
    assert.notEqual(await verdictOf(server.rpc, session.sessionId), 'active');
  });
});

describe('attack: revoke races between two nodes', function () {
  this.timeout(90_000);
  let pair: TwoNodes | undefined;
  after(() => pair?.remove());

  it('an end answered by one node holds at the other: at once for STRONG, else within the bound of a node, as does a revoked key', async function () {
    needsPostgres(this);
    pair = await twoNodes();
    const [first, second] = pair.nodes;
    const here = new RpcCaller(first.grpcAddress, first.serviceKey);
    const there = new RpcCaller(second.grpcAddress, first.serviceKey);
    let wrong = 0;
    const ended: NewSession[] = [];
    for (let round = 0; round < 200; round += 1) {
      const session = await newSession(here);
      assert.equal(await verdictOf(there, session.sessionId), 'active');
      const [ender, asker] = round % 2 === 0 ? [here, there] : [there, here];
      await (Object.values(ENDS)[round % 6] as End)(ender, session);
      if ((await verdictOf(asker, session.sessionId, 'strong')) === 'active') wrong += 1;
      ended.push(session);
    }
    await sleep(300);
    for (const { sessionId } of ended) if ((await verdictOf(there, sessionId)) === 'active') wrong += 1;
    for (const { sessionId } of ended) if ((await verdictOf(here, sessionId)) === 'active') wrong += 1;
    assert.equal(wrong, 0);
    const service = await newService(here, ['sessions:verify']);
    const authorization = `Bearer ${service.key}`;
    assert.equal((await there.call('SessionService', 'verify', {}, { authorization })).failure, undefined);
    await here.ok('ServiceKeyService', 'revokeServiceKey', { keyId: service.keyId });
    assert.equal(
      (await here.refused('SessionService', 'verify', {}, { authorization })).reason,
      'SERVICE_KEY_REJECTED',
    );
    await sleep(300);
    assert.equal(
      (await there.refused('SessionService', 'verify', {}, { authorization })).reason,
      'SERVICE_KEY_REJECTED',
    );
    here.close();
    there.close();
  });
});
