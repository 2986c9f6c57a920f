import assert from 'node:assert/strict';
import { signingWorld } from '../../../../test/support/signing_world.ts';
import { reason } from '../../../../test/support/world.ts';
import { SigningKeyState } from '../../contract/gen/trust/v1/signing_key.ts';
import type { Call } from '../../contract/rpc.ts';
import { signingKeyRpc } from './rpc.ts';

const CALL: Call = {
  tenantId: 'default',
  caller: { tenantId: 'default', service: 'ops', scopes: new Set(), audiences: new Set() },
};

async function served() {
  const world = signingWorld();
  await world.ensure();
  world.time.now += 1;
  const { rotate: rotateSigningKey, retire: retireSigningKey } = world;
  const useCases = { listSigningKeys: world.signingKeys.list, rotateSigningKey, retireSigningKey };
  return { ...world, rpc: signingKeyRpc(useCases) };
}

const ROTATE = { tenantId: '', alg: '', immediate: false };

describe('SigningKeyService', () => {
  it('lists keys newest first, without private halves', async () => {
    const { rpc, signingKeys } = await served();
    await rpc.rotateSigningKey(ROTATE, CALL);
    const { keys } = await rpc.listSigningKeys({ tenantId: '' }, CALL);
    const { PENDING, ACTIVE } = SigningKeyState;
    assert.deepEqual(
      keys.map(({ state }) => state),
      [PENDING, ACTIVE],
    );
    assert.equal(keys[0]?.activatedAt, undefined);
    const stored = await signingKeys.list('default');
    assert.ok(stored.every(({ sealed }) => !JSON.stringify(keys).includes(sealed)));
  });

  it('rotates to the present algorithm or the one asked for; one pending key at a time', async () => {
    const { rpc } = await served();
    const { key } = await rpc.rotateSigningKey({ ...ROTATE, alg: 'ES256' }, CALL);
    assert.equal(key?.alg, 'ES256');
    for (const immediate of [false, true]) {
      await assert.rejects(rpc.rotateSigningKey({ ...ROTATE, immediate }, CALL), (error: unknown) => {
        assert.deepEqual((error as { metadata: object }).metadata, { state: 'pending' });
        return reason('SIGNING_KEY_STATE')(error);
      });
    }
    await assert.rejects(rpc.rotateSigningKey({ ...ROTATE, alg: 'HS256' }, CALL), reason('INVALID_FIELD', 'alg'));
  });

  it('TOK-40 `immediate` signs at once, and the present key retires in its time', async () => {
    const { rpc, keyring, states } = await served();
    const { key } = await rpc.rotateSigningKey({ ...ROTATE, immediate: true }, CALL);
    assert.equal(key?.alg, 'EdDSA');
    assert.equal((await keyring.signer('default')).kid, key?.kid);
    assert.deepEqual(await states(), ['active', 'retiring']);
  });

  it('TOK-40 retires a leaked active key at once on this node and replaces it in the same step', async () => {
    const { rpc, keyring, states, stores } = await served();
    const { kid } = await keyring.signer('default');
    const { key } = await rpc.retireSigningKey({ tenantId: '', kid }, CALL);
    assert.equal(key?.state, SigningKeyState.RETIRED);
    assert.ok(key?.retiredAt);
    assert.deepEqual(await states(), ['active', 'retired']);
    const published = await keyring.publicKeys('default');
    assert.ok(published.length === 1 && published[0]?.kid !== kid);
    assert.equal((await keyring.signer('default')).kid, published[0]?.kid);
    assert.ok(stores.feed.some((row) => row.kind === 'signing_key' && row.kid === kid && row.retired));
    const again = await rpc.retireSigningKey({ tenantId: '', kid }, CALL);
    assert.deepEqual(again.key, key);
  });

  it('retires the active key in favour of the pending one, and a pending one alone', async () => {
    const { rpc, keyring, states, time } = await served();
    const { kid } = await keyring.signer('default');
    const { key: pending } = await rpc.rotateSigningKey(ROTATE, CALL);
    await rpc.retireSigningKey({ tenantId: '', kid }, CALL);
    assert.equal((await keyring.signer('default')).kid, pending?.kid);
    time.now += 1;
    const { key: next } = await rpc.rotateSigningKey(ROTATE, CALL);
    const { key: retired } = await rpc.retireSigningKey({ tenantId: '', kid: next?.kid ?? '' }, CALL);
    assert.equal(retired?.retiringAt, undefined);
    assert.deepEqual(await states(), ['retired', 'active', 'retired']);
  });

  it('tells of unknown kids, malformed kids and concurrent changes', async () => {
    const { rpc, newId, stores, keyring, rotate } = await served();
    const unknown = { tenantId: '', kid: newId('sgk') };
    await assert.rejects(rpc.retireSigningKey(unknown, CALL), reason('SIGNING_KEY_NOT_FOUND'));
    await assert.rejects(rpc.retireSigningKey({ tenantId: '', kid: 'sgk_1' }, CALL), reason('INVALID_FIELD', 'kid'));
    const { kid } = await keyring.signer('default');
    const meddle = () => {
      stores.control.before = async (call) => {
        if (call !== 'signingKeys.apply') return;
        stores.control.before = undefined;
        await rotate({ tenantId: 'default', actor: 'ops', alg: undefined, immediate: true });
      };
    };
    meddle();
    await assert.rejects(rpc.retireSigningKey({ tenantId: '', kid }, CALL), reason('CONCURRENT_CHANGE'));
    meddle();
    await assert.rejects(rpc.rotateSigningKey(ROTATE, CALL), reason('CONCURRENT_CHANGE'));
  });
});
