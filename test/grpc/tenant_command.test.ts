// A second tenant by one command, beside a server that runs, and what it has of its own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { RejectionReason } from '../../server/src/contract/gen/trust/v1/session.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../support/server_process.ts';
import { newSession, verdictOf } from '../support/shared_server.ts';

const run = promisify(execFile);

describe('trust-layer tenant', function () {
  this.timeout(60_000);
  let server: ServerProcess;
  before(async () => {
    server = await startServer();
  });
  after(() => server?.remove());

  const command = async (...args: readonly string[]) => {
    const env = { ...process.env, TRUST_DATA_DIR: server.dataDir, TRUST_PUBLIC_URL: server.publicUrl };
    const { stdout } = await run(process.execPath, ['server/bin/trust_layer.mjs', 'tenant', ...args, '--dev'], { env });
    return stdout;
  };
  const keysAt = async (host: string): Promise<{ keys: { kid: string }[] }> => {
    const { hostname, port } = new URL(server.publicUrl);
    const answer = await new Promise<string>((resolve, reject) => {
      const sent = request({ hostname, port, path: '/.well-known/jwks.json', headers: { host } }, (incoming) =>
        resolve(text(incoming)),
      );
      sent.once('error', reject).end();
    });
    return JSON.parse(answer);
  };

  it('TEN-1 TEN-4 create makes a tenant with a key, signing keys and an origin of its own, for the server that runs', async () => {
    const made = JSON.parse(await command('create', 'acme', '--display-name', 'Acme Ltd', '--json'));
    const { port, host } = new URL(server.publicUrl);
    assert.equal(made.public_url, `http://acme.localhost:${port}`);
    const admin = new RpcCaller(server.grpcAddress, made.service_key, 'acme');
    const { tenant } = await admin.ok('TenantService', 'getTenant', {});
    assert.deepEqual([tenant?.publicUrl, tenant?.settings?.displayName], [made.public_url, 'Acme Ltd']);
    await admin.ok('ServiceKeyService', 'putService', {
      name: 'shop',
      scopes: ['identities:write', 'sessions:create', 'sessions:verify', 'tokens:issue'],
      audiences: ['orders'],
    });
    const key = await admin.ok('ServiceKeyService', 'createServiceKey', { service: 'shop' });
    const shop = new RpcCaller(server.grpcAddress, key.serviceKey, 'acme');
    const { sessionId } = await newSession(shop);
    assert.equal(await verdictOf(shop, sessionId), 'active');
    const { trustToken } = await shop.ok('TrustTokenService', 'issueTrustToken', { sessionId, audience: 'orders' });
    const [header = '', payload = ''] = trustToken.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    assert.deepEqual([JSON.parse(payload).iss, JSON.parse(payload).tid], [made.public_url, 'acme']);
    const [own, others] = [await keysAt(`acme.localhost:${port}`), await keysAt(host)];
    assert.deepEqual(
      own.keys.map(({ kid }) => kid),
      [JSON.parse(header).kid],
    );
    assert.ok(others.keys.every(({ kid }) => kid !== JSON.parse(header).kid));
    await command('suspend', 'acme', '--reason', 'unpaid');
    const suspended = async () => (await verdictOf(shop, sessionId, 'strong')) === RejectionReason.TENANT_SUSPENDED;
    for (let tries = 0; !(await suspended()); tries++) assert.ok(tries < 1_000);
    const { tenants } = JSON.parse(await command('list', '--json'));
    assert.match(tenants.find(({ id }: { id: string }) => id === 'acme').suspended_at, /^20/);
    await command('resume', 'acme');
    assert.equal(await verdictOf(shop, sessionId, 'strong'), 'active');
    for (const caller of [admin, shop]) caller.close();
  });

  it('create refuses what is taken or has no form, in one sentence; list shows all', async () => {
    await command('create', 'globex', '--url', 'https://login.globex.example');
    for (const [args, said] of [
      [['globex'], /^Refused: id is that of another tenant\.$/m],
      [['other', '--url', 'https://login.globex.example'], /^Refused: public_url is that of another tenant\.$/m],
      [['Acme'], /^Refused: id must be 1 to 63 of a-z 0-9 -/m],
      [['other', '--url', 'http://login.example'], /^Refused: public_url must be an https origin/m],
    ] as const)
      await assert.rejects(command('create', ...args), (error: { stderr: string }) => said.test(error.stderr));
    const { tenants } = JSON.parse(await command('list', '--json'));
    const found = tenants.find(({ id }: { id: string }) => id === 'globex');
    assert.deepEqual(found, {
      id: 'globex',
      public_url: 'https://login.globex.example',
      display_name: 'globex',
      suspended_at: null,
    });
    assert.match(await command('list'), /^default +http:\/\/127\.0\.0\.1:\d+ +Trust Layer$/m);
  });
});
