import assert from 'node:assert/strict';
import { ROTATION_PERIOD, signingWorld } from '../../../../test/support/signing_world.ts';
import { reason } from '../../../../test/support/world.ts';
import { SECOND } from '../../kernel/clock.ts';
import { MAX_LIFETIME } from '../trust_token/claims.ts';
import { JWKS_CACHING, PROPAGATION, RETIREMENT } from './signing_key.ts';

const SYSTEM = { tenantId: 'default', actor: 'ops', alg: undefined, immediate: false };

describe('the schedule of signing keys', () => {
  it('makes the first key, which signs at once, and does nothing while nothing is due', async () => {
    const world = signingWorld('ES256');
    assert.equal(await world.advance(), true);
    assert.deepEqual(await world.states(), ['active']);
    assert.equal((await world.keyring.signer('default')).alg, 'ES256');
    assert.equal(await world.advance(), false);
  });

  it('TOK-40 walks a key from pending over active and retiring to retired, each step at its instant', async () => {
    const world = signingWorld();
    await world.ensure();
    await world.rotate(SYSTEM);
    world.time.now += PROPAGATION - 1;
    assert.equal(await world.advance(), false);
    world.time.now += 1;
    assert.equal(await world.advance(), true);
    assert.deepEqual(await world.states(), ['active', 'retiring']);
    world.time.now += RETIREMENT - 1;
    assert.equal(await world.advance(), false);
    world.time.now += 1;
    assert.equal(await world.advance(), true);
    assert.deepEqual(await world.states(), ['active', 'retired']);
    const [, old] = await world.signingKeys.list('default');
    assert.equal(old?.sealed, '');
    assert.equal((await world.keyring.publicKeys('default')).length, 1);
  });

  it('TOK-40 keeps a retiring key published for longer than any token and any cache of the JWKS', () => {
    assert.ok(RETIREMENT >= MAX_LIFETIME + JWKS_CACHING + 10 * SECOND);
    assert.ok(PROPAGATION >= JWKS_CACHING + 10 * SECOND);
  });

  it('makes the next key when the active one is older than the rotation period, once', async () => {
    const world = signingWorld();
    await world.ensure();
    world.time.now += ROTATION_PERIOD - 1;
    assert.equal(await world.advance(), false);
    world.time.now += 1;
    assert.equal(await world.advance(), true);
    assert.equal(await world.advance(), false);
    assert.deepEqual(await world.states(), ['pending', 'active']);
  });

  it('TOK-40 any number of nodes at once make one first key, one pending key and one active key', async () => {
    const world = signingWorld();
    const nodes = [world, world.node(), world.node()];
    const all = () => Promise.all(nodes.map(({ advance }) => advance()));
    assert.deepEqual((await all()).filter(Boolean), [true]);
    for (const span of [ROTATION_PERIOD, PROPAGATION]) {
      world.time.now += span;
      assert.deepEqual((await all()).filter(Boolean), [true]);
    }
    assert.deepEqual(await world.states(), ['active', 'retiring']);
  });

  it('AUD-1 SES-4 leaves a change row and an event for each step, by `system`', async () => {
    const world = signingWorld();
    await world.ensure();
    await world.rotate(SYSTEM);
    world.time.now += PROPAGATION;
    await world.advance();
    world.time.now += RETIREMENT;
    await world.advance();
    const [next, first] = (await world.signingKeys.list('default')).map(({ kid }) => kid);
    const steps = world.stores.events.map(({ action, subject, actor }) => [action, subject, actor]);
    assert.deepEqual(steps, [
      ['signing_key.created', first, 'system'],
      ['signing_key.activated', first, 'system'],
      ['signing_key.created', next, 'ops'],
      ['signing_key.retiring', first, 'system'],
      ['signing_key.activated', next, 'system'],
      ['signing_key.retired', first, 'system'],
    ]);
    assert.deepEqual(world.stores.feed.at(-1), { tenantId: 'default', kind: 'signing_key', kid: first, retired: true });
    assert.equal(world.stores.feed.filter((row) => row.kind === 'signing_key' && row.retired).length, 1);
  });
});

describe('signing keys at start', () => {
  it('TOK-41 a server with another master key or issuer does not start, and leaves nothing behind', async () => {
    const world = signingWorld();
    await world.ensure();
    world.time.now += ROTATION_PERIOD;
    const before = await world.signingKeys.list('default');
    for (const other of [{ masterKey: Buffer.alloc(32, 9) }, { issuer: 'https://other.example' }]) {
      const refused = world.node(other).ensure();
      await assert.rejects(refused, (error: Error) => {
        return reason('SIGNING_KEY_UNAVAILABLE')(error) && /master key or the issuer/.test(String(error.cause));
      });
    }
    assert.deepEqual(await world.signingKeys.list('default'), before);
    await world.ensure();
  });

  it('TOK-41 a server with another master key that starts at the same moment does not start either', async () => {
    const world = signingWorld();
    const stranger = world.node({ masterKey: Buffer.alloc(32, 9) });
    const settled = await Promise.allSettled([world.ensure(), stranger.ensure()]);
    assert.deepEqual(settled.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });

  it('tells of a store that does not answer', async () => {
    const world = signingWorld();
    world.stores.control.failure = new Error('database down');
    await assert.rejects(world.ensure(), /database down/);
  });
});
