import assert from 'node:assert/strict';
import { testWorld } from '../../../../test/support/world.ts';
import { DAY, MINUTE } from '../../kernel/clock.ts';
import { auditEvent } from '../audit/audit.ts';
import { revokeSession } from '../session/revoke_session.ts';
import { explainSession } from './explain_session.ts';

const BY = { tenantId: 'default', name: 'web' };

async function world() {
  const base = testWorld();
  const { stores, clock, newId, time } = base;
  const explain = explainSession({ ...base, audit: stores.audit, sessionRetention: 30 * DAY });
  const { session, sessionId } = await base.signIn();
  const record = (action: 'password.changed' | 'identity.updated', epoch: number) =>
    stores.audit.append([
      auditEvent(BY, clock(), newId, action, { identityId: session.identityId, facts: { epoch: String(epoch) } }),
    ]);
  return {
    ...base,
    session,
    sessionId,
    record,
    time,
    explain: () => explain('default', { handle: session.handle }),
    ask: explain,
  };
}

describe('explaining a session', () => {
  it('AUD-10 tells an idle time-out from the absolute one, each at its edge', async () => {
    const { explain, session, time } = await world();
    time.now = session.lastUsedAt + session.idleTimeout - 1;
    assert.equal((await explain()).state, 'ACTIVE');
    time.now += 1;
    const idle = await explain();
    assert.deepEqual([idle.state, idle.reason, idle.endedAt], ['IDLE_TOO_LONG', 'EXPIRED', time.now]);
    assert.match(idle.summary, /^The session ended at .*: it was not used for \d+ s\.$/);
  });

  it('AUD-10 tells the absolute time-out', async () => {
    const { explain, session, time, stores } = await world();
    await stores.sessions.recordUse([{ ...session, usedAt: session.expiresAt - MINUTE }]);
    time.now = session.expiresAt;
    const { state, endedAt } = await explain();
    assert.deepEqual([state, endedAt], ['EXPIRED', session.expiresAt]);
  });

  it('AUD-10 names the first act whose epoch is beyond that of the session, not those that it outlived', async () => {
    const { explain, session, record, stores, time } = await world();
    const identity = await stores.identities.read('default', session.identityId);
    assert.ok(identity);
    await record('identity.updated', session.epoch);
    time.now += 5;
    await record('password.changed', session.epoch + 1);
    time.now += 5;
    await record('password.changed', session.epoch + 2);
    await stores.identities.replace(
      identity,
      { ...identity, epoch: session.epoch + 2, version: 2 },
      { changes: [], events: [] },
    );
    const { state, endedBy, endedAt } = await explain();
    assert.deepEqual([state, endedBy?.action, endedAt], ['ENDED', 'password.changed', time.now - 5]);
  });

  it('AUD-10 says that an act is not on record any more', async () => {
    const { explain, session, stores } = await world();
    const identity = await stores.identities.read('default', session.identityId);
    assert.ok(identity);
    await stores.identities.replace(identity, { ...identity, epoch: 9, version: 2 }, { changes: [], events: [] });
    const { state, endedBy, summary } = await explain();
    assert.deepEqual([state, endedBy], ['ENDED', undefined]);
    assert.match(summary, /not on record any more/);
  });

  it('AUD-11 tells of a deleted session what the trail has', async () => {
    const base = await world();
    const { session, time, stores } = base;
    await revokeSession({ ...base })({ tenantId: 'default', actor: 'web', target: { handle: session.handle } });
    const deps = { ...base, audit: stores.audit, sessionRetention: undefined };
    const gone = { readByHandle: async () => undefined, readByDigest: async () => undefined };
    const found = await explainSession({ ...deps, sessions: gone })('default', { handle: session.handle });
    assert.deepEqual(
      [found.state, found.deleted, found.identityId, found.endedBy?.actor, found.endedAt],
      ['NOT_KNOWN', true, session.identityId, 'web', time.now],
    );
    assert.match(
      found.summary,
      /^Not known \(any more\): the session began at .* web ended the session at .*\. Sessions are kept for ever\.$/,
    );
    const other = await explainSession({ ...deps, sessions: gone })('acme', { handle: session.handle });
    assert.deepEqual([other.state, other.deleted], ['NOT_KNOWN', false]);
  });

  it('AUD-12 counts as no use, and tells nothing of a text that is not known', async () => {
    const { ask, sessionId, uses, time } = await world();
    time.now += 5 * MINUTE;
    const before = uses.size;
    assert.equal((await ask('default', { sessionId })).state, 'ACTIVE');
    assert.equal(uses.size, before);
    const other = await ask('acme', { sessionId });
    assert.deepEqual([other.state, other.handle], ['NOT_KNOWN', undefined]);
    assert.ok(!JSON.stringify([other, await ask('default', { sessionId: 'CANARY' })]).includes('CANARY'));
  });
});
