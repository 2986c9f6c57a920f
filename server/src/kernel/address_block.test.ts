import assert from 'node:assert/strict';
import { addressBlock } from './address_block.ts';

describe('address block', () => {
  it('LIM-2 is the /32 of IPv4 and the /64 of IPv6, however they are written', () => {
    assert.equal(addressBlock('192.0.2.7'), '192.0.2.7');
    assert.equal(addressBlock('::ffff:192.0.2.7'), '192.0.2.7');
    assert.equal(addressBlock('::FFFF:c000:207'), '192.0.2.7');
    const same = ['2001:db8:1:2::1', '2001:DB8:1:2:ffff:0:0:9', '2001:0db8:0001:0002:0:0:192.0.2.7'];
    for (const text of same) assert.equal(addressBlock(text), '2001:db8:1:2::/64');
    assert.equal(addressBlock('2001:db8:1:3::1'), '2001:db8:1:3::/64');
    assert.equal(addressBlock('::1'), '0:0:0:0::/64');
    for (const text of ['', 'localhost', '1.2.3', 'fe80::1%eth0', '::1::']) assert.equal(addressBlock(text), undefined);
  });
});
