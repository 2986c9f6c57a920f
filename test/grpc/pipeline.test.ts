import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { readFailure } from '../../server/src/cli/failure.ts';
import { TrustError } from '../../server/src/errors/trust_error.ts';
import { METHODS } from '../../server/src/grpc/methods.ts';
import { CALLER, cleanUp, client, definitionOf, invoke, rawCall, rawFailure, start } from './fixture.ts';

const RPCS = Object.entries(METHODS).flatMap(([service, rows]) =>
  Object.keys(rows).map((method) => [service, method] as const),
);
const VERIFY = '/trust.v1.SessionService/Verify';

describe('gRPC pipeline', () => {
  afterEach(cleanUp);

  it('refuses an unauthenticated call of every RPC of the contract, Watch included', async () => {
    const server = await start();
    const from = client(server.target);
    for (const [service, method] of RPCS) {
      const { failure } = definitionOf(service, method).requestStream
        ? { failure: await watch(server.target, null) }
        : await invoke(from, service, method, {}, { authorization: null });
      assert.equal(failure?.reason, 'SERVICE_KEY_MISSING', `${service}/${method}`);
      assert.equal(failure?.code, 'UNAUTHENTICATED');
    }
    assert.equal(server.seen.length, RPCS.length);
  });

  it('refuses every RPC to a caller without any scope, naming the scope, except those for any service', async () => {
    const server = await start({ authenticate: async () => ({ ...CALLER, scopes: new Set() }) });
    const from = client(server.target);
    for (const [service, method] of RPCS) {
      const row = (METHODS as Record<string, Record<string, { scope: string }>>)[service]?.[method];
      const outcome = definitionOf(service, method).requestStream
        ? { failure: await watch(server.target) }
        : await invoke(from, service, method);
      if (row?.scope === 'any') assert.equal(outcome.failure, undefined, `${service}/${method}`);
      else {
        assert.equal(outcome.failure?.reason, 'SCOPE_MISSING', `${service}/${method}`);
        assert.deepEqual(outcome.failure.metadata, { scope: row?.scope });
      }
    }
  });

  it('lets a caller with the scope through to the handler of every served RPC', async () => {
    const server = await start();
    const from = client(server.target);
    for (const [service, method] of RPCS) {
      if (definitionOf(service, method).requestStream) continue;
      assert.equal((await invoke(from, service, method)).failure, undefined, `${service}/${method}`);
    }
  });

  it('gives the handler the tenant of the request: empty means default, others than the caller’s are refused', async () => {
    const tenants: string[] = [];
    const server = await start({
      overrides: {
        'SessionService/revokeSession': async (_request, call) => {
          tenants.push(call.tenantId);
          return { handle: '', version: 0n };
        },
      },
    });
    const from = client(server.target);
    const outcome = async (tenantId: string) =>
      (await invoke(from, 'SessionService', 'revokeSession', { tenantId })).failure;
    assert.equal(await outcome(''), undefined);
    assert.equal(await outcome('default'), undefined);
    assert.deepEqual(tenants, ['default', 'default']);
    assert.equal((await outcome('acme'))?.reason, 'TENANT_NOT_ALLOWED');
    for (const malformed of ['Default', 'default ', 'a'.repeat(64), '../x']) {
      const failure = await outcome(malformed);
      assert.equal(failure?.reason, 'INVALID_FIELD', malformed);
      assert.equal(failure.fields[0]?.field, 'tenant_id');
    }
    assert.equal(tenants.length, 2);
  });

  it('refuses an empty tenant to a caller of another tenant than default', async () => {
    const server = await start({ authenticate: async () => ({ ...CALLER, tenantId: 'acme' }) });
    assert.equal(
      (await invoke(client(server.target), 'SessionService', 'verify')).failure?.reason,
      'TENANT_NOT_ALLOWED',
    );
  });

  it('hands the authorization as sent, and refuses one that comes twice, though Node shows the first only', async () => {
    let handled = 0;
    const server = await start({
      overrides: {
        'SessionService/verify': async () => {
          handled += 1;
          return { verdict: undefined };
        },
      },
    });
    await handWritten(server.port, ['Bearer good']);
    assert.deepEqual(
      server.seen.map(({ authorization }) => authorization),
      ['Bearer good'],
    );
    assert.equal(handled, 1, 'the hand-written call is a good one');
    await handWritten(server.port, ['Bearer good', 'Bearer other']);
    await handWritten(server.port, ['Bearer good', 'Bearer good']);
    assert.equal(server.seen.length, 1, 'two keys are refused before authentication');
    assert.equal(handled, 1);
  });

  it('answers an unreadable message INVALID_ARGUMENT, and only to callers that may call', async () => {
    const server = await start();
    const from = client(server.target);
    const spellings = {
      'a cut field': Buffer.from([0x12, 0x05, 0x61]),
      'a group end': Buffer.from([0x0f]),
      'bad UTF-8': Buffer.from([0x12, 0x02, 0xc3, 0x28]),
      'an overlong varint': Buffer.from([0x18, ...Array(11).fill(0xff)]),
    };
    for (const [name, bytes] of Object.entries(spellings)) {
      const { failure } = await invoke(from, 'SessionService', 'verify', {}, { bytes });
      assert.equal(failure?.reason, 'INVALID_FIELD', name);
      assert.equal(failure.code, 'INVALID_ARGUMENT');
      assert.deepEqual(
        failure.fields.map(({ field }) => field),
        ['message'],
      );
      const stranger = await invoke(from, 'SessionService', 'verify', {}, { bytes, authorization: null });
      assert.equal(stranger.failure?.reason, 'SERVICE_KEY_MISSING', name);
    }
  });

  it('keeps a byte-order mark and text beyond ASCII in requests', async () => {
    const seen: string[] = [];
    const server = await start({
      overrides: {
        'PasswordService/setPassword': async ({ password }: { password: string }) => {
          seen.push(password);
          return { epoch: 1n };
        },
      } as never,
    });
    const password = '\ufeffpässwörd\u{1f511}';
    await invoke(client(server.target), 'PasswordService', 'setPassword', { password });
    assert.deepEqual(seen, [password]);
  });

  it('ends a call at the server’s deadline, with details', async () => {
    const server = await start({
      deadlineMs: 150,
      overrides: { 'SessionService/verify': () => new Promise(() => {}) },
    });
    const began = performance.now();
    const { failure } = await invoke(client(server.target), 'SessionService', 'verify');
    assert.equal(failure?.reason, 'DEADLINE_EXCEEDED');
    const took = performance.now() - began;
    assert.ok(took >= 140 && took < 10_000, `${took} ms`);
  });

  it('ends a call at the client’s shorter deadline, with details, and counts authentication', async () => {
    const server = await start({ authenticate: () => new Promise(() => {}) });
    const answer = await rawCall(server.port, VERIFY, { 'grpc-timeout': '200m' });
    assert.equal(answer.headers['grpc-status'], '4');
    const failure = rawFailure(answer);
    assert.equal(failure.reason, 'DEADLINE_EXCEEDED');
    assert.ok(answer.headers['grpc-status-details-bin'], 'ours came before that of grpc-js');
  });

  it('does not begin the work of a call whose client has gone or whose time is up', async () => {
    let began = 0;
    let allow = () => {};
    const gate = new Promise<void>((resolve) => {
      allow = resolve;
    });
    const server = await start({
      authenticate: async () => {
        await gate;
        return CALLER;
      },
      overrides: {
        'SessionService/revokeSession': async () => {
          began += 1;
          return { handle: '', version: 0n };
        },
      },
    });
    const { failure } = await invoke(client(server.target), 'SessionService', 'revokeSession', {}, { deadlineMs: 100 });
    assert.equal(failure?.code, 'DEADLINE_EXCEEDED');
    // The server's clock for this call may have started later than the client's.
    await new Promise((resolve) => setTimeout(resolve, 500));
    allow();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(began, 0);
  });

  it('ignores what a handler answers after the deadline, and reports how it failed', async () => {
    const server = await start({
      deadlineMs: 100,
      overrides: {
        'SessionService/verify': () => new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 200)),
      },
    });
    assert.equal(
      (await invoke(client(server.target), 'SessionService', 'verify')).failure?.reason,
      'DEADLINE_EXCEEDED',
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(server.lines.some((line) => line.includes('"late"')));
  });

  it('writes one access line a call at debug, and slow calls at warn', async () => {
    const server = await start({
      logLevel: 'debug',
      overrides: {
        'SessionService/listSessions': () =>
          new Promise((resolve) => setTimeout(() => resolve({ sessions: [], nextPageToken: '' }), 1_050)),
      },
    });
    const from = client(server.target);
    await invoke(from, 'SessionService', 'verify');
    await invoke(from, 'SessionService', 'verify', {}, { authorization: 'Bearer bad' });
    await invoke(from, 'SessionService', 'listSessions');
    const [good, bad, slow, ...rest] = server.lines.map((line) => JSON.parse(line));
    assert.deepEqual(rest, []);
    assert.equal(good.level, 'debug');
    assert.equal(good.rpc, 'SessionService/Verify');
    assert.deepEqual([good.code, good.service, good.tenant_id], [0, 'shop', 'default']);
    assert.deepEqual([bad.code, bad.reason], [16, 'SERVICE_KEY_REJECTED']);
    assert.deepEqual([slow.level, slow.rpc], ['warn', 'SessionService/ListSessions']);
    assert.ok(slow.ms > 1_000);
  });
});

describe('gRPC errors', () => {
  afterEach(cleanUp);
  const table = JSON.parse(readFileSync(new URL('../../spec/vectors/error_table.json', import.meta.url), 'utf8'));

  async function failureWhenThrown(error: unknown) {
    const server = await start({ overrides: { 'SessionService/verify': async () => Promise.reject(error) } });
    const { failure, error: raw } = await invoke(client(server.target), 'SessionService', 'verify');
    assert.ok(failure && raw);
    return { failure, raw, lines: server.lines };
  }

  it('ERR-1, ERR-2: every reason of the table travels with its code, sentence and domain', async () => {
    let reason = '';
    const server = await start({
      overrides: { 'SessionService/verify': async () => Promise.reject(new TrustError(reason as 'INTERNAL')) },
    });
    const from = client(server.target);
    for (const row of table.rows) {
      reason = row.reason;
      const { failure, error } = await invoke(from, 'SessionService', 'verify');
      assert.equal(failure?.reason, row.reason);
      assert.equal(error?.code, row.code_number, row.reason);
      assert.equal(error?.details, row.meaning);
    }
  });

  it('ERR-3: refused fields are named by their paths; the three reasons always name one', async () => {
    const fields = [{ field: 'identifiers[2].value', description: 'must be at most 254 bytes' }];
    assert.deepEqual((await failureWhenThrown(new TrustError('INVALID_FIELD', { fields }))).failure.fields, fields);
    for (const reason of ['INVALID_FIELD', 'WEAK_PASSWORD', 'INVALID_PAGE_TOKEN'] as const) {
      assert.equal((await failureWhenThrown(new TrustError(reason))).failure.fields.length, 1, reason);
    }
  });

  it('ERR-4: RATE_LIMITED and HASHING_BUSY say when to come back', async () => {
    for (const reason of ['RATE_LIMITED', 'HASHING_BUSY'] as const) {
      assert.equal(
        (await failureWhenThrown(new TrustError(reason, { retryAfterMs: 2_500 }))).failure.retry_after_ms,
        2_500,
      );
      assert.ok(((await failureWhenThrown(new TrustError(reason))).failure.retry_after_ms ?? 0) > 0);
    }
  });

  it('ERR-5: anything unexpected is INTERNAL with a request_id that finds the log line, and nothing of its text', async () => {
    const thrown = [
      new Error('CANARY of the inside'),
      'CANARY text',
      { reason: 'INVALID_FIELD', message: 'CANARY' },
      undefined,
    ];
    for (const error of thrown) {
      const { failure, raw, lines } = await failureWhenThrown(error);
      assert.equal(failure.reason, 'INTERNAL');
      assert.deepEqual(Object.keys(failure.metadata), ['request_id']);
      assert.equal(JSON.stringify([raw.details, raw.metadata.toJSON()]).includes('CANARY'), false);
      assert.equal((raw.metadata.get('grpc-status-details-bin')[0] as Buffer).includes('CANARY'), false);
      assert.ok(
        lines.some((line) => line.includes(failure.metadata.request_id ?? 'missing') && line.includes('"error"')),
      );
    }
  });

  it('ERR-5: so is an answer that cannot be encoded, and the next answer is whole', async () => {
    const session = { handle: 'ses_1', tenantId: 'default', identityId: 'idn_1', version: -1n };
    let answer: unknown = { verdict: { answer: { $case: 'active', value: { session } } } };
    const server = await start({ overrides: { 'SessionService/verify': async () => answer } });
    const from = client(server.target);
    assert.equal((await invoke(from, 'SessionService', 'verify')).failure?.reason, 'INTERNAL');
    answer = { verdict: { answer: { $case: 'rejected', value: { reason: 2 } } } };
    assert.deepEqual((await invoke(from, 'SessionService', 'verify')).value, answer);
  });

  it('ERR-6: secrets are masked even where a feature put them, and long texts are cut', async () => {
    const secret = `ts_${'A'.repeat(49)}`;
    const { failure } = await failureWhenThrown(
      new TrustError('INVALID_FIELD', {
        metadata: { note: secret },
        fields: [
          { field: `metadata.${secret}`, description: `is ${secret}` },
          { field: 'x'.repeat(5_000), description: 'y' },
        ],
      }),
    );
    assert.equal(JSON.stringify(failure).includes('AAAA'), false);
    assert.equal(failure.fields[1]?.field.length, 128);
  });
});

/** What a Watch ends with. */
function watch(target: string, authorization: string | null = 'Bearer good') {
  const definition = definitionOf('SessionService', 'watch');
  const metadata = new Metadata();
  if (authorization !== null) metadata.set('authorization', authorization);
  return new Promise<ReturnType<typeof readFailure>>((resolve) => {
    const stream = client(target).makeBidiStreamRequest(
      definition.path,
      definition.requestSerialize,
      definition.responseDeserialize,
      metadata,
      {
        deadline: Date.now() + 5_000,
      },
    );
    stream.on('error', (error) => resolve(readFailure(error as ServiceError)));
    stream.resume();
  });
}

/** A Verify written frame by frame (RFC 9113, RFC 7541 literals), since Node's client sends no header twice. */
function handWritten(port: number, authorizations: readonly string[]): Promise<void> {
  const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  const literal = (name: string, value: string) => Buffer.concat([Buffer.from([0]), text(name), text(value)]);
  const frame = (type: number, flags: number, stream: number, payload: Buffer) => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  };
  const headers = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', VERIFY],
    [':authority', 'localhost'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...authorizations.map((value) => ['authorization', value]),
  ] as [string, string][];
  const block = Buffer.concat(headers.map(([name, value]) => literal(name, value)));
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      socket.write(frame(4, 0, 0, Buffer.alloc(0)));
      socket.write(frame(1, 4, 1, block));
      socket.write(frame(0, 1, 1, Buffer.alloc(5)));
    });
    socket.resume();
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    setTimeout(() => socket.destroy(), 300);
  });
}
