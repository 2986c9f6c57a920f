import assert from 'node:assert/strict';
import { type PasswordWorld, passwordWorld } from '../../../../test/support/password_world.ts';
import { NO_DEVICE, reason } from '../../../../test/support/world.ts';
import { TrustError } from '../../errors/trust_error.ts';

/** A world with one identity that has a password; what its sign-up did is forgotten. */
async function signedUp(): Promise<PasswordWorld & { identityId: string }> {
  const world = passwordWorld();
  const { id } = await world.register(world.attempt);
  world.work.length = 0;
  world.stores.calls.length = 0;
  world.stores.events.length = 0;
  return { ...world, identityId: id };
}

const byId = async (world: PasswordWorld, id: string) => {
  const found = await world.stores.identities.read('default', id);
  assert.ok(found);
  return found;
};

describe('sign in with a password', () => {
  it('makes a session of assurance aal1 by pwd, found by any spelling of the identifier', async () => {
    const world = await signedUp();
    const { session, sessionId } = await world.signedInWith({
      ...world.attempt,
      identifier: ' ADA@Example.com ',
      device: { ...NO_DEVICE, label: 'Laptop' },
    });
    assert.deepEqual(
      [session.identityId, session.acr, session.amr, session.device.label, session.authenticatedAt],
      [world.identityId, 'aal1', ['pwd'], 'Laptop', world.time.now],
    );
    assert.ok((await world.verify('default', sessionId)).active);
    assert.deepEqual(world.acts(), ['password.signed_in', 'session.created']);
  });

  it('PWD-3 wrong, unknown, without password and disabled: one answer, one hash, the same reads and one record', async () => {
    const paths: string[][] = [];
    const tries: Record<string, (world: PasswordWorld, id: string) => Promise<unknown>> = {
      wrong: (world) => world.authenticate({ ...world.attempt, password: 'another password' }),
      unknown: (world) => world.authenticate({ ...world.attempt, identifier: 'eve@example.com' }),
      'without password': async (world) => {
        await world.addIdentity({ identifiers: [{ type: 'email', value: 'bob@example.com', verified: true }] });
        world.stores.calls.length = 0;
        return world.authenticate({ ...world.attempt, identifier: 'bob@example.com' });
      },
      disabled: async (world, id) => {
        const before = await byId(world, id);
        await world.stores.identities.replace(before, { ...before, active: false }, { changes: [], events: [] });
        world.stores.calls.length = 0;
        return world.authenticate(world.attempt);
      },
      'too short to be one': (world) => world.authenticate({ ...world.attempt, password: 'x' }),
    };
    for (const [name, attempt] of Object.entries(tries)) {
      const world = await signedUp();
      await assert.rejects(attempt(world, world.identityId), reason('CREDENTIAL_REJECTED'), name);
      assert.equal(world.work.length, 1, `${name}: one hash`);
      assert.deepEqual(world.acts(), ['password.rejected'], name);
      paths.push(world.stores.calls);
    }
    for (const path of paths) assert.deepEqual(path, paths[0]);
  });

  it('PWD-3 a text that is no identifier at all takes one hash too', async () => {
    const world = await signedUp();
    for (const identifier of ['', 'not an address', `${'a'.repeat(300)}@example.com`, "' or 1=1 --"]) {
      await assert.rejects(world.authenticate({ ...world.attempt, identifier }), reason('CREDENTIAL_REJECTED'));
    }
    assert.deepEqual(world.work, Array(4).fill('verify dummy'));
  });

  it('PWD-1 a password of over 1,024 bytes is refused before hashing and before any read', async () => {
    const world = await signedUp();
    await assert.rejects(
      world.authenticate({ ...world.attempt, password: 'x'.repeat(1_025) }),
      reason('INVALID_FIELD', 'password'),
    );
    assert.deepEqual([world.work, world.stores.calls], [[], []]);
  });

  it('PWD-2 strengthens the hash at sign-in, and only then', async () => {
    const world = await signedUp();
    const identity = await byId(world, world.identityId);
    const old = `old-${world.digest(world.attempt.password)}`;
    await world.stores.passwords.set(identity, identity, old, { changes: [], events: [] });
    await assert.rejects(world.authenticate({ ...world.attempt, password: 'another password' }));
    assert.equal(await world.stores.passwords.read('default', identity.id), old);
    await world.authenticate(world.attempt);
    assert.equal(await world.stores.passwords.read('default', identity.id), world.digest(world.attempt.password));
    const now = await byId(world, identity.id);
    assert.deepEqual([now.epoch, now.version], [identity.epoch, identity.version], 'nobody is signed out by it');
  });

  it('PWD-2 a full queue leaves the stronger hash to the next sign-in', async () => {
    const world = passwordWorld();
    const { id } = await world.register(world.attempt);
    const identity = await byId(world, id);
    const old = `old-${world.digest(world.attempt.password)}`;
    await world.stores.passwords.set(identity, identity, old, { changes: [], events: [] });
    world.hasher.hash = async () => {
      throw new TrustError('HASHING_BUSY');
    };
    assert.equal((await world.authenticate(world.attempt)).id, id);
    assert.equal(await world.stores.passwords.read('default', id), old);
  });

  it('ended meanwhile: a sign-in whose epoch passed before its session began is refused like a wrong password', async () => {
    const world = await signedUp();
    const identity = await byId(world, world.identityId);
    world.stores.control.before = async (call) => {
      if (call !== 'mfa.factors') return;
      world.stores.control.before = undefined;
      await world.setPassword({ ...world.attempt, identityId: identity.id, password: 'a newer password' });
    };
    await assert.rejects(world.signInWith({ ...world.attempt, device: NO_DEVICE }), reason('CREDENTIAL_REJECTED'));
  });

  it('a database error is an error, neither a yes nor a wrong password', async () => {
    for (const call of ['identities.readByIdentifier', 'passwords.read', 'sessions.insert']) {
      const world = await signedUp();
      world.stores.control.before = (name) => {
        if (name === call) throw new TrustError('DATABASE_UNAVAILABLE');
      };
      const answer = world.signInWith({ ...world.attempt, device: NO_DEVICE });
      await assert.rejects(answer, reason('DATABASE_UNAVAILABLE'), call);
    }
  });

  it('AUD-1 a proved password is recorded with the session that it leads to, by itself where there is none', async () => {
    const world = await signedUp();
    await world.signInWith({ ...world.attempt, device: NO_DEVICE });
    assert.ok(!world.stores.calls.includes('audit.append'), 'one write keeps both');
    world.stores.events.length = 0;
    world.tenant.settings = { ...world.tenant.settings, maxSessions: 1, sessionOverflow: 'refuse' };
    await assert.rejects(world.signInWith({ ...world.attempt, device: NO_DEVICE }), reason('SESSION_LIMIT'));
    assert.deepEqual(world.acts(), ['password.signed_in']);
    world.stores.events.length = 0;
    world.tenant.settings = { ...world.tenant.settings, maxSessions: 0, mfaPolicy: 'required' };
    const { pending } = await world.signInWith({ ...world.attempt, device: NO_DEVICE });
    assert.ok(pending);
    assert.deepEqual(world.acts(), ['password.signed_in', 'sign_in.pending']);
  });

  it('AUD-2 no event holds the identifier or the password', async () => {
    const world = await signedUp();
    await assert.rejects(world.authenticate({ ...world.attempt, password: 'canary-password' }));
    await assert.rejects(world.authenticate({ ...world.attempt, identifier: 'canary@example.com' }));
    await world.authenticate(world.attempt);
    assert.doesNotMatch(JSON.stringify(world.stores.events), /canary|ada@|violet/);
  });
});
