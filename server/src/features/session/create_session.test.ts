import assert from 'node:assert/strict';
import { NO_DEVICE, reason, testWorld } from '../../../../test/support/world.ts';
import { DAY, MINUTE, SECOND } from '../../kernel/clock.ts';
import { digestOf, isSecret } from '../../kernel/secret.ts';

const asked = (identityId: string) => ({
  tenantId: 'default',
  actor: 'web',
  identityId,
  acr: 'aal1',
  amr: ['pwd'],
  device: NO_DEVICE,
});

describe('create a session', () => {
  it('begins one with the tenant\u2019s time-outs, version 1 and the identity\u2019s epoch', async () => {
    const world = testWorld();
    const identity = await world.addIdentity({ epoch: 7 });
    const { sessionId, session } = await world.create(asked(identity.id));
    assert.equal(session.version, 1);
    assert.equal(session.epoch, 7);
    assert.equal(session.expiresAt, world.time.now + world.tenant.settings.sessionAbsoluteTimeout);
    assert.equal(session.idleTimeout, world.tenant.settings.sessionIdleTimeout);
    assert.equal((await world.verify('default', sessionId)).active, true);
  });

  it('SES-8 SEC-5 gives a new well-formed session_id each time and stores its digest only', async () => {
    const world = testWorld();
    const identity = await world.addIdentity();
    const [one, two] = [await world.create(asked(identity.id)), await world.create(asked(identity.id))];
    assert.ok(isSecret('session_id', one.sessionId));
    assert.notEqual(one.sessionId, two.sessionId);
    assert.equal(one.session.digest, digestOf('session_id', one.sessionId));
    const kept = JSON.stringify([
      await world.sessions.readByHandle('default', one.session.handle),
      world.stores.events,
    ]);
    assert.ok(!kept.includes(one.sessionId));
  });

  it('SES-11 takes time-outs up to the tenant\u2019s and refuses longer ones', async () => {
    const world = testWorld();
    world.tenant.settings = {
      ...world.tenant.settings,
      sessionIdleTimeout: 10 * MINUTE,
      sessionAbsoluteTimeout: 20 * MINUTE,
    };
    const identity = await world.addIdentity();
    const most = { idleTimeout: 10 * MINUTE, absoluteTimeout: 20 * MINUTE };
    const { session } = await world.create({ ...asked(identity.id), ...most });
    assert.equal(session.idleTimeout, 10 * MINUTE);
    assert.equal(session.expiresAt, world.time.now + 20 * MINUTE);
    const tooLong = { ...asked(identity.id), idleTimeout: 10 * MINUTE + SECOND };
    await assert.rejects(world.create(tooLong), reason('INVALID_FIELD', 'idle_timeout_seconds'));
    const tooLongAtAll = { ...asked(identity.id), absoluteTimeout: 20 * MINUTE + SECOND };
    await assert.rejects(world.create(tooLongAtAll), reason('INVALID_FIELD', 'absolute_timeout_seconds'));
  });

  it('SES-9 refuses time-outs under 60 s', async () => {
    const world = testWorld();
    const identity = await world.addIdentity();
    const short = { ...asked(identity.id), idleTimeout: 59 * SECOND };
    await assert.rejects(world.create(short), reason('INVALID_FIELD', 'idle_timeout_seconds'));
  });

  it('takes a proof of the last 24 h only', async () => {
    const world = testWorld();
    const identity = await world.addIdentity();
    const { now } = world.time;
    const { session } = await world.create({ ...asked(identity.id), authenticatedAt: now - DAY });
    assert.equal(session.authenticatedAt, now - DAY);
    for (const authenticatedAt of [now + 1, now - DAY - 1, Number.NaN]) {
      const refused = world.create({ ...asked(identity.id), authenticatedAt });
      await assert.rejects(refused, reason('INVALID_FIELD', 'authenticated_at'));
    }
  });

  it('refuses unknown and disabled identities, and those of another tenant', async () => {
    const world = testWorld();
    const disabled = await world.addIdentity({ active: false });
    const foreign = await world.addIdentity({ tenantId: 'other' });
    await assert.rejects(world.create(asked(world.newId('idn'))), reason('IDENTITY_NOT_FOUND'));
    await assert.rejects(world.create(asked(foreign.id)), reason('IDENTITY_NOT_FOUND'));
    await assert.rejects(world.create(asked(disabled.id)), reason('IDENTITY_DISABLED'));
  });

  it('refuses what was proved in another epoch with one reason, whatever became of the identity', async () => {
    const world = testWorld();
    const identity = await world.addIdentity({ epoch: 3 });
    const disabled = await world.addIdentity({ epoch: 3, active: false });
    assert.equal((await world.create({ ...asked(identity.id), epoch: 3 })).session.epoch, 3);
    for (const id of [disabled.id, world.newId('idn')]) {
      await assert.rejects(world.create({ ...asked(id), epoch: 3 }), reason('SESSION_REJECTED'));
    }
    await assert.rejects(world.create({ ...asked(identity.id), epoch: 2 }), reason('SESSION_REJECTED'));
  });

  it('SES-14 one session too many ends the oldest, or is refused', async () => {
    const world = testWorld();
    const { id } = await world.addIdentity();
    const { settings } = world.tenant;
    world.tenant.settings = { ...settings, maxSessions: 2 };
    const make = () => {
      world.time.now += 1;
      return world.create(asked(id));
    };
    const [first, second, third] = [await make(), await make(), await make()];
    const verdict = async ({ sessionId }: { sessionId: string }) => (await world.verify('default', sessionId)).active;
    assert.deepEqual([await verdict(first), await verdict(second), await verdict(third)], [false, true, true]);
    const { handle } = first.session;
    assert.deepEqual(world.stores.feed, [{ tenantId: 'default', kind: 'session', handle, version: 2, revoked: true }]);
    const ended = world.stores.events.find(({ action }) => action === 'session.revoked');
    assert.deepEqual([ended?.subject, ended?.facts], [handle, { cause: 'session_limit' }]);

    world.tenant.settings = { ...settings, maxSessions: 2, sessionOverflow: 'refuse' };
    await assert.rejects(make(), reason('SESSION_LIMIT'));
    assert.deepEqual([await verdict(second), await verdict(third)], [true, true]);
    world.tenant.settings = { ...settings, maxSessions: 1 };
    const last = await make();
    assert.deepEqual([await verdict(second), await verdict(third), await verdict(last)], [false, false, true]);
  });

  it('uses the handle set aside for it', async () => {
    const world = testWorld();
    const identity = await world.addIdentity();
    const handle = world.newId('ses');
    assert.equal((await world.create({ ...asked(identity.id), handle })).session.handle, handle);
  });

  it('AUD-1 leaves an event and no change row: a new session turns no yes into a no', async () => {
    const world = testWorld();
    const { session } = await world.signIn();
    assert.deepEqual(world.stores.feed, []);
    const [event] = world.stores.events;
    assert.equal(event?.action, 'session.created');
    assert.equal(event?.actor, 'web');
    assert.equal(event?.subject, session.handle);
    assert.equal(event?.identityId, session.identityId);
  });
});
