// HOOK-5, HOOK-6: nobody makes the server call what is behind its walls, by no spelling, name, change of a name or redirect.
import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { webhookRpc } from '../../server/src/features/webhook/rpc.ts';
import { postEvent } from '../../server/src/webhook/post_event.ts';
import { addressRule } from '../../server/src/webhook/target.ts';

const NOBODY = addressRule([]);
const LOOPBACK = addressRule(['127.0.0.0/8', '::1']);

const REFUSED = [
  ...[
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
  ],
  ...['192.0.0.1', '192.168.1.1', '198.18.0.1', '203.0.113.9', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
  ...[
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '64:ff9b::a9fe:a9fe',
    'fc00::1',
    'fd12::1',
  ],
  ...[
    'fe80::1',
    'fec0::1',
    'ff02::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '2001::1',
    '100::1',
    'fe80::1%eth0',
    'localhost',
    '',
  ],
];
const REACHED = [
  '1.1.1.1',
  '8.8.8.8',
  '172.32.0.1',
  '172.15.255.255',
  '100.63.255.255',
  '2606:4700::1111',
  '2a00:1450::1',
];

// All of these are 127.0.0.1, ::1 or 169.254.169.254 to a URL parser, or not in the form that it writes.
const URLS = [
  ...[
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://0/',
  ],
  ...['https://[::1]/', 'https://[::ffff:127.0.0.1]/', 'https://[::ffff:7f00:1]/', 'https://[0:0:0:0:0:0:0:1]/'],
  ...['https://169.254.169.254/latest/', 'https://[fd00:ec2::254]/', 'https://10.0.0.1/', 'https://192.168.0.1/'],
  ...[
    'http://example.com/',
    'http://1.1.1.1/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'gopher://example.com/',
    '//example.com/',
  ],
  ...[
    'https://user@example.com/',
    'https://user:word@example.com/',
    'https://example.com/#x',
    'https://example.com\\@10.0.0.1/',
  ],
  ...[
    'https://EXAMPLE.com/',
    'https://example.com:443/',
    ' https://example.com/',
    'https://example.com/\n',
    'https://１２７.0.0.1/',
    '',
  ],
  `https://example.com/${'a'.repeat(2_048)}`,
];

describe('attack: targets of webhooks', () => {
  let server: Server;
  let hits: string[] = [];
  let answer: RequestListener;
  const port = () => (server.address() as AddressInfo).port;

  before(async () => {
    server = createServer((request, response) => {
      hits.push(`${request.method} ${request.headers.host} ${request.url}`);
      answer(request, response);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  beforeEach(() => {
    hits = [];
    answer = (_request, response) => response.end();
  });
  after(() => server.close());

  it('HOOK-5 no special-purpose address may be reached, every public one may', () => {
    assert.deepEqual(REFUSED.filter(NOBODY.mayReach), []);
    assert.deepEqual(REACHED.filter(NOBODY.mayReach), REACHED);
    assert.deepEqual(['127.0.0.1', '::1', '10.0.0.1', '::ffff:127.0.0.1'].map(LOOPBACK.isNamed), [
      true,
      true,
      false,
      true,
    ]);
  });

  it('HOOK-5 HOOK-6 a webhook is not made for any spelling of a forbidden target', async () => {
    const never = () => assert.fail('it was made');
    const rpc = webhookRpc({ reach: NOBODY, webhooks: { insert: never } } as never);
    const call = { tenantId: 'default', caller: { service: 'dev' } } as never;
    for (const url of URLS) {
      const made = rpc.createWebhook({ tenantId: '', url, actions: [] }, call);
      await assert.rejects(made, { reason: 'INVALID_FIELD' }, url);
    }
  });

  it('HOOK-5 a name is resolved once, and one forbidden address among its addresses is enough', async () => {
    for (const addresses of [['127.0.0.1'], ['1.1.1.1', '10.0.0.1'], ['::ffff:169.254.169.254'], []]) {
      const post = postEvent({ ...NOBODY, resolve: async () => addresses });
      await assert.rejects(post(`http://rebound.example:${port()}/`, {}, '{}'), /may not be reached/);
    }
    assert.deepEqual(hits, []);
  });

  it('HOOK-5 the connection goes to the address that was looked at, whatever the name means a moment later', async () => {
    let asked = 0;
    const post = postEvent({
      ...LOOPBACK,
      resolve: async () => {
        asked += 1;
        return asked === 1 ? ['127.0.0.1'] : ['10.0.0.1'];
      },
    });
    assert.equal(await post(`http://hook.example:${port()}/in`, { 'webhook-id': 'a' }, '{}'), 'taken');
    assert.deepEqual([asked, hits], [1, [`POST hook.example:${port()} /in`]]);
    await assert.rejects(post(`http://hook.example:${port()}/in`, {}, '{}'), /may not be reached/);
    assert.equal(hits.length, 1);
  });

  it('HOOK-5 redirects are not followed', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      hits = [];
      answer = (_request, response) => response.writeHead(status, { location: '/elsewhere' }).end();
      const post = postEvent(LOOPBACK);
      await assert.rejects(post(`http://127.0.0.1:${port()}/`, {}, '{}'), new RegExp(`answered ${status}`));
      assert.equal(hits.length, 1);
    }
  });

  it('HOOK-5 an answer that takes too long or is too long is a failure', async () => {
    answer = () => {};
    await assert.rejects(postEvent({ ...LOOPBACK, timeoutMs: 100 })(`http://127.0.0.1:${port()}/`, {}, '{}'));
    answer = (_request, response) => void response.write('x');
    await assert.rejects(postEvent({ ...LOOPBACK, timeoutMs: 100 })(`http://127.0.0.1:${port()}/`, {}, '{}'));
    answer = (_request, response) => response.end('x'.repeat(65 * 1024));
    await assert.rejects(postEvent(LOOPBACK)(`http://127.0.0.1:${port()}/`, {}, '{}'), /too much/);
    const slow = postEvent({ ...LOOPBACK, timeoutMs: 100, resolve: () => new Promise(() => {}) });
    await assert.rejects(slow('http://never.example/', {}, '{}'));
    answer = (_request, response) => response.writeHead(410).end();
    assert.equal(await postEvent(LOOPBACK)(`http://127.0.0.1:${port()}/`, {}, '{}'), 'gone');
  });
});
