// SES-6, SES-8: nobody chooses a session_id: not by a field, a cookie, a header or an old one. Each sign-in gives a new one, a rotation kills the old.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { IdentifierType } from '../../server/src/contract/gen/trust/v1/identity.ts';
import { CreateSessionRequest, RejectionReason } from '../../server/src/contract/gen/trust/v1/session.ts';
import { newSessionId } from '../../server/src/kernel/secret.ts';
import { visit } from '../conformance/hosted_page.ts';
import type { CallOptions } from '../support/rpc_caller.ts';
import {
  freshName,
  newIdentity,
  newSession,
  type SharedServer,
  sharedServer,
  verdictOf,
} from '../support/shared_server.ts';

const RETURN_TO = 'http://localhost/auth/callback';

describe('attack: fixation', function () {
  this.timeout(60_000);
  let shared: SharedServer;
  const chosen = newSessionId((size) => randomBytes(size));
  const password = 'violet-otter-battery';

  before(async () => {
    shared = await sharedServer();
  });

  /** A call that carries the chosen session_id wherever a careless server might look for one. */
  const planted: CallOptions = {
    metadata: [
      ['cookie', `session_id=${chosen}; __Host-session_id=${chosen}`],
      ['session-id', chosen],
      ['session_id', chosen],
      ['x-session-id', chosen],
    ],
  };
  const person = () => ({ identifierType: IdentifierType.USERNAME, identifier: freshName('fix'), password });
  const isStillUnknown = async () => assert.equal(await verdictOf(shared.rpc, chosen), RejectionReason.UNKNOWN);

  it('SES-8 a session_id that the client brings to a sign-in, by metadata, never becomes valid', async () => {
    const who = person();
    const up = await shared.rpc.ok('PasswordService', 'signUpWithPassword', who, planted);
    const into = await shared.rpc.ok('PasswordService', 'signInWithPassword', who, planted);
    const identityId = up.identity?.id ?? '';
    const made = await shared.rpc.ok('SessionService', 'createSession', { identityId }, planted);
    const rotated = await shared.rpc.ok('SessionService', 'rotateSession', { sessionId: made.sessionId }, planted);
    const ids = [up, into, made, rotated].map(({ sessionId }) => sessionId);
    assert.equal(new Set([...ids, chosen]).size, 5);
    await isStillUnknown();
  });

  it('SES-8 nor as a field that the contract does not have', async () => {
    const identityId = await newIdentity(shared.rpc);
    const known = Buffer.from(CreateSessionRequest.encode(CreateSessionRequest.fromPartial({ identityId })).finish());
    // Every field number that is free, and the next ones, each with the session_id as text.
    for (const number of [10, 11, 12, 15, 16, 100, 536_870_911]) {
      const tag: number[] = [];
      for (let rest = number * 8 + 2; ; rest = Math.floor(rest / 128)) {
        tag.push(rest < 128 ? rest : (rest % 128) + 128);
        if (rest < 128) break;
      }
      const extra = Buffer.concat([Buffer.from([...tag, chosen.length]), Buffer.from(chosen)]);
      const { value, failure } = await shared.rpc.raw(
        '/trust.v1.SessionService/CreateSession',
        Buffer.concat([known, extra]),
      );
      assert.equal(failure, undefined, `field ${number}`);
      assert.ok(!value?.includes(chosen));
    }
    await isStillUnknown();
  });

  it('SES-8 nor by a cookie or a query at the hosted page', async () => {
    const identifier = `${freshName('fix')}@example.com`;
    const codeVerifier = randomBytes(32).toString('base64url');
    const code_challenge = createHash('sha256').update(codeVerifier).digest('base64url');
    const flow = { return_to: RETURN_TO, state: 'abcdefghijklmnop', code_challenge, code_challenge_method: 'S256' };
    const query = { ...flow, session_id: chosen, sid: chosen, code: `tc_${chosen.slice(3)}` };
    const common = { publicUrl: shared.server.publicUrl, identifier, password, displayName: '' };
    const { code } = await visit({ ...common, page: 'sign-up', query });
    const { sessionId } = await shared.rpc.ok(
      'SignInService',
      'exchangeSignInCode',
      { code, codeVerifier, returnTo: RETURN_TO },
      planted,
    );
    assert.notEqual(sessionId, chosen);
    assert.notEqual(code, `tc_${chosen.slice(3)}`);
    await isStillUnknown();
  });

  it('asking about, ending or rotating an unknown session_id does not make it', async () => {
    const target = { $case: 'sessionId', value: chosen } as const;
    for (let round = 0; round < 5; round += 1) {
      await shared.rpc.ok('SessionService', 'revokeSession', { target });
      assert.equal(
        (await shared.rpc.refused('SessionService', 'rotateSession', { sessionId: chosen })).reason,
        'SESSION_REJECTED',
      );
      await isStillUnknown();
    }
  });

  it('SES-8 300 sessions of one identity have 300 session_ids and handles, which share nothing', async () => {
    const identityId = await newIdentity(shared.rpc);
    const sessions = await Promise.all(Array.from({ length: 300 }, () => newSession(shared.rpc, identityId)));
    assert.equal(new Set(sessions.map(({ sessionId }) => sessionId)).size, 300);
    assert.equal(new Set(sessions.map(({ handle }) => handle)).size, 300);
    // 300 of 62^8 starts: two alike would be no chance.
    assert.equal(new Set(sessions.map(({ sessionId }) => sessionId.slice(4, 12))).size, 300);
    for (const { sessionId, handle } of sessions) assert.ok(!sessionId.includes(handle.slice(4, 20)));
  });

  it('a sign-in leaves the session that the browser had as it was, and does not take it over', async () => {
    const attacker = await newSession(shared.rpc);
    const victim = await shared.rpc.ok('PasswordService', 'signUpWithPassword', person(), {
      metadata: [['cookie', `session_id=${attacker.sessionId}`]],
    });
    const { verdict } = await shared.rpc.ok('SessionService', 'verify', { sessionId: attacker.sessionId });
    const answer = verdict?.answer;
    assert.ok(answer?.$case === 'active');
    assert.equal(answer.value.identity?.id, attacker.identityId);
    assert.notEqual(victim.identity?.id, attacker.identityId);
  });

  it('SES-6 a rotation refuses the old session_id at once; it neither ends nor rotates the new one', async () => {
    const { sessionId, handle } = await newSession(shared.rpc);
    let old = sessionId;
    for (let round = 1; round <= 20; round += 1) {
      const rotated = await shared.rpc.ok('SessionService', 'rotateSession', { sessionId: old });
      assert.equal(await verdictOf(shared.rpc, old), RejectionReason.UNKNOWN);
      assert.equal(rotated.session?.handle, handle);
      assert.equal(rotated.session?.version, BigInt(round + 1));
      assert.equal(
        (await shared.rpc.refused('SessionService', 'rotateSession', { sessionId: old })).reason,
        'SESSION_REJECTED',
      );
      await shared.rpc.ok('SessionService', 'revokeSession', { target: { $case: 'sessionId', value: old } });
      assert.equal(await verdictOf(shared.rpc, rotated.sessionId), 'active');
      old = rotated.sessionId;
    }
  });

  it('SES-6 of 20 rotations at once one wins, and one session_id lives', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { sessionId } = await newSession(shared.rpc);
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => shared.rpc.call('SessionService', 'rotateSession', { sessionId })),
      );
      const won = answers.flatMap(({ value }) => (value === undefined ? [] : [value.sessionId]));
      assert.equal(won.length, 1);
      for (const { failure } of answers)
        assert.ok(
          failure === undefined || ['SESSION_REJECTED', 'CONCURRENT_CHANGE'].includes(failure.reason),
          failure?.reason,
        );
      assert.equal(await verdictOf(shared.rpc, won[0] ?? ''), 'active');
      assert.notEqual(await verdictOf(shared.rpc, sessionId), 'active');
    }
  });
});
