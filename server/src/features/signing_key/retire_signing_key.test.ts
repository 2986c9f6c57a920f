import assert from 'node:assert/strict';
import { signingWorld } from '../../../../test/support/signing_world.ts';
import { reason } from '../../../../test/support/world.ts';

const RESET = { tenantId: 'default', actor: 'operator', alg: 'ES256' } as const;

describe('resetting the signing keys', () => {
  it('TOK-41 lets a server with another issuer or master key start, without the old keys', async () => {
    const world = signingWorld();
    await world.ensure();
    await world.rotate({ tenantId: 'default', actor: 'ops', alg: undefined, immediate: false });
    world.time.now += 1;
    const other = world.node({ issuer: 'https://elsewhere.example', masterKey: Buffer.alloc(32, 9) });
    await assert.rejects(other.ensure(), reason('SIGNING_KEY_UNAVAILABLE'));
    const made = await other.reset(RESET);
    assert.deepEqual(await world.states(), ['active', 'retired', 'retired']);
    await other.ensure();
    assert.equal((await other.keyring.signer('default')).kid, made.kid);
    assert.equal((await other.keyring.publicKeys('default')).length, 1);
    const keys = await world.signingKeys.list('default');
    assert.ok(keys.filter(({ state }) => state === 'retired').every(({ sealed }) => sealed === ''));
  });

  it('SES-4 tells verifiers of every key that went', async () => {
    const world = signingWorld();
    await world.ensure();
    world.stores.feed.length = 0;
    await world.reset(RESET);
    assert.deepEqual(
      world.stores.feed.map((change) => 'retired' in change && change.retired),
      [false, true],
    );
  });

  it('writes nothing over keys that came meanwhile', async () => {
    const world = signingWorld();
    await world.ensure();
    let raced = false;
    world.stores.control.before = async (call) => {
      if (call !== 'signingKeys.apply' || raced) return;
      raced = true;
      await world.reset({ ...RESET, actor: 'rival' });
    };
    await assert.rejects(world.reset(RESET), reason('CONCURRENT_CHANGE'));
  });
});
