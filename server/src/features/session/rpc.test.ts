import assert from 'node:assert/strict';
import { reason, testWorld } from '../../../../test/support/world.ts';
import { CreateSessionRequest, RevokeSessionRequest } from '../../contract/gen/trust/v1/session.ts';
import type { Call } from '../../contract/rpc.ts';
import { newSessionId } from '../../kernel/secret.ts';
import { revokeIdentitySessions } from '../identity/revoke_identity_sessions.ts';
import { listSessions } from './list_sessions.ts';
import { revokeSession } from './revoke_session.ts';
import { rotateSession } from './rotate_session.ts';
import { sessionRpc } from './rpc.ts';

const CALL: Call = {
  tenantId: 'default',
  caller: { tenantId: 'default', service: 'web', scopes: new Set(), audiences: new Set() },
};

function served() {
  const world = testWorld();
  const rpc = sessionRpc({
    pageTokens: world.pageTokens,
    createSession: world.create,
    revokeSession: revokeSession(world),
    revokeIdentitySessions: revokeIdentitySessions(world),
    listSessions: listSessions(world),
    rotateSession: rotateSession(world),
  });
  return { ...world, rpc };
}

describe('SessionService', () => {
  it('creates with what the backend vouches for', async () => {
    const { rpc, addIdentity, time } = served();
    const identity = await addIdentity();
    const request = CreateSessionRequest.fromPartial({ identityId: identity.id, idleTimeoutSeconds: 90 });
    const answer = await rpc.createSession(request, CALL);
    assert.equal(answer.session?.acr, 'aal1');
    assert.deepEqual(answer.session?.amr, ['ext']);
    assert.equal(answer.session?.idleTimeoutSeconds, 90);
    assert.equal(answer.session?.version, 1n);
    assert.equal(answer.session?.authenticatedAt?.getTime(), time.now);
    assert.deepEqual(answer.identity?.metadata, { plan: 'basic' });
    assert.equal(answer.identity?.epoch, 1n);
  });

  it('SES-8 takes no session_id or handle from the request', async () => {
    const { rpc, addIdentity, random, newId } = served();
    const { id: identityId } = await addIdentity();
    const chosen = { sessionId: newSessionId(random), handle: newId('ses'), epoch: 1 };
    const request = { ...CreateSessionRequest.fromPartial({ identityId }), ...chosen };
    const answer = await rpc.createSession(request, CALL);
    assert.notEqual(answer.sessionId, chosen.sessionId);
    assert.notEqual(answer.session?.handle, chosen.handle);
  });

  it('ERR-3 names each field that it refuses to create with', async () => {
    const { rpc, addIdentity } = served();
    const { id: identityId } = await addIdentity();
    const device = { userAgent: '', ipAddress: '', label: '' };
    const refused: [Partial<CreateSessionRequest>, string][] = [
      [{ identityId: 'idn_1' }, 'identity_id'],
      [{ acr: 'aal3' }, 'acr'],
      [{ amr: ['PWD'] }, 'amr[0]'],
      [{ amr: Array.from({ length: 9 }, () => 'a') }, 'amr'],
      [{ device: { ...device, userAgent: 'x'.repeat(513) } }, 'device.user_agent'],
      [{ device: { ...device, ipAddress: 'x'.repeat(46) } }, 'device.ip_address'],
      [{ device: { ...device, label: 'x'.repeat(65) } }, 'device.label'],
      [{ authenticatedAt: new Date(Number.NaN) }, 'authenticated_at'],
      [{ absoluteTimeoutSeconds: 59 }, 'absolute_timeout_seconds'],
      [{ idleTimeoutSeconds: 59 }, 'idle_timeout_seconds'],
    ];
    for (const [fields, name] of refused) {
      const request = { ...CreateSessionRequest.fromPartial({ identityId }), ...fields };
      await assert.rejects(rpc.createSession(request, CALL), reason('INVALID_FIELD', name), name);
    }
  });

  it('SES-12 revokes by exactly one name; an owner goes with a handle only', async () => {
    const { rpc, signIn } = served();
    const { sessionId, session } = await signIn();
    const revoke = (fields: Partial<RevokeSessionRequest>) =>
      rpc.revokeSession({ ...RevokeSessionRequest.fromPartial({}), ...fields }, CALL);
    const byHandle = { target: { $case: 'handle', value: session.handle } } as const;
    await assert.rejects(revoke({}), reason('INVALID_FIELD', 'target'));
    await assert.rejects(revoke({ ...byHandle, identityId: 'me' }), reason('INVALID_FIELD', 'identity_id'));
    const wrong = { target: { $case: 'handle', value: 'ses_1' } } as const;
    await assert.rejects(revoke(wrong), reason('INVALID_FIELD', 'handle'));
    const both = { target: { $case: 'sessionId', value: sessionId }, identityId: session.identityId } as const;
    await assert.rejects(revoke(both), reason('INVALID_FIELD', 'identity_id'));
    const ended = await revoke({ ...byHandle, identityId: session.identityId });
    assert.deepEqual(ended, { handle: session.handle, version: 2n });
  });

  it('SES-7 lists without session_ids; a page token of another list is refused', async () => {
    const { rpc, signIn, create } = served();
    const { sessionId, session } = await signIn();
    const { identityId, device } = session;
    await create({ tenantId: 'default', actor: 'web', identityId, acr: 'aal1', amr: ['pwd'], device });
    const request = { tenantId: '', identityId, pageSize: 1, pageToken: '' };
    const first = await rpc.listSessions(request, CALL);
    const second = await rpc.listSessions({ ...request, pageToken: first.nextPageToken }, CALL);
    assert.equal(first.sessions.length + second.sessions.length, 2);
    assert.equal(second.nextPageToken, '');
    const text = JSON.stringify([first, second], (_, value) => (typeof value === 'bigint' ? String(value) : value));
    assert.ok(!text.includes(sessionId) && !text.includes(session.digest));
    const forged = { ...request, pageToken: Buffer.from('identities 1 a').toString('base64url') };
    await assert.rejects(rpc.listSessions(forged, CALL), reason('INVALID_PAGE_TOKEN'));
  });

  it('SES-6 SES-5 rotates, and ends all sessions', async () => {
    const { rpc, signIn, verify } = served();
    const { sessionId, session } = await signIn();
    const rotated = await rpc.rotateSession({ tenantId: '', sessionId }, CALL);
    assert.equal(rotated.session?.version, 2n);
    const { identityId } = session;
    assert.deepEqual(await rpc.revokeIdentitySessions({ tenantId: '', identityId }, CALL), { epoch: 2n });
    assert.equal((await verify('default', rotated.sessionId)).active, false);
  });
});
