import assert from 'node:assert/strict';
import { clientAddress } from './client_address.ts';

describe('client address', () => {
  it('is the socket, whatever the headers say, where no proxy is trusted', () => {
    const of = clientAddress([]);
    assert.equal(of('203.0.113.9', '198.51.100.1'), '203.0.113.9');
    assert.equal(of('::ffff:203.0.113.9', undefined), '203.0.113.9');
    assert.equal(of('2001:db8::1', '198.51.100.1'), '2001:db8::1');
    assert.equal(of('fe80::1%eth0', undefined), 'fe80::1');
    assert.equal(of(undefined, '198.51.100.1'), '');
  });

  it('is the right-most hop that is no trusted proxy; what stands left of it can be forged', () => {
    const of = clientAddress(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);
    assert.equal(of('10.1.2.3', '198.51.100.1'), '198.51.100.1');
    assert.equal(of('10.1.2.3', '1.1.1.1, 198.51.100.1'), '198.51.100.1');
    assert.equal(of('10.1.2.3', '1.1.1.1, 198.51.100.1, 192.0.2.7,10.9.9.9'), '198.51.100.1');
    assert.equal(of('::ffff:10.1.2.3', '2001:db8::5'), '2001:db8::5');
    assert.equal(of('fd00::1', '[2001:db8::5]'), '2001:db8::5');
    assert.equal(of('203.0.113.9', '198.51.100.1'), '203.0.113.9', 'a stranger names no hop');
    assert.equal(of('192.0.2.8', '198.51.100.1'), '192.0.2.8');
  });

  it('stays with the last proxy where the chain ends or holds no address', () => {
    const of = clientAddress(['10.0.0.0/8']);
    assert.equal(of('10.1.2.3', undefined), '10.1.2.3');
    assert.equal(of('10.1.2.3', '10.0.0.1'), '10.0.0.1');
    for (const hop of ['unknown', '', '198.51.100.1:4711', '198.51.100.256', '_hidden']) {
      assert.equal(of('10.1.2.3', `198.51.100.1, ${hop}`), '10.1.2.3', hop);
    }
  });
});
