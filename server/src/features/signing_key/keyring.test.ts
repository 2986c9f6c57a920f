import assert from 'node:assert/strict';
import { signingWorld } from '../../../../test/support/signing_world.ts';
import { reason } from '../../../../test/support/world.ts';
import { MINUTE } from '../../kernel/clock.ts';
import { KEYRING_BOUND } from './keyring.ts';

const AS = { tenantId: 'default', actor: 'ops', alg: undefined };

describe('keyring', () => {
  it('TOK-40 publishes pending, active and retiring keys and signs with the active one', async () => {
    const world = signingWorld();
    await world.ensure();
    const first = await world.keyring.signer('default');
    world.time.now += 1;
    const active = await world.rotate({ ...AS, immediate: true });
    world.time.now += 1;
    const pending = await world.rotate({ ...AS, immediate: false });
    assert.deepEqual(await world.states(), ['pending', 'active', 'retiring']);
    const published = (await world.keyring.publicKeys('default')).map(({ kid }) => kid);
    assert.deepEqual(published, [pending.kid, active.kid, first.kid]);
    assert.equal((await world.keyring.signer('default')).kid, active.kid);
  });

  it('gives the JWKS without private members', async () => {
    const world = signingWorld('ES256');
    await world.ensure();
    const { keys } = JSON.parse(await world.keyring.jwks('default'));
    assert.equal(keys.length, 1);
    assert.deepEqual(Object.keys(keys[0]).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  it('reads once for calls of the same moment, and again after its bound', async () => {
    const world = signingWorld();
    await world.ensure();
    world.keyring.forget('default');
    world.stores.calls.length = 0;
    await Promise.all([world.keyring.signer('default'), world.keyring.publicKeys('default')]);
    world.time.now += KEYRING_BOUND - 1;
    await world.keyring.signer('default');
    assert.equal(world.stores.calls.length, 1);
    world.time.now += 1;
    await world.keyring.signer('default');
    assert.equal(world.stores.calls.length, 2);
  });

  it('TOK-40 another node follows a rotation within its bound, also when its clock is set back', async () => {
    const world = signingWorld();
    await world.ensure();
    const other = world.node();
    await other.keyring.signer('default');
    const { kid } = await world.rotate({ ...AS, immediate: true });
    world.time.now += KEYRING_BOUND;
    assert.equal((await other.keyring.signer('default')).kid, kid);
    const next = await world.rotate({ ...AS, immediate: true });
    world.time.now -= MINUTE;
    assert.equal((await other.keyring.signer('default')).kid, next.kid);
  });

  it('fails closed: no key, no key that opens, no store', async () => {
    const world = signingWorld();
    await assert.rejects(world.keyring.signer('default'), reason('SIGNING_KEY_UNAVAILABLE'));
    await world.ensure();
    assert.ok(await world.keyring.signer('default'));
    await assert.rejects(world.keyring.signer('other'), reason('SIGNING_KEY_UNAVAILABLE'));
    const stranger = world.node({ masterKey: Buffer.alloc(32, 9) });
    await assert.rejects(stranger.keyring.signer('default'), reason('SIGNING_KEY_UNAVAILABLE'));
    assert.equal((await stranger.keyring.publicKeys('default')).length, 1);
    world.stores.control.failure = new Error('database down');
    world.time.now += KEYRING_BOUND;
    await assert.rejects(world.keyring.signer('default'), /database down/);
    world.stores.control.failure = undefined;
    assert.ok(await world.keyring.signer('default'));
  });
});
