import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { METHODS } from '../../server/src/grpc/methods.ts';
import { reflectionService } from '../../server/src/grpc/standard_files.ts';
import { startServer } from '../support/server_process.ts';
import { cleanUp, client, type Fixture, start } from './fixture.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const GRPCURL = `${root}.cache/go/grpcurl`;
const run = promisify(execFile);
const RPCS = Object.entries(METHODS).flatMap(([service, rows]) =>
  Object.keys(rows).map((method) => `trust.v1.${service}/${method[0]?.toUpperCase()}${method.slice(1)}`),
);
const ANSWER = { verdict: { answer: { $case: 'rejected', value: { reason: 4 } } } };

describe('gRPC reflection', function () {
  this.timeout(60_000);
  afterEach(cleanUp);
  const serve = () => start({ reflection: true, overrides: { 'SessionService/verify': async () => ANSWER } });
  const buf = async (server: Fixture, path: string, ...args: string[]) => {
    const flags = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', ...args, `http://${server.target}${path}`];
    return (await run(`${root}node_modules/.bin/buf`, flags)).stdout;
  };

  it('shows every RPC to buf curl, and lets it call one without a schema', async () => {
    const server = await serve();
    const listed = (await buf(server, '', '--list-methods')).trim().split('\n');
    assert.deepEqual(
      RPCS.filter((rpc) => !listed.includes(rpc)),
      [],
    );
    const body = ['-H', 'authorization: Bearer good', '-d', '{"session_id":"ts_x","consistency":"CONSISTENCY_STRONG"}'];
    assert.deepEqual(JSON.parse(await buf(server, '/trust.v1.SessionService/Verify', ...body)), {
      verdict: { rejected: { reason: 'REJECTION_REASON_REVOKED' } },
    });
    assert.match(await buf(server, '/grpc.health.v1.Health/List', '-d', '{}'), /SERVING/);
  });

  it('shows every RPC to grpcurl, with comments, and lets it call one without a schema', async function () {
    if (!existsSync(GRPCURL)) {
      assert.notEqual(process.env.CI, 'true', 'grpcurl must be installed into .cache/go in CI');
      this.skip();
    }
    const server = await serve();
    const grpcurl = async (...args: string[]) => (await run(GRPCURL, ['-plaintext', ...args])).stdout;
    for (const service of Object.keys(METHODS)) {
      const listed = (await grpcurl(server.target, 'list', `trust.v1.${service}`)).trim().split('\n');
      const own = RPCS.filter((rpc) => rpc.startsWith(`trust.v1.${service}/`)).map((rpc) => rpc.replace('/', '.'));
      assert.deepEqual(listed.sort(), own.sort());
    }
    assert.match(await grpcurl(server.target, 'describe', 'trust.v1.Session.handle'), /Safe in logs/);
    const body = ['-H', 'authorization: Bearer good', '-d', '{"session_id":"ts_x"}'];
    assert.match(await grpcurl(...body, server.target, 'trust.v1.SessionService/Verify'), /REJECTION_REASON_REVOKED/);
  });

  it('answers each question of the protocol in both versions, and unknown names with NOT_FOUND', async () => {
    const server = await serve();
    for (const version of ['v1', 'v1alpha'] as const) {
      const ask = (request: object) => question(server, version, request);
      const files = async (request: object) =>
        (await ask(request)).file_descriptor_response?.file_descriptor_proto ?? [];
      // session.proto imports timestamp.proto.
      assert.equal((await files({ file_by_filename: 'trust/v1/session.proto' })).length, 2);
      assert.equal((await files({ file_containing_symbol: 'trust.v1.SessionService.Verify' })).length, 2);
      assert.equal((await files({ file_containing_symbol: 'google.protobuf.Timestamp' })).length, 1);
      assert.equal(
        (await files({ file_containing_symbol: 'grpc.health.v1.HealthCheckResponse.ServingStatus' })).length,
        1,
      );
      const numbers = await ask({ all_extension_numbers_of_type: 'trust.v1.Session' });
      assert.equal(numbers.all_extension_numbers_response?.base_type_name, 'trust.v1.Session');
      for (const request of [
        { file_by_filename: 'secret.proto' },
        { file_containing_symbol: 'trust.v1.SessionService.Nothing' },
        { file_containing_symbol: '' },
        { file_containing_extension: { containing_type: 'trust.v1.Session', extension_number: 1 } },
        { all_extension_numbers_of_type: 'Nothing' },
      ]) {
        assert.equal((await ask(request)).error_response?.error_code, 5, JSON.stringify(request));
      }
      assert.equal((await ask({})).error_response?.error_code, 3);
    }
  });

  it('refuses what is no request of the protocol with INVALID_ARGUMENT, and serves on', async () => {
    const server = await serve();
    const bytes = (value: Buffer) => value;
    const refused = new Promise((_, reject) => {
      const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
      const stream = client(server.target).makeBidiStreamRequest(path, bytes, bytes);
      stream.on('error', reject).resume();
      stream.write(Buffer.from([0x1a, 0x7f, 0x00]));
      stream.write(Buffer.from([0xff]));
    });
    await assert.rejects(refused, /INVALID_ARGUMENT/);
    assert.equal(
      (await question(server, 'v1', { all_extension_numbers_of_type: 'Nothing' })).error_response?.error_code,
      5,
    );
  });

  it('is served by the server as it is built, which loads it with the first question', async () => {
    const server = await startServer();
    try {
      const flags = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--list-methods'];
      const { stdout } = await run(`${root}node_modules/.bin/buf`, [...flags, `http://${server.grpcAddress}`]);
      assert.match(stdout, /trust\.v1\.SessionService\/Verify/);
    } finally {
      await server.remove();
    }
  });

  it('is off unless asked for', async () => {
    const server = await start();
    await assert.rejects(question(server, 'v1', { list_services: '' }), /UNIMPLEMENTED/);
  });
});

type Answer = {
  file_descriptor_response?: { file_descriptor_proto: Buffer[] };
  all_extension_numbers_response?: { base_type_name: string };
  error_response?: { error_code: number };
};

function question(server: Fixture, version: 'v1' | 'v1alpha', request: object): Promise<Answer> {
  const { definition } = reflectionService(version);
  const method = definition.ServerReflectionInfo;
  assert.ok(method);
  return new Promise((resolve, reject) => {
    const stream = client(server.target).makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
    );
    stream.on('data', (answer: Answer) => {
      resolve(answer);
      stream.end();
    });
    stream.on('error', reject);
    stream.write(request);
  });
}
