import assert from 'node:assert/strict';
import { NO_DEVICE, reason, testWorld } from '../../../../test/support/world.ts';
import { MINUTE } from '../../kernel/clock.ts';
import { listSessions } from './list_sessions.ts';
import { revokeSession } from './revoke_session.ts';

const asked = { tenantId: 'default', actor: 'web', acr: 'aal1', amr: ['pwd'], device: NO_DEVICE };

describe('list sessions', () => {
  it('SES-7 returns the active ones only, newest first, page by page', async () => {
    const world = testWorld();
    const { id } = await world.addIdentity();
    const made = [];
    for (let count = 0; count < 5; count++) {
      world.time.now += 1000;
      made.push(await world.create({ ...asked, identityId: id }));
    }
    await world.create({ ...asked, identityId: id, absoluteTimeout: MINUTE });
    await world.signIn();
    world.time.now += MINUTE;
    const ended = made[2]?.session.handle ?? '';
    await revokeSession(world)({ tenantId: 'default', actor: 'web', target: { handle: ended } });

    const list = listSessions(world);
    const input = { tenantId: 'default', identityId: id };
    const first = await list(input, { limit: 3 });
    const second = await list(input, { limit: 3, ...(first.next && { after: first.next }) });
    const handles = [...first.rows, ...second.rows].map(({ handle }) => handle);
    const expected = made.map(({ session }) => session.handle).filter((handle) => handle !== ended);
    assert.deepEqual(handles, expected.reverse());
    assert.equal(second.next, undefined);
  });

  it('SES-7 shows no session of an earlier epoch or a disabled identity, whatever the store returns', async () => {
    const world = testWorld();
    const { session } = await world.signIn();
    const generous = { ...world.sessions, listActive: async () => ({ rows: [session] }) };
    for (const change of [{ epoch: 2 }, { active: false }]) {
      const identity = await world.identities.read('default', session.identityId);
      const readIdentity = async () => identity && { ...identity, ...change };
      const page = await listSessions({ ...world, sessions: generous, readIdentity })(session, { limit: 10 });
      assert.deepEqual(page.rows, []);
    }
  });

  it('knows no identity of another tenant', async () => {
    const world = testWorld();
    const { session } = await world.signIn();
    const asOther = { tenantId: 'other', identityId: session.identityId };
    await assert.rejects(listSessions(world)(asOther, { limit: 10 }), reason('IDENTITY_NOT_FOUND'));
  });
});
