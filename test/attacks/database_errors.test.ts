// TERM-1: a failure of the database is an error to the caller: never a yes, never a pretended no, never a pretended "done".
import assert from 'node:assert/strict';
import { type DescMethod, fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { TrustError } from '../../server/src/errors/trust_error.ts';
import { type ComposedServer, composedServer } from '../support/composed_server.ts';
import { pathOf, RPCS } from '../support/rpc_caller.ts';
import { newSession, verdictOf } from '../support/shared_server.ts';
import { byHarm, validRequests } from '../support/valid_requests.ts';

/** What the store throws when its database fails. */
const unavailable = () => new TrustError('DATABASE_UNAVAILABLE', { cause: new Error('the database failed: canary') });

/** Longer than a node keeps a caller that it knows. */
const CALLER_KEPT = 300;

describe('attack: errors of the database', function () {
  this.timeout(60_000);
  let server: ComposedServer;
  let requests: Readonly<Record<string, JsonValue>>;

  beforeEach(async () => {
    server = await composedServer();
    requests = await validRequests(server.rpc);
  });
  afterEach(() => server.close());

  const send = (method: DescMethod) =>
    server.rpc.raw(pathOf(method), toBinary(method.input, fromJson(method.input, requests[method.name] ?? {})));

  /** Calls with the access of this number failing, before its effect or after it; `reached` tells whether it came to that. */
  async function failingAt(method: DescMethod, number: number, when: 'before' | 'after') {
    let count = 0;
    let reached: string | undefined;
    server.control[when] = (call) => {
      if (count++ !== number) return;
      reached = call;
      throw unavailable();
    };
    const outcome = await send(method);
    server.control[when] = undefined;
    return { outcome, reached };
  }

  for (const when of ['before', 'after'] as const) {
    it(`every RPC, each access failing ${when} its effect: DATABASE_UNAVAILABLE`, async () => {
      const wrong: string[] = [];
      let failures = 0;
      for (const method of RPCS.toSorted(byHarm)) {
        for (let number = 0; number < 30; number += 1) {
          server.time.ahead += CALLER_KEPT;
          const { outcome, reached } = await failingAt(method, number, when);
          if (reached === undefined) break;
          failures += 1;
          const reason = outcome.failure?.reason ?? 'answered';
          // Nothing depends on wake-ups: without them the feed is polled (WAT-32).
          if (reached === 'changes.listen') continue;
          if (reason !== 'DATABASE_UNAVAILABLE') wrong.push(`${method.name}, ${reached}: ${reason}`);
          // What was done although the answer got lost makes the next request another.
          if (when === 'after') requests = { ...requests, ...(await fresh(method, reached)) };
        }
      }
      assert.deepEqual(wrong, []);
      assert.ok(failures > 80, String(failures));
    });
  }

  /** New requests where a write was done. */
  const fresh = async ({ name }: DescMethod, reached: string) =>
    /\.(read|list|wasReplayed)/.test(reached) ? {} : { [name]: (await validRequests(server.rpc))[name] ?? {} };

  it('Verify says neither active nor rejected, whichever reading fails', async () => {
    const live = await newSession(server.rpc);
    const ended = await newSession(server.rpc);
    await server.rpc.ok('SessionService', 'revokeSession', { target: { $case: 'handle', value: ended.handle } });
    for (const failing of ['sessions.readByDigest', 'serviceKeys.readWithService']) {
      server.time.ahead += CALLER_KEPT;
      server.control.before = (call) => {
        if (call === failing) throw unavailable();
      };
      for (const { sessionId } of [live, ended]) {
        const { reason, code, message } = await server.rpc.refused('SessionService', 'verify', { sessionId });
        assert.deepEqual([reason, code], ['DATABASE_UNAVAILABLE', 'UNAVAILABLE']);
        assert.doesNotMatch(message, /canary/);
        const batch = await server.rpc.refused('SessionService', 'batchVerify', {
          sessionIds: [sessionId, 'malformed'],
        });
        assert.equal(batch.reason, 'DATABASE_UNAVAILABLE');
      }
      server.control.before = undefined;
    }
    assert.equal(await verdictOf(server.rpc, live.sessionId), 'active');
    assert.notEqual(await verdictOf(server.rpc, ended.sessionId), 'active');
  });

  it('SES-5 an end that could not be written is an error, and the session lives; the next call ends it', async () => {
    const { sessionId } = await newSession(server.rpc);
    const target = { $case: 'sessionId', value: sessionId } as const;
    for (const failing of ['sessions.readByDigest', 'sessions.replace']) {
      server.control.before = (call) => {
        if (call === failing) throw unavailable();
      };
      assert.equal(
        (await server.rpc.refused('SessionService', 'revokeSession', { target })).reason,
        'DATABASE_UNAVAILABLE',
        failing,
      );
      server.control.before = undefined;
      assert.equal(await verdictOf(server.rpc, sessionId), 'active');
    }
    assert.notEqual((await server.rpc.ok('SessionService', 'revokeSession', { target })).handle, '');
    assert.notEqual(await verdictOf(server.rpc, sessionId), 'active');
  });

  it('SES-5 an end that was written though its answer got lost is an error too; asking again is harmless', async () => {
    const { sessionId, handle } = await newSession(server.rpc);
    server.control.after = (call) => {
      if (call === 'sessions.replace') throw unavailable();
    };
    const target = { $case: 'sessionId', value: sessionId } as const;
    assert.equal(
      (await server.rpc.refused('SessionService', 'revokeSession', { target })).reason,
      'DATABASE_UNAVAILABLE',
    );
    server.control.after = undefined;
    assert.notEqual(await verdictOf(server.rpc, sessionId), 'active');
    assert.equal((await server.rpc.ok('SessionService', 'revokeSession', { target })).handle, handle);
  });

  it('a database that does not answer costs a call its deadline, and nothing afterwards', async () => {
    const { sessionId } = await newSession(server.rpc);
    let release = () => {};
    const hung = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.control.before = (call) => (call === 'sessions.readByDigest' ? hung : undefined);
    const waiting = Array.from({ length: 20 }, () =>
      server.rpc.refused('SessionService', 'verify', { sessionId }, { timeout: 400 }),
    );
    for (const { reason } of await Promise.all(waiting)) assert.equal(reason, 'DEADLINE_EXCEEDED');
    server.control.before = undefined;
    release();
    assert.equal(await verdictOf(server.rpc, sessionId), 'active');
  });

  it('the log tells of the failure by its code alone', async () => {
    const { sessionId } = await newSession(server.rpc);
    server.control.before = (call) => {
      if (call === 'sessions.readByDigest') throw unavailable();
    };
    await server.rpc.refused('SessionService', 'verify', { sessionId });
    const lines = server.lines.filter((line) => line.includes('A call failed for a reason behind it.'));
    assert.ok(lines.length >= 1);
    for (const line of lines) assert.ok(!line.includes(sessionId));
  });
});
