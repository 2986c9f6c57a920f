// A real server sends what happens in it to a real receiver on this machine.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { newSession } from '../support/shared_server.ts';

describe('webhooks end to end', function () {
  this.timeout(120_000);
  let server: ServerProcess;
  let receiver: Server;
  const got: {
    readonly id: string;
    readonly signature: string;
    readonly signed: string;
    readonly body: { type: string; data: { subject: string } };
  }[] = [];

  before(async () => {
    receiver = createServer(async (request, response) => {
      const body = await text(request);
      const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = request.headers;
      got.push({ id: String(id), signature: String(signature), signed: `${id}.${at}.${body}`, body: JSON.parse(body) });
      response.writeHead(204).end();
    });
    await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
    server = await startServer();
  });
  after(async () => {
    await server?.remove();
    receiver?.close();
  });

  it('HOOK-1 HOOK-2 HOOK-7 posts a signed event once it happened, and again when asked to', async () => {
    const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/trust`;
    const { webhook, secret } = await rpc.ok('WebhookService', 'createWebhook', { url, actions: ['session.revoked'] });
    const { sessionId, handle } = await newSession(rpc);
    await rpc.ok('SessionService', 'revokeSession', { target: { $case: 'sessionId', value: sessionId } });
    while (got.length === 0) await sleep(50);
    const [first] = got;
    assert.deepEqual([first?.body.type, first?.body.data.subject], ['session.revoked', handle]);
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    assert.equal(
      first?.signature,
      `v1,${createHmac('sha256', key)
        .update(first?.signed ?? '')
        .digest('base64')}`,
    );
    assert.ok(!first?.signed.includes(sessionId));
    await rpc.ok('WebhookService', 'replayWebhook', { webhookId: webhook?.id ?? '', afterSeq: 0n });
    while (got.length < 2) await sleep(50);
    assert.equal(got[1]?.id, first?.id);
    await server.stop();
    assert.ok(!server.output().includes(secret));
    rpc.close();
  });
});
