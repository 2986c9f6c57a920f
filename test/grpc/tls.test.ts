import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls, type PeerCertificate, type SecureVersion } from 'node:tls';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import { Authority, type Pair, pem } from './certificates.ts';
import { cleanUp, client, fakeHandlers, invoke, start } from './fixture.ts';

const LOCAL = 'DNS:localhost,IP:127.0.0.1';

describe('gRPC over TLS', function () {
  this.timeout(30_000);
  afterEach(cleanUp);

  const files = ({ cert, key }: Pair, clientCaFile?: string) => ({ certFile: cert, keyFile: key, clientCaFile });
  const channel = (ca: string, own?: Pair): ChannelCredentials =>
    credentials.createSsl(pem(ca), own === undefined ? null : pem(own.key), own === undefined ? null : pem(own.cert));

  it('serves over TLS, refuses plain text, and speaks at least TLS 1.2', async () => {
    const authority = new Authority();
    const server = await start({ tls: files(authority.issue('server', LOCAL)) });
    const target = `localhost:${server.port}`;
    assert.equal(
      (await invoke(client(target, channel(authority.ca.cert)), 'SessionService', 'verify')).failure,
      undefined,
    );
    const plain = await invoke(client(target), 'SessionService', 'verify', {}, { deadlineMs: 1_000 });
    assert.ok(plain.failure);
    assert.equal(server.seen.length, 1);
    await assert.rejects(handshake(server.port, authority.ca.cert, 'TLSv1.1'));
    assert.equal((await handshake(server.port, authority.ca.cert)).alpn, 'h2');
  });

  it('knows services by the SPIFFE ID and the DNS names of a verified client certificate, never by its common name', async () => {
    const authority = new Authority();
    const server = await start({ tls: files(authority.issue('server', LOCAL), authority.ca.cert) });
    const own = authority.issue('shop', 'URI:spiffe://example.org/shop,DNS:Shop.internal');
    const from = client(`localhost:${server.port}`, channel(authority.ca.cert, own));
    assert.equal((await invoke(from, 'SessionService', 'verify', {}, { authorization: null })).failure, undefined);
    assert.deepEqual(server.seen[0]?.certificateNames, ['spiffe://example.org/shop', 'shop.internal']);
    await invoke(from, 'SessionService', 'verify', {}, { authorization: null });
    assert.equal(server.seen[1]?.certificateNames, server.seen[0]?.certificateNames, 'read once a connection');
  });

  it('believes no name of a certificate that another authority signed, nor of one that is for servers only', async () => {
    const authority = new Authority();
    const stranger = new Authority('stranger');
    const server = await start({ tls: files(authority.issue('server', LOCAL), authority.ca.cert) });
    const shown = {
      'of a stranger': stranger.issue('shop', 'URI:spiffe://example.org/shop'),
      'for servers': authority.issue('shop', 'URI:spiffe://example.org/shop', 'serverAuth'),
    };
    for (const [name, own] of Object.entries(shown)) {
      const from = client(`localhost:${server.port}`, channel(authority.ca.cert, own));
      const { failure } = await invoke(from, 'SessionService', 'verify', {}, { authorization: null });
      assert.equal(failure?.reason, 'SERVICE_KEY_MISSING', name);
      assert.equal((await invoke(from, 'SessionService', 'verify')).failure, undefined, 'a service key still counts');
    }
    assert.ok(server.seen.every(({ certificateNames }) => certificateNames.length === 0));
  });

  it('asks for no client certificate where none is configured', async () => {
    const authority = new Authority();
    const server = await start({ tls: files(authority.issue('server', LOCAL)) });
    const from = client(`localhost:${server.port}`, channel(authority.ca.cert, authority.issue('shop', 'DNS:shop')));
    const { failure } = await invoke(from, 'SessionService', 'verify', {}, { authorization: null });
    assert.equal(failure?.reason, 'SERVICE_KEY_MISSING');
  });

  it('takes a renewed certificate for new connections while old ones go on, and keeps the old one while the files are broken', async () => {
    const authority = new Authority();
    const served = authority.issue('server', LOCAL);
    const server = await start({ tls: files(served), tlsReloadMs: 30 });
    const from = client(`localhost:${server.port}`, channel(authority.ca.cert));
    const works = async () => assert.equal((await invoke(from, 'SessionService', 'verify')).failure, undefined);
    await works();
    const first = await handshake(server.port, authority.ca.cert);

    writeFileSync(served.cert, '-----BEGIN CERTIFICATE-----\nhalf');
    await wait(150);
    assert.ok(server.lines.some((line) => line.includes('tls_reload_failed')));
    assert.equal(server.lines.filter((line) => line.includes('tls_reload_failed')).length, 1, 'said once');
    assert.equal((await handshake(server.port, authority.ca.cert)).serial, first.serial);

    authority.replace(served, authority.issue('renewed', LOCAL));
    await wait(150);
    const second = await handshake(server.port, authority.ca.cert);
    assert.notEqual(second.serial, first.serial);
    await works();
  });

  it('stops to believe the old authority of clients once it is exchanged', async () => {
    const authority = new Authority();
    const next = new Authority('next');
    const clientCa = authority.issue('copy', 'DNS:copy');
    authority.replace(clientCa, authority.ca);
    const server = await start({ tls: files(authority.issue('server', LOCAL), clientCa.cert), tlsReloadMs: 30 });
    const own = authority.issue('shop', 'DNS:shop');
    const reason = async () => {
      const from = client(`localhost:${server.port}`, channel(authority.ca.cert, own), {
        'grpc.use_local_subchannel_pool': 1,
      });
      return (await invoke(from, 'SessionService', 'verify', {}, { authorization: null })).failure?.reason;
    };
    assert.equal(await reason(), undefined);
    authority.replace(clientCa, next.ca);
    await wait(150);
    assert.equal(await reason(), 'SERVICE_KEY_MISSING');
  });

  it('does not start with files that are missing or do not belong together', async () => {
    const authority = new Authority();
    const one = authority.issue('one', LOCAL);
    const other = authority.issue('other', LOCAL);
    await assert.rejects(start({ tls: { certFile: one.cert, keyFile: other.key } }), /key values mismatch/);
    await assert.rejects(start({ tls: { certFile: one.cert, keyFile: `${one.key}.missing` } }), /ENOENT/);
    await assert.rejects(
      start({ tls: { certFile: one.key, keyFile: `${authority.folder}/one.ext` } }),
      /is not a PEM file/,
    );
  });

  it('refuses plain text beyond loopback unless the operator says so in words', async () => {
    const address = { host: '0.0.0.0', port: 0 };
    await assert.rejects(start({ address }), /beyond loopback .*TRUST_ALLOW_PLAINTEXT=beyond-loopback/);
    const server = await start({ address, allowPlaintext: true });
    assert.equal((await invoke(client(server.target), 'SessionService', 'verify')).failure, undefined);
    const authority = new Authority();
    const secure = await start({ address, tls: files(authority.issue('server', LOCAL)) });
    assert.ok(secure.port > 0);
  });

  it('survives clients that break the handshake off', async () => {
    const authority = new Authority();
    const server = await start({ tls: files(authority.issue('server', LOCAL)), handlers: fakeHandlers() });
    for (const bytes of ['', 'GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x00\xff']) {
      const socket = connectTcp(server.port, '127.0.0.1');
      socket.on('error', () => {});
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.write(bytes);
      await wait(20);
      socket.resetAndDestroy();
    }
    const from = client(`localhost:${server.port}`, channel(authority.ca.cert));
    assert.equal((await invoke(from, 'SessionService', 'verify')).failure, undefined);
  });
});

function handshake(
  port: number,
  ca: string,
  maxVersion: SecureVersion = 'TLSv1.3',
): Promise<{ serial: string; alpn: string | false | null }> {
  return new Promise((resolve, reject) => {
    const options = {
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: pem(ca),
      ALPNProtocols: ['h2'],
      maxVersion,
      minVersion: 'TLSv1' as const,
    };
    const socket = connectTls(options, () => {
      const { serialNumber }: PeerCertificate = socket.getPeerCertificate();
      resolve({ serial: serialNumber, alpn: socket.alpnProtocol });
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
