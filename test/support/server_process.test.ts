import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer } from './server_process.ts';

const GRPC = fileURLToPath(new URL('../../node_modules/@grpc/grpc-js/build/src/index.js', import.meta.url));

// Answers health checks and pages, ends by SIGTERM with code 7, and writes the development key.
const FAKE = `
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import grpc from ${JSON.stringify(GRPC)};
const { TRUST_GRPC_ADDRESS, TRUST_HTTP_ADDRESS, TRUST_DATA_DIR, TRUST_EXTRA, DATABASE_URL } = process.env;
const same = (bytes) => bytes;
const server = new grpc.Server();
server.addService(
  { check: { path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false,
    requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same } },
  { check: (call, answer) => answer(null, Buffer.from([8, 1])) },
);
writeFileSync(TRUST_DATA_DIR + '/service-key', 'tlk_test\\n', { mode: 0o600 });
console.log('extra', TRUST_EXTRA, 'database', DATABASE_URL);
const [host, port] = TRUST_HTTP_ADDRESS.split(':');
createServer((request, response) => response.end('ok')).listen(Number(port), host);
server.bindAsync(TRUST_GRPC_ADDRESS, grpc.ServerCredentials.createInsecure(), () => {});
process.on('SIGTERM', () => process.exit(7));
`;

describe('server process', () => {
  let folder: string;
  let fake: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'trust-layer-fake-'));
    fake = join(folder, 'fake.mjs');
    writeFileSync(fake, FAKE);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('starts, reads the key, stops, starts again and removes its folder', async () => {
    const server = await startServer({ args: [fake], env: { TRUST_EXTRA: 'given' } });
    assert.equal(server.serviceKey, 'tlk_test');
    assert.match(server.output(), /extra given database undefined/);
    const first = server.pid();
    assert.equal(await server.stop(), 7);
    assert.equal(server.pid(), undefined);
    await server.restart();
    assert.notEqual(server.pid(), first);
    await server.kill9();
    assert.equal(server.pid(), undefined);
    await server.restart();
    assert.equal((await fetch(server.publicUrl)).status, 200);
    await server.remove();
    assert.equal(existsSync(server.dataDir), false);
  });

  it('fails with the output of a server that ends at once', async () => {
    const args = ['-e', 'console.error("no master key"); process.exit(2)'];
    await assert.rejects(startServer({ args }), /ended before it was ready[\s\S]*no master key/);
  });

  it('fails in time when a server never answers', async () => {
    const args = ['-e', 'setInterval(() => {}, 1000)'];
    await assert.rejects(startServer({ args, readyTimeout: 300 }), /was not ready within 300 ms/);
  });
});
