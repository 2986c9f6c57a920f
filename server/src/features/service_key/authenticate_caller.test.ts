import assert from 'node:assert/strict';
import { testWorld } from '../../../../test/support/world.ts';
import { authenticateCaller, CALLER_BOUND, WATCHED_CALLER_BOUND } from './authenticate_caller.ts';
import { createServiceKey, revokeServiceKey, rotateServiceKey } from './change_service_key.ts';
import { deleteService, putService } from './put_service.ts';
import type { Service } from './service_key.ts';

const ORDERS: Omit<Service, 'createdAt'> = {
  tenantId: 'default',
  name: 'orders',
  scopes: ['sessions:verify'],
  audiences: ['billing'],
  certificateNames: ['spiffe://example.org/orders', 'orders.example.org'],
};
const WHO = { tenantId: 'default', actor: 'ops' };

async function served() {
  const { stores, clock, time, random, newId } = testWorld();
  // A second node: it is told of no change and lives by its bound alone.
  const lease = { span: 0 };
  const suspended = new Set<string>();
  const isSuspended = async (tenantId: string) => suspended.has(tenantId);
  const { serviceKeys, services } = stores;
  const nodeDeps = { serviceKeys, services, isSuspended, clock, span: () => lease.span };
  const other = authenticateCaller(nodeDeps);
  const own = authenticateCaller(nodeDeps);
  const deps = { ...stores, clock, random, newId, forgetCallers: own.forget };
  await putService(deps)('ops', ORDERS);
  const bearer = (authorization: string) => ({ authorization: `Bearer ${authorization}`, certificateNames: [] });
  return { stores, time, deps, own, other, bearer, lease, suspended };
}

const REJECTED = { reason: 'SERVICE_KEY_REJECTED' };
const MISSING = { reason: 'SERVICE_KEY_MISSING' };

describe('authenticateCaller', () => {
  it('accepts a live key and gives the rights of its service', async () => {
    const { deps, own, bearer } = await served();
    const { secret, key } = await createServiceKey(deps, { ...WHO, service: 'orders' });
    const caller = await own.authenticate(bearer(secret));
    assert.deepEqual(caller, {
      tenantId: 'default',
      service: 'orders',
      scopes: new Set(['sessions:verify']),
      audiences: new Set(['billing']),
      key: key.id,
    });
    assert.notEqual(key.digest, secret);
    assert.doesNotMatch(JSON.stringify([...deps.events, ...deps.feed]), /tlk_/);
  });

  it('refuses a call without key and certificate', async () => {
    const { own } = await served();
    await assert.rejects(async () => own.authenticate({ certificateNames: [] }), MISSING);
  });

  it('SEC-4 refuses prefixes, extensions, case twins, other schemes and malformed keys, without a look-up', async () => {
    const { deps, stores, own, bearer } = await served();
    const { secret } = await createServiceKey(deps, { ...WHO, service: 'orders' });
    stores.calls.length = 0;
    const twin = secret.slice(0, 4) + secret.slice(4).replace(/[a-z]/, (letter) => letter.toUpperCase());
    for (const text of [secret.slice(0, -1), `${secret}0`, twin, `${secret} `, ` ${secret}x`, 'tlk_', '']) {
      await assert.rejects(async () => own.authenticate(bearer(text)), REJECTED);
    }
    await assert.rejects(async () => own.authenticate({ authorization: secret, certificateNames: [] }), REJECTED);
    await assert.rejects(
      async () => own.authenticate({ authorization: `Basic ${secret}`, certificateNames: [] }),
      REJECTED,
    );
    assert.deepEqual(stores.calls, []);
  });

  it('refuses a well-formed key with the public id of another', async () => {
    const { deps, own, bearer } = await served();
    const { secret, key } = await createServiceKey(deps, { ...WHO, service: 'orders' });
    const { digestOf, serviceKeyId } = await import('../../kernel/secret.ts');
    assert.equal(serviceKeyId(secret), key.id);
    await deps.serviceKeys.revoke('default', key.id, 0, { changes: [], events: [] });
    assert.equal(key.digest, digestOf('service_key', secret));
    await assert.rejects(async () => own.authenticate(bearer(secret)), REJECTED);
  });

  it('a revoked key is refused at once on this node and within the bound on another', async () => {
    const { deps, time, own, other, bearer } = await served();
    const { secret, key } = await createServiceKey(deps, { ...WHO, service: 'orders' });
    await own.authenticate(bearer(secret));
    await other.authenticate(bearer(secret));
    await revokeServiceKey(deps, { ...WHO, keyId: key.id });
    await assert.rejects(async () => own.authenticate(bearer(secret)), REJECTED);
    time.now += CALLER_BOUND;
    await assert.rejects(async () => other.authenticate(bearer(secret)), REJECTED);
  });

  it('a kept key is not kept past its own end', async () => {
    const { deps, time, own, bearer } = await served();
    const { secret } = await createServiceKey(deps, { ...WHO, service: 'orders', lifetime: 100 });
    await own.authenticate(bearer(secret));
    time.now += 99;
    await own.authenticate(bearer(secret));
    time.now += 1;
    await assert.rejects(async () => own.authenticate(bearer(secret)), REJECTED);
  });

  it('WAT-25 believes a caller for longer while the node is told of changes, and not past a break', async () => {
    const { deps, stores, time, other, bearer, lease } = await served();
    const { secret } = await createServiceKey(deps, { ...WHO, service: 'orders' });
    const reads = async () => {
      stores.calls.length = 0;
      await other.authenticate(bearer(secret));
      return stores.calls.length;
    };
    assert.equal(await reads(), 1);
    lease.span = 1;
    time.now += CALLER_BOUND;
    assert.equal(await reads(), 1, 'it was read before the lease');
    time.now += WATCHED_CALLER_BOUND - 1;
    assert.equal(await reads(), 0);
    lease.span = 0;
    assert.equal(await reads(), 1, 'the lease has run out');
    time.now += CALLER_BOUND;
    lease.span = 2;
    assert.equal(await reads(), 1, 'changes may have been missed between the two');
    time.now += WATCHED_CALLER_BOUND;
    assert.equal(await reads(), 1, 'no longer than its bound');
    time.now += CALLER_BOUND;
    other.forget();
    assert.equal(await reads(), 1, 'a change has come');
  });

  it('TEN-7 says whether the tenant is suspended, and forgets it with the rest', async () => {
    const { deps, own, bearer, suspended } = await served();
    const { secret } = await createServiceKey(deps, { ...WHO, service: 'orders' });
    suspended.add('default');
    assert.equal((await own.authenticate(bearer(secret))).suspended, true);
    const byName = { certificateNames: ['orders.example.org'] };
    assert.equal((await own.authenticate(byName)).suspended, true);
    suspended.clear();
    own.forget();
    assert.equal((await own.authenticate(bearer(secret))).suspended, undefined);
    assert.equal((await own.authenticate(byName)).suspended, undefined);
  });

  it('a key that was revoked while it was being read is not kept', async () => {
    const { deps, stores, own, bearer } = await served();
    const { secret, key } = await createServiceKey(deps, { ...WHO, service: 'orders' });
    const read = deps.serviceKeys.readWithService;
    const racing = authenticateCaller({
      services: stores.services,
      isSuspended: async () => false,
      clock: deps.clock,
      span: () => 0,
      serviceKeys: {
        async readWithService(id) {
          const found = await read(id);
          await revokeServiceKey({ ...deps, forgetCallers: racing.forget }, { ...WHO, keyId: key.id });
          return found;
        },
      },
    });
    await racing.authenticate(bearer(secret));
    await assert.rejects(async () => own.authenticate(bearer(secret)), REJECTED);
    await assert.rejects(async () => racing.authenticate(bearer(secret)), REJECTED);
  });

  it('errors are not kept and leave as they are', async () => {
    const { deps, stores, own, bearer } = await served();
    const { secret } = await createServiceKey(deps, { ...WHO, service: 'orders' });
    stores.control.failure = new Error('database is away');
    await assert.rejects(async () => own.authenticate(bearer(secret)), /database is away/);
    stores.control.failure = undefined;
    await own.authenticate(bearer(secret));
  });

  it('a certificate names its service; one that names two names none; a bad key is not made up for', async () => {
    const { deps, own, bearer } = await served();
    const names = { certificateNames: ['spiffe://example.org/orders'] };
    assert.equal((await own.authenticate(names)).service, 'orders');
    await assert.rejects(async () => own.authenticate({ certificateNames: ['spiffe://example.org/other'] }), MISSING);
    await assert.rejects(async () => own.authenticate({ ...bearer('tlk_bad'), ...names }), REJECTED);
    await putService(deps)('ops', { ...ORDERS, name: 'twin' });
    await assert.rejects(async () => own.authenticate(names), MISSING);
  });

  it('rotation lets both keys live for the overlap, and no third', async () => {
    const { deps, time, own, bearer } = await served();
    const first = await createServiceKey(deps, { ...WHO, service: 'orders' });
    const second = await rotateServiceKey(deps, { ...WHO, keyId: first.key.id, overlap: 1_000 });
    await own.authenticate(bearer(first.secret));
    await own.authenticate(bearer(second.secret));
    await assert.rejects(createServiceKey(deps, { ...WHO, service: 'orders' }), { reason: 'SERVICE_KEY_LIMIT' });
    time.now += 1_000;
    await assert.rejects(async () => own.authenticate(bearer(first.secret)), REJECTED);
    await own.authenticate(bearer(second.secret));
    await assert.rejects(rotateServiceKey(deps, { ...WHO, keyId: first.key.id, overlap: 0 }), {
      reason: 'SERVICE_KEY_NOT_FOUND',
    });
  });

  it('TERM-2 a key of another tenant cannot be rotated or revoked', async () => {
    const { deps } = await served();
    const { key } = await createServiceKey(deps, { ...WHO, service: 'orders' });
    const foreign = { ...WHO, tenantId: 'other', keyId: key.id };
    await assert.rejects(revokeServiceKey(deps, foreign), { reason: 'SERVICE_KEY_NOT_FOUND' });
    await assert.rejects(rotateServiceKey(deps, { ...foreign, overlap: 0 }), { reason: 'SERVICE_KEY_NOT_FOUND' });
  });

  it('a deleted service is refused at once, and rights that were narrowed are narrow at once', async () => {
    const { deps, own, bearer } = await served();
    const { secret } = await createServiceKey(deps, { ...WHO, service: 'orders' });
    await own.authenticate(bearer(secret));
    await putService(deps)('ops', { ...ORDERS, scopes: [] });
    assert.deepEqual((await own.authenticate(bearer(secret))).scopes, new Set());
    await deleteService(deps)({ ...WHO, name: 'orders' });
    await assert.rejects(async () => own.authenticate(bearer(secret)), REJECTED);
    await assert.rejects(deleteService(deps)({ ...WHO, name: 'orders' }), { reason: 'SERVICE_NOT_FOUND' });
  });
});
