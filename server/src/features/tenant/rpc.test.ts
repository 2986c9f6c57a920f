import assert from 'node:assert/strict';
import { testWorld } from '../../../../test/support/world.ts';
import { type Branding, type TenantSettings, UpdateTenantRequest } from '../../contract/gen/trust/v1/tenant.ts';
import type { Call } from '../../contract/rpc.ts';
import type { TrustError } from '../../errors/trust_error.ts';
import { DEFAULT_RATE_LIMITS } from '../rate_limit/rate_limit.ts';
import { ensureDefaultTenant } from './read_settings.ts';
import { tenantRpc } from './rpc.ts';
import { resumeTenant, suspendTenant, updateTenant } from './update_tenant.ts';

const CALL: Call = {
  tenantId: 'default',
  caller: { tenantId: 'default', service: 'ops', scopes: new Set(), audiences: new Set() },
};

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(100)]);

const GOOD = {
  displayName: 'Shop',
  returnTo: ['https://shop.example/auth/callback', 'http://localhost/auth/callback'],
  sessionIdleTimeoutSeconds: 60,
  sessionAbsoluteTimeoutSeconds: 31_536_000,
  trustTokenLifetimeSeconds: 5,
  signUpOpen: false,
  mfaPolicy: 3 as const,
  mfaRoles: ['admin'],
  rememberDeviceDays: 7,
  branding: {
    accentColor: '#e4572e',
    logo: PNG,
    termsUrl: 'https://shop.example/terms',
    privacyUrl: '',
    supportUrl: 'mailto:help@shop.example',
  },
  maxSessions: 3,
  sessionOverflow: 2 as const,
  reauthenticationSeconds: 60,
  deletionWaitDays: 0,
  sessionBinding: { network: true, device: false },
  newDeviceMail: false,
  signInMethods: { mail: false, passkey: true, oauth: false },
};

const brand = (change: Partial<Branding>) => ({ branding: { ...GOOD.branding, ...change } });

async function served() {
  const world = testWorld();
  const deps = world;
  await ensureDefaultTenant(deps, {});
  const createTenant = async () => assert.fail('no tenant is made here');
  const suspension = { ...deps, forgetCallers: () => {}, ensureSigningKey: async () => {} };
  const own = {
    pageTokens: world.pageTokens,
    ...{ tenants: deps.tenants, createTenant, publicUrl: 'https://login.example.com' },
    ...{ suspendTenant: suspendTenant(suspension), resumeTenant: resumeTenant(suspension) },
  };
  return { world, rpc: tenantRpc({ ...own, updateTenant: updateTenant(deps) }) };
}

const request = (settings: Partial<TenantSettings>, expectedVersion = 0n) =>
  UpdateTenantRequest.fromPartial({ settings: { ...GOOD, ...settings }, expectedVersion });

describe('tenant settings', () => {
  it('SES-4 AUD-1 are replaced as a whole, with a row in the feed and an event', async () => {
    const { world, rpc } = await served();
    const { tenant } = await rpc.updateTenant(request({}), CALL);
    const rateLimits = { ...structuredClone(DEFAULT_RATE_LIMITS), freeAddress: undefined, freeTenant: undefined };
    assert.deepEqual({ ...tenant?.settings }, { ...GOOD, rateLimits }, 'what is left out has its defaults');
    assert.equal(tenant?.version, 2n);
    assert.deepEqual((await rpc.getTenant({ tenantId: '' }, CALL)).tenant, tenant);
    assert.deepEqual(world.stores.feed, [{ tenantId: 'default', kind: 'tenant', version: 2 }]);
    assert.deepEqual(
      world.stores.events.map(({ action, actor }) => ({ action, actor })),
      [{ action: 'tenant.updated', actor: 'ops' }],
    );
  });

  it('SES-14 what an older caller does not know has its defaults, and what this version does not know lets nobody in', async () => {
    const { world, rpc } = await served();
    const { tenant } = await rpc.updateTenant(
      request({ maxSessions: 0, sessionOverflow: 0, reauthenticationSeconds: 0 }),
      CALL,
    );
    const { maxSessions, sessionOverflow, reauthenticationSeconds } = tenant?.settings ?? assert.fail();
    assert.deepEqual([maxSessions, sessionOverflow, reauthenticationSeconds], [0, 1, 900]);
    await rpc.updateTenant(request({ sessionOverflow: 9 as never }), CALL);
    assert.equal((await world.stores.tenants.read('default'))?.settings.sessionOverflow, 'refuse');
  });

  it('are not replaced over a version that the caller has not read', async () => {
    const { rpc } = await served();
    await rpc.updateTenant(request({}, 1n), CALL);
    await assert.rejects(rpc.updateTenant(request({}, 1n), CALL), { reason: 'CONCURRENT_CHANGE' });
  });

  it('ensureDefaultTenant leaves a stored tenant alone', async () => {
    const { world, rpc } = await served();
    await rpc.updateTenant(request({}), CALL);
    await ensureDefaultTenant({ ...world }, { displayName: 'Other' });
    assert.equal((await rpc.getTenant({ tenantId: '' }, CALL)).tenant?.settings?.displayName, 'Shop');
  });

  for (const [field, settings] of [
    ['settings.display_name', { displayName: ' ' }],
    ['settings.display_name', { displayName: 'x'.repeat(65) }],
    ['settings.return_to[0]', { returnTo: ['http://shop.example/'] }],
    ['settings.return_to[1]', { returnTo: ['https://a.example/', 'https://a.example/#x'] }],
    ['settings.return_to', { returnTo: Array.from({ length: 65 }, (_, n) => `https://a.example/${n}`) }],
    ['settings.session_idle_timeout_seconds', { sessionIdleTimeoutSeconds: 59 }],
    ['settings.session_absolute_timeout_seconds', { sessionAbsoluteTimeoutSeconds: 31_536_001 }],
    ['settings.trust_token_lifetime_seconds', { trustTokenLifetimeSeconds: 4 }],
    ['settings.trust_token_lifetime_seconds', { trustTokenLifetimeSeconds: 301 }],
    ['settings.branding.accent_color', brand({ accentColor: 'red' })],
    ['settings.branding.accent_color', brand({ accentColor: '#fff}body{display:none' })],
    ['settings.branding.accent_color', brand({ accentColor: '#12345' })],
    ['settings.branding.logo', brand({ logo: Buffer.concat([PNG, Buffer.alloc(24_577 - PNG.length)]) })],
    ['settings.branding.logo', brand({ logo: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') })],
    ['settings.branding.logo', brand({ logo: Buffer.from('GIF89a') })],
    ['settings.branding.terms_url', brand({ termsUrl: 'http://shop.example/terms' })],
    ['settings.branding.terms_url', brand({ termsUrl: 'mailto:help@shop.example' })],
    ['settings.branding.privacy_url', brand({ privacyUrl: 'javascript:alert(1)' })],
    ['settings.branding.privacy_url', brand({ privacyUrl: '/privacy' })],
    ['settings.branding.privacy_url', brand({ privacyUrl: 'https://me:pw@shop.example' })],
    ['settings.branding.privacy_url', brand({ privacyUrl: `https://shop.example/${'x'.repeat(2_048)}` })],
    ['settings.branding.support_url', brand({ supportUrl: 'https://shop.example/"><script>' })],
    ['settings.branding.support_url', brand({ supportUrl: 'mailto:a@b?body=x' })],
    ['settings.branding.support_url', brand({ supportUrl: 'data:text/html,x' })],
  ] as const) {
    it(`ERR-3 a value out of bounds names ${field}`, async () => {
      const { rpc } = await served();
      await assert.rejects(rpc.updateTenant(request(settings), CALL), (error: TrustError) => {
        assert.equal(error.reason, 'INVALID_FIELD');
        assert.deepEqual(
          error.fields.map((violation) => violation.field),
          [field],
        );
        return true;
      });
    });
  }

  it('takes a logo of 24,576 bytes in each of the three formats', async () => {
    const { rpc } = await served();
    for (const head of ['\x89PNG\r\n\x1a\n', '\xff\xd8\xff\xe0', 'RIFF\x24\x60\0\0WEBPVP8L']) {
      const logo = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(24_576 - head.length)]);
      const { tenant } = await rpc.updateTenant(request(brand({ logo })), CALL);
      assert.deepEqual(tenant?.settings?.branding?.logo, logo);
    }
  });

  it('ERR-3 absent settings are refused', async () => {
    const { rpc } = await served();
    await assert.rejects(rpc.updateTenant(UpdateTenantRequest.fromPartial({}), CALL), { reason: 'INVALID_FIELD' });
  });
});
