import assert from 'node:assert/strict';
import { testWorld } from '../../../../test/support/world.ts';
import { isTenantOrigin, origins, originUnder } from './origins.ts';
import { DEFAULT_SETTINGS } from './tenant.ts';

describe('origins of tenants', () => {
  it('TEN-4 are https, or http on this machine, and nothing but an origin', () => {
    const good = [
      'https://a.example',
      'https://a.example:8443',
      'http://localhost:8080',
      'http://acme.localhost',
      'http://127.0.0.1:1',
      'http://[::1]:8080',
    ];
    for (const text of good) assert.equal(isTenantOrigin(text), true, text);
    for (const text of [
      '',
      'a.example',
      'http://a.example',
      'https://a.example/',
      'https://A.example',
      'https://a.example:443',
      'https://u@a.example',
      'http://localhost.example',
      'http://127.0.0.1.example',
      'null',
      'file:///x',
    ])
      assert.equal(isTenantOrigin(text), false, text);
  });

  it('TEN-4 a tenant that is given none has its name under that of default', () => {
    assert.equal(originUnder('https://login.example.com', 'acme'), 'https://acme.login.example.com');
    assert.equal(originUnder('https://login.example.com:8443', 'acme'), 'https://acme.login.example.com:8443');
    assert.equal(originUnder('http://127.0.0.1:8080', 'acme'), 'http://acme.localhost:8080');
    assert.equal(originUnder('http://[::1]:8080', 'acme'), 'http://acme.localhost:8080');
    assert.equal(originUnder('https://203.0.113.9', 'acme'), undefined);
    assert.equal(originUnder('https://[2001:db8::1]', 'acme'), undefined);
  });

  it('TEN-5 are read once, by id or by host; that of default is the server’s and needs no reading', async () => {
    const { stores } = testWorld();
    const times = { version: 1, createdAt: 0, updatedAt: 0 };
    await stores.tenants.insertIfAbsent({
      id: 'acme',
      publicUrl: 'https://a.example',
      settings: DEFAULT_SETTINGS,
      ...times,
    });
    const { originOf, siteAt } = origins({ tenants: stores.tenants, publicUrl: 'https://login.example' });
    stores.calls.length = 0;
    assert.equal(await originOf('default'), 'https://login.example');
    assert.deepEqual(stores.calls, []);
    assert.deepEqual(await siteAt('a.example'), { tenantId: 'acme', publicUrl: 'https://a.example' });
    assert.equal(await siteAt('b.example'), undefined);
    assert.equal(await originOf('acme'), 'https://a.example');
    assert.deepEqual(stores.calls, ['tenants.readByHost', 'tenants.readByHost']);
    await assert.rejects(originOf('nobody'), { reason: 'TENANT_NOT_FOUND' });
  });
});
