import assert from 'node:assert/strict';
import { passwordWorld } from '../../../../test/support/password_world.ts';
import { reason } from '../../../../test/support/world.ts';
import { TrustError } from '../../errors/trust_error.ts';
import { passwordsOfUsersTable } from './passwords_of_users_table.ts';
import type { UsersRow } from './store.ts';

// Cheap hashes of 'violet-otter-battery' and of 'another-password'.
const HASH = 'pbkdf2_sha256$1000$seasalt$';
const { pbkdf2Sync } = await import('node:crypto');
const hashOf = (password: string) => HASH + pbkdf2Sync(password, 'seasalt', 1_000, 32, 'sha256').toString('base64');

const ADA: UsersRow = {
  id: '7',
  identifier: 'Ada@Example.com',
  password: hashOf('violet-otter-battery'),
  name: 'Ada L.',
  roles: 'admin, writer,not valid!',
  'metadata.plan': 'pro',
  verified: 'true',
  active: '1',
};

/** A table that compares without case and accents, as loosely as any database does. */
function tableWorld(rows: UsersRow[], { move = false } = {}) {
  const state = { broken: false, reads: 0, hashes: 0, unusable: 0 };
  const loose = (text = '') => text.normalize('NFD').replaceAll(/\p{M}/gu, '').trim().toLowerCase();
  const world = passwordWorld({
    elsewhere: (inner) =>
      passwordsOfUsersTable({
        ...inner,
        users: {
          readByIdentifier: async (texts) => {
            state.reads += 1;
            if (state.broken) throw new TrustError('DATABASE_UNAVAILABLE');
            return rows.filter(({ identifier }) =>
              texts.some((text) => text !== '' && loose(text) === loose(identifier)),
            );
          },
          anyHash: async () => rows[0]?.password,
        },
        rules: { tenantId: 'default', type: 'email', kinds: ['pbkdf2'], move },
        identities: inner.stores.identities,
        passwords: inner.stores.passwords,
        enter: async (work) => {
          state.hashes += 1;
          return await work();
        },
        unusable: () => {
          state.unusable += 1;
        },
      }),
  });
  const { attempt, authenticate } = world;
  return { ...world, state, rows, try: (more: Partial<typeof attempt> = {}) => authenticate({ ...attempt, ...more }) };
}

const rejected = reason('CREDENTIAL_REJECTED');

describe('a table of people of another program', () => {
  it('UST-1 lets its people in with the passwords that they have there, and their facts come along', async () => {
    const world = tableWorld([ADA]);
    const identity = await world.try();
    assert.deepEqual(identity.identifiers, [{ type: 'email', value: 'ada@example.com', verified: true }]);
    assert.deepEqual(
      [identity.displayName, identity.roles, identity.metadata],
      ['Ada L.', ['admin', 'writer'], { plan: 'pro' }],
    );
    assert.equal(await world.stores.passwords.read('default', identity.id), undefined);
    assert.deepEqual(await world.try(), identity);
    await assert.rejects(world.try({ password: 'wrong-password' }), rejected);
    assert.deepEqual(world.acts(), [
      'identity.created',
      'password.signed_in',
      'password.signed_in',
      'password.rejected',
    ]);
  });

  it('UST-1 follows what the table says at the next sign-in: facts, name, password, and whether they may', async () => {
    const world = tableWorld([ADA]);
    const first = await world.try();
    world.rows[0] = { ...ADA, identifier: 'ada@new.example', name: 'Ada B.', password: hashOf('another-password') };
    await assert.rejects(world.try(), rejected);
    const second = await world.try({ identifier: 'ada@new.example', password: 'another-password' });
    assert.equal(second.id, first.id);
    assert.deepEqual([second.displayName, second.version], ['Ada B.', 2]);
    assert.deepEqual(
      second.identifiers.map(({ value }) => value),
      ['ada@new.example'],
    );
    assert.ok(world.stores.feed.some((change) => change.kind === 'identity' && change.identityId === first.id));
    for (const active of ['0', 'false', '', undefined]) {
      world.rows[0] = { ...world.rows[0], active };
      await assert.rejects(world.try({ identifier: 'ada@new.example', password: 'another-password' }), rejected);
    }
  });

  it('UST-2 moves a person over at the first sign-in, and asks the table no more', async () => {
    const world = tableWorld([ADA], { move: true });
    const identity = await world.try();
    assert.equal(await world.stores.passwords.read('default', identity.id), world.digest('violet-otter-battery'));
    world.rows[0] = { ...ADA, password: hashOf('another-password') };
    assert.equal((await world.try()).id, identity.id);
    await assert.rejects(world.try({ password: 'another-password' }), rejected);
    // Nor by another name that the table gives the same row.
    world.rows[0] = { ...ADA, identifier: 'ada@new.example', password: hashOf('another-password') };
    await assert.rejects(world.try({ identifier: 'ada@new.example', password: 'another-password' }), rejected);
    world.rows.length = 0;
    assert.equal((await world.try()).id, identity.id);
  });

  it('UST-2 moves who was only read before, without ending a session', async () => {
    const read = tableWorld([ADA]);
    const identity = await read.try();
    const move = tableWorld([ADA], { move: true });
    await move.stores.identities.insert(identity, { changes: [], events: [] });
    const moved = await move.try();
    assert.deepEqual([moved.id, moved.epoch], [identity.id, identity.epoch]);
    assert.equal(await move.stores.passwords.read('default', identity.id), move.digest('violet-otter-battery'));
  });

  it('UST-3 takes nobody for somebody else: by accents, twice the same name, or a name that is another identity’s', async () => {
    const world = tableWorld([ADA]);
    await assert.rejects(world.try({ identifier: 'adá@example.com' }), rejected);
    world.rows[0] = { ...ADA, identifier: 'adá@example.com' };
    await assert.rejects(world.try(), rejected);
    world.rows[0] = ADA;
    world.rows.push({ ...ADA, id: '8', identifier: 'ada@example.com' });
    await assert.rejects(world.try(), rejected);
    world.rows.pop();
    await world.addIdentity({ identifiers: [{ type: 'email', value: 'ada@example.com', verified: true }] });
    await assert.rejects(world.try(), rejected);
    const twins = tableWorld([ADA]);
    await twins.try();
    // The name has passed to another row: who had it is not its new owner.
    twins.rows[0] = { ...ADA, id: '9' };
    await assert.rejects(twins.try(), rejected);
    for (const id of [undefined, '', 'x'.repeat(256)]) {
      const world = tableWorld([{ ...ADA, id }]);
      await assert.rejects(world.try(), rejected);
    }
  });

  it('UST-3 keeps the names of the table from those who sign up', async () => {
    const world = tableWorld([ADA]);
    const { work } = world;
    await assert.rejects(world.register({ ...world.attempt, password: 'squatter-of-names' }), rejected);
    assert.deepEqual(work, ['hash']);
    assert.equal(await world.stores.identities.readByIdentifier('default', 'email', 'ada@example.com'), undefined);
    await world.register({ ...world.attempt, identifier: 'eve@example.com' });
    assert.deepEqual(work, ['hash', 'hash']);
  });

  it('UST-4 does the same work for everybody: one read there and two hashes, whoever it is', async () => {
    const world = tableWorld([
      ADA,
      { ...ADA, id: '8', identifier: 'off@example.com', active: '0' },
      { ...ADA, id: '9', identifier: 'odd@example.com', password: 'plain' },
    ]);
    await world.register({ ...world.attempt, identifier: 'own@example.com' });
    const cases = {
      wrong: { password: 'wrong-password' },
      unknown: { identifier: 'nobody@example.com' },
      malformed: { identifier: 'no address' },
      inactive: { identifier: 'off@example.com' },
      unusable: { identifier: 'odd@example.com' },
      own: { identifier: 'own@example.com', password: 'wrong-password' },
    };
    const seen: unknown[] = [];
    for (const [name, more] of Object.entries(cases)) {
      Object.assign(world.state, { reads: 0, hashes: 0 });
      world.work.length = 0;
      await assert.rejects(world.try(more), rejected, name);
      seen.push([world.state.reads, world.state.hashes, world.work.length]);
    }
    assert.deepEqual(seen, Array(6).fill([1, 1, 1]));
    assert.equal(world.state.unusable, 1);
  });

  it('UST-7 says that it cannot tell while the table cannot be read; a right password of our own needs no table', async () => {
    const world = tableWorld([ADA]);
    await world.register({ ...world.attempt, identifier: 'own@example.com' });
    world.state.broken = true;
    const unavailable = reason('DATABASE_UNAVAILABLE');
    await assert.rejects(world.try(), unavailable);
    await assert.rejects(world.try({ identifier: 'nobody@example.com' }), unavailable);
    await assert.rejects(world.try({ identifier: 'own@example.com', password: 'wrong-password' }), unavailable);
    await world.try({ identifier: 'own@example.com' });
    await assert.rejects(world.register({ ...world.attempt, identifier: 'new@example.com' }), unavailable);
    assert.equal(await world.stores.identities.readByIdentifier('default', 'email', 'new@example.com'), undefined);
  });

  it('is no one’s in another tenant, and not asked about identifiers of another type', async () => {
    const world = tableWorld([ADA]);
    await assert.rejects(world.try({ tenantId: 'other' }), rejected);
    await assert.rejects(world.try({ identifierType: 'username' as 'email', identifier: 'ada' }), rejected);
    assert.equal(world.state.reads, 0);
  });
});
