import assert from 'node:assert/strict';
import { reason } from '../../../../test/support/world.ts';
import { addressPrefix } from '../../kernel/address_block.ts';
import { bindingOf, deviceOf, fits } from './binding.ts';
import { mismatches } from './mismatches.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0';
const BOTH = { network: true, device: true };

describe('the binding of sessions', () => {
  for (const [text, block] of [
    ['203.0.113.7', '203.0.113.0/24'],
    ['::ffff:203.0.113.7', '203.0.113.0/24'],
    ['2001:db8:7:1::1', '2001:db8:7::/48'],
    ['2001:DB8:0007:ffff:1:2:3:4', '2001:db8:7::/48'],
    ['::1', '0:0:0::/48'],
    ['', undefined],
    ['203.0.113', undefined],
    ['fe80::1%eth0', undefined],
  ] as const) {
    it(`the network of ${text} is ${block}`, () => assert.equal(addressPrefix(text, 24, 48), block));
  }

  it('a device is browser and system by name, whatever their versions; a program is its own name', () => {
    assert.equal(deviceOf(FIREFOX), 'Firefox on Linux');
    assert.equal(deviceOf(FIREFOX.replaceAll('130', '131')), 'Firefox on Linux');
    assert.equal(deviceOf('ShopApp/4.1 (iPhone; iOS 18)'), 'ShopApp on iPhone');
    assert.equal(deviceOf('okhttp/4.9.0'), 'okhttp on unknown');
    assert.equal(deviceOf(''), undefined);
    assert.equal(deviceOf('   '), undefined);
  });

  it('SES-15 binds to what the tenant wants, and refuses to begin without it', () => {
    const device = { ipAddress: '203.0.113.7', userAgent: FIREFOX };
    assert.equal(bindingOf({ network: false, device: false }, device), undefined);
    assert.deepEqual(bindingOf(BOTH, device), { network: '203.0.113.0/24', device: 'Firefox on Linux' });
    assert.deepEqual(bindingOf({ network: true, device: false }, { ...device, userAgent: '' }), {
      network: '203.0.113.0/24',
    });
    const without = (fact: object) => () => bindingOf(BOTH, { ...device, ...fact });
    assert.throws(without({ ipAddress: '' }), reason('INVALID_FIELD', 'device.ip_address'));
    assert.throws(without({ userAgent: '' }), reason('INVALID_FIELD', 'device.user_agent'));
  });

  it('SES-16 every fact that it is bound to must fit; one that is not known does not', () => {
    const device = { ipAddress: '203.0.113.7', userAgent: FIREFOX };
    const bound = bindingOf(BOTH, device);
    assert.ok(fits(bound, device));
    assert.ok(fits(undefined, { ipAddress: '', userAgent: '' }));
    assert.ok(!fits(bound, { ...device, ipAddress: '203.0.114.7' }));
    assert.ok(!fits(bound, { ...device, ipAddress: '' }));
    assert.ok(!fits(bound, { ...device, userAgent: FIREFOX.replace('Linux', 'Windows') }));
    assert.ok(!fits(bound, { ...device, userAgent: '' }));
  });

  it('AUD-1 a session_id from elsewhere is told once in ten minutes, without the address', async () => {
    const events: { action: string; subject: string; facts: object }[] = [];
    let now = 1_000_000;
    let made = 0;
    const told = mismatches({
      audit: { append: async (more) => void events.push(...more) },
      clock: () => now,
      newId: (prefix) => `${prefix}_${made++}`,
    });
    const session = {
      tenantId: 'default',
      handle: 'ses_1',
      identityId: 'idn_1',
      binding: { network: '203.0.113.0/24' },
    };
    const away = { ipAddress: '198.51.100.7', userAgent: FIREFOX };
    told.note(session, away);
    told.note(session, away);
    now += 600_000;
    told.note(session, away);
    await told.flush();
    const one = ['session.refused', 'ses_1', { elsewhere: 'network' }];
    assert.deepEqual(
      events.map(({ action, subject, facts }) => [action, subject, facts]),
      [one, one],
    );
  });
});
