import assert from 'node:assert/strict';
import { isLoopbackHost, planChannel } from './channel.ts';
import { cert } from './testing/fake_server.ts';

const secure = (address: string | string[], plaintext?: boolean) => planChannel({ address, plaintext }).secure;

describe('channel', () => {
  for (const address of [
    '127.0.0.1:50051',
    '127.9.8.7:1',
    'localhost:50051',
    'LOCALHOST.:1',
    '[::1]:50051',
    '[0:0:0:0:0:0:0:1]:50051',
    'dns:///localhost:50051',
    'dns:127.0.0.1:1',
    'ipv4:127.0.0.1:1,127.0.0.2:2',
    'ipv6:[::1]:1',
    'unix:///run/trust.sock',
  ]) {
    it(`SDK-5 ${address} is this machine: plain text by itself`, () => {
      assert.equal(secure(address), false);
      assert.equal(secure(address, false), true);
    });
  }

  for (const address of [
    'trust-layer:50051',
    '10.0.0.1:50051',
    '127.0.0.1.example.com:1',
    'localhost.example.com:1',
    '127.1:1',
    '2130706433:1',
    '0.0.0.0:1',
    '[::2]:1',
    '[::]:1',
    'dns:///trust-layer:50051',
    'dns://8.8.8.8/localhost:50051',
    'ipv4:127.0.0.1:1,10.0.0.1:2',
    'xds:///localhost:1',
  ]) {
    it(`SDK-5 ${address} is beyond loopback: TLS unless plain text is asked for`, () => {
      assert.equal(secure(address), true);
      assert.equal(secure(address, true), false);
    });
  }

  it('SDK-5 one address beyond loopback makes the whole list secure', () => {
    assert.equal(secure(['127.0.0.1:1', 'localhost:2']), false);
    assert.equal(secure(['127.0.0.1:1', 'trust-layer:2']), true);
  });

  it('SDK-5 plain text never goes through a proxy of the environment', () => {
    assert.equal(planChannel({ address: '127.0.0.1:1' }).options['grpc.enable_http_proxy'], 0);
  });

  it('SDK-6 keep-alive, sizes, balancing', () => {
    const { options } = planChannel({ address: '127.0.0.1:1' });
    assert.equal(options['grpc.keepalive_time_ms'], 30_000);
    assert.equal(options['grpc.keepalive_timeout_ms'], 10_000);
    assert.equal(options['grpc.keepalive_permit_without_calls'], 1);
    assert.equal(options['grpc.max_receive_message_length'], 4 * 1024 * 1024);
    assert.match(String(options['grpc.service_config']), /"round_robin"/);
    assert.equal(options['grpc.initial_reconnect_backoff_ms'], 100);
    assert.equal(options['grpc.max_reconnect_backoff_ms'], 250);
    assert.equal(options['grpc.service_config_disable_resolution'], 1);
  });

  it('refuses addresses that say nothing', () => {
    for (const address of [
      '',
      'trust-layer',
      ':50051',
      'a:0',
      'a:65536',
      'http://a:1',
      'a:1,b:2',
      [],
      ['a:1', 'dns:///b:1'],
      [1],
      null,
    ]) {
      assert.throws(() => planChannel({ address: address as string }), TypeError, JSON.stringify(address));
    }
  });

  it('refuses contradictions, without showing keys', () => {
    const address = 'trust-layer:1';
    assert.throws(() => planChannel({ address, plaintext: true, tls: {} }), TypeError);
    assert.throws(() => planChannel({ address, plaintext: 'no' as never }), TypeError);
    assert.throws(
      () => planChannel({ address, tls: { key: 'secret-pem' } }),
      (error: Error) => {
        return error instanceof TypeError && !error.message.includes('secret-pem');
      },
    );
    const broken = { key: 'secret-pem', cert: cert('client.pem') };
    assert.throws(
      () => planChannel({ address, tls: broken }),
      (error: Error) => {
        return error instanceof TypeError && !String(error.stack).includes('secret-pem');
      },
    );
  });

  it('takes PEM as text and as bytes, and tls on loopback', () => {
    const tls = { rootCerts: cert('ca.pem').toString(), key: cert('client.key'), cert: cert('client.pem').toString() };
    assert.equal(planChannel({ address: '127.0.0.1:1', tls }).secure, true);
  });

  it('knows loopback hosts', () => {
    for (const host of ['127.0.0.1', '::1', '[::1]', 'localhost']) {
      assert.equal(isLoopbackHost(host), true, host);
    }
    for (const host of ['', '127.0.0.1.', 'localhost.localdomain', '::', '1', '[127.0.0.1', 'xn--localhost']) {
      assert.equal(isLoopbackHost(host), false, host);
    }
  });
});
