import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { status } from '@grpc/grpc-js';
import { rpcNames, TrustClient, type TrustClientOptions, TrustLayerError } from './index.ts';
import {
  type Answer,
  activeVerdict,
  cert,
  type FakeServer,
  type FakeServerOptions,
  fault,
  OTHER_SESSION_ID,
  SESSION_ID,
  startFakeServer,
} from './testing/fake_server.ts';

type AnyMethod = (request: object, options?: object) => Promise<unknown>;
const method = (client: TrustClient, name: string) =>
  (client as unknown as Record<string, AnyMethod>)[name]?.bind(client) as AnyMethod;

async function failureOf(promise: Promise<unknown>): Promise<TrustLayerError> {
  const error = await promise.then(
    () => assert.fail('it succeeded'),
    (thrown: unknown) => thrown,
  );
  assert(error instanceof TrustLayerError, inspect(error));
  return error;
}

const SERVICE_KEY = `tlk_${'k'.repeat(66)}`;

describe('trust client', () => {
  const open: { stop(): void }[] = [];
  afterEach(() => {
    for (const item of open.splice(0)) {
      item.stop();
    }
  });

  async function serve(answers: Record<string, Answer>, options?: FakeServerOptions): Promise<FakeServer> {
    const server = await startFakeServer(answers, options);
    open.push(server);
    return server;
  }

  function connect(options: TrustClientOptions): TrustClient {
    // A stream would be one more call to count; watch.test.ts is about it.
    const client = new TrustClient({ watch: false, ...options });
    open.push({ stop: () => client.close() });
    return client;
  }

  it('SDK-1 has a method for each unary RPC, which fills in the tenant', async () => {
    const empty = () => ({ verdicts: [], identities: [], keys: [], sessions: [], events: [], services: [] });
    const server = await serve(Object.fromEntries(rpcNames.map((name) => [name, empty])));
    const client = connect({ address: server.address, tenantId: 'acme' });
    assert.ok(rpcNames.length >= 50, `${rpcNames.length}`);
    for (const name of rpcNames) {
      await method(
        client,
        name,
      )(name === 'batchVerify' ? [] : name === 'verify' ? (SESSION_ID as never) : {}).catch((error: TrustLayerError) =>
        assert.fail(`${name}: ${error.message}`),
      );
      const seen = server.calls.at(-1);
      assert.equal(seen?.name, name);
      assert.equal(seen?.request.tenantId, 'acme', name);
    }
  });

  it('SDK-1 keeps a tenant that is named, default where none is', async () => {
    const server = await serve({ getTenant: () => ({}) });
    await connect({ address: server.address, tenantId: 'acme' }).getTenant({ tenantId: 'other' });
    await connect({ address: server.address }).getTenant({});
    await connect({ address: server.address, tenantId: '' }).getTenant({ tenantId: '' });
    assert.deepEqual(
      server.calls.map((call) => call.request.tenantId),
      ['other', 'default', 'default'],
    );
  });

  it('SDK-2 verify and batchVerify give verdicts', async () => {
    const server = await serve({
      verify: () => activeVerdict(),
      batchVerify: () => ({ verdicts: [activeVerdict().verdict, { answer: undefined }] }),
    });
    const client = connect({ address: server.address });
    const verdict = await client.verify(SESSION_ID, { consistency: 'STRONG' });
    assert(verdict.active);
    assert.equal(verdict.session.handle, 'ses_1');
    assert.equal(server.calls[0]?.request.consistency, 2);
    const verdicts = await client.batchVerify([SESSION_ID, OTHER_SESSION_ID]);
    assert.deepEqual(
      verdicts.map((item) => item.active),
      [true, false],
    );
    assert.equal(server.calls[1]?.request.consistency, 1);
  });

  it('SDK-2 an empty answer is rejected, verdicts that do not match their questions are an error', async () => {
    const server = await serve({ verify: () => ({}), batchVerify: () => ({ verdicts: [activeVerdict().verdict] }) });
    const client = connect({ address: server.address });
    assert.deepEqual(await client.verify(SESSION_ID), { active: false, reason: 'UNSPECIFIED' });
    assert.equal((await failureOf(client.batchVerify([SESSION_ID, SESSION_ID]))).reason, 'UNKNOWN');
  });

  it('SDK-2 what is not a text is never asked about', async () => {
    const server = await serve({ verify: () => activeVerdict() });
    const client = connect({ address: server.address });
    for (const value of [undefined, null, { $ne: '' }, [SESSION_ID]]) {
      assert.deepEqual(await client.verify(value as never), { active: false, reason: 'MALFORMED' });
      await assert.rejects(client.batchVerify([value as never]), TypeError);
    }
    await assert.rejects(client.verify(SESSION_ID, { consistency: 'WEAK' as never }), TypeError);
    assert.equal(server.calls.length, 0);
  });

  it('SDK-3 each call has a deadline, 3 s by default', async () => {
    const server = await serve({ getTenant: () => ({}), verify: () => new Promise(() => {}) });
    const client = connect({ address: server.address });
    await client.getTenant({});
    const left = Number(server.calls[0]?.deadline) - Date.now();
    assert(left > 2_000 && left <= 3_100, String(left));
    const started = performance.now();
    const error = await failureOf(client.verify(SESSION_ID, { timeoutMs: 80 }));
    assert.equal(error.reason, 'DEADLINE_EXCEEDED');
    assert(performance.now() - started < 1_500);
    for (const timeoutMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 3_600_001, '5' as never]) {
      assert.throws(() => connect({ address: server.address, timeoutMs }), RangeError);
      await assert.rejects(client.getTenant({}, { timeoutMs }), RangeError);
    }
  });

  it('SDK-3 a signal ends a call early', async () => {
    const abort = new AbortController();
    const server = await serve({
      verify: () => {
        abort.abort();
        return new Promise(() => {});
      },
    });
    const client = connect({ address: server.address });
    assert.equal((await failureOf(client.verify(SESSION_ID, { signal: abort.signal }))).reason, 'CANCELLED');
    assert.equal((await failureOf(client.verify(SESSION_ID, { signal: abort.signal }))).reason, 'CANCELLED');
    assert.equal(server.calls.length, 1);
  });

  it('SDK-4 UNAVAILABLE is retried, at most 5 attempts', async () => {
    const draining = fault(status.UNAVAILABLE, { reason: 'DRAINING' });
    let left = 4;
    const server = await serve({
      verify: () => {
        left -= 1;
        if (left >= 0) {
          throw draining;
        }
        return activeVerdict();
      },
      listSessions: () => {
        throw draining;
      },
    });
    const client = connect({ address: server.address });
    assert.equal((await client.verify(SESSION_ID)).active, true);
    assert.equal(server.calls.length, 5);
    assert.equal((await failureOf(client.listSessions({}))).reason, 'DRAINING');
    assert.equal(server.calls.length, 10);
  });

  it('SDK-4 calls that create and other codes are not retried', async () => {
    const refuse = (code: status) => () => {
      throw fault(code, {});
    };
    const server = await serve({
      createSession: refuse(status.UNAVAILABLE),
      exchangeSignInCode: refuse(status.UNAVAILABLE),
      verify: refuse(status.INTERNAL),
    });
    const client = connect({ address: server.address });
    assert.equal((await failureOf(client.createSession({}))).reason, 'UNREACHABLE');
    await failureOf(client.exchangeSignInCode({}));
    await failureOf(client.verify(SESSION_ID));
    assert.equal(server.calls.length, 3);
  });

  it('SDK-5 the service key travels as a bearer value', async () => {
    const server = await serve({ getTenant: () => ({}) });
    await connect({ address: server.address, serviceKey: SERVICE_KEY }).getTenant({});
    await connect({ address: server.address }).getTenant({});
    assert.deepEqual(
      server.calls.map((call) => call.metadata.get('authorization')),
      [[`Bearer ${SERVICE_KEY}`], []],
    );
  });

  it('SDK-6 several addresses share the calls, and one that is gone stops nobody', async () => {
    const servers = [await serve({ getTenant: () => ({}) }), await serve({ getTenant: () => ({}) })];
    const [a, b] = servers.map((server) => server.address.replace('127.0.0.1', ''));
    const client = connect({ address: [`127.0.0.1${a}`, `localhost${b}`] });
    const many = async (count: number) => {
      for (let i = 0; i < count; i += 1) {
        await client.getTenant({});
      }
    };
    await client.getTenant({});
    // The second connection may still be under way when the first is ready.
    await new Promise((resolve) => setTimeout(resolve, 150));
    await many(20);
    const counts = servers.map((server) => server.calls.length);
    assert(
      counts.every((count) => count >= 8),
      String(counts),
    );
    servers[0]?.stop();
    await many(10);
    assert.equal((servers[1]?.calls.length ?? 0) - (counts[1] ?? 0), 10);
  });

  it('SDK-6 reads answers of at most 4 MiB', async () => {
    const named = (size: number) => () => ({ services: [{ name: 'x'.repeat(size) }] });
    const small = await serve({ listServices: named(4 * 1024 * 1024 - 64) });
    const big = await serve({ listServices: named(4 * 1024 * 1024 + 1) });
    assert.equal((await connect({ address: small.address }).listServices({})).services.length, 1);
    assert.equal((await failureOf(connect({ address: big.address }).listServices({}))).code, 'RESOURCE_EXHAUSTED');
  });

  it('SDK-7 shows no secret in its text forms', async () => {
    const client = connect({ address: '127.0.0.1:1', serviceKey: SERVICE_KEY });
    const shown = inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(client) + String(client);
    assert(!shown.includes('kkkk'), shown);
    assert.match(shown, /127\.0\.0\.1:1/);
    for (const serviceKey of [`${SERVICE_KEY}\n`, `${SERVICE_KEY}é`, '', 'k'.repeat(257)]) {
      assert.throws(
        () => new TrustClient({ address: '127.0.0.1:1', serviceKey }),
        (error: Error) => error instanceof TypeError && !String(error.stack).includes('kkkk'),
      );
    }
  });

  it('SDK-7 errors show no secret of the call, whatever the server says', async () => {
    const secrets = ['hunter2hunter2', 'verifier-value', 'code-value', SERVICE_KEY, 'odd session'];
    const echo = () => {
      throw fault(status.INTERNAL, {
        reason: 'INTERNAL',
        details: secrets.join('|'),
        metadata: { echo: secrets.join() },
      });
    };
    const server = await serve({ signInWithPassword: echo, exchangeSignInCode: echo, revokeSession: echo });
    const client = connect({ address: server.address, serviceKey: SERVICE_KEY });
    const shown = await Promise.all([
      failureOf(client.signInWithPassword({ password: 'hunter2hunter2' })),
      failureOf(client.exchangeSignInCode({ code: 'code-value', codeVerifier: 'verifier-value' })),
      failureOf(client.revokeSession({ target: { $case: 'sessionId', value: 'odd session' } })),
    ]).then((errors) => errors.map((error) => inspect(error, { depth: 9, showHidden: true })));
    assert(!shown[0]?.includes('hunter2'));
    assert(!shown[1]?.includes('verifier-value') && !shown[1]?.includes('code-value'));
    assert(!shown[2]?.includes('odd session'));
    assert(shown.every((text) => !text.includes('kkkk')));
  });

  it('SDK-8 ERR-7 gives what the server said', async () => {
    const fields = [{ field: 'page_size', description: '1 to 100' }];
    const server = await serve({
      listSessions: () => {
        throw fault(status.INVALID_ARGUMENT, { reason: 'INVALID_FIELD', fields, metadata: { request_id: 'r' } });
      },
    });
    const error = await failureOf(connect({ address: server.address }).listSessions({ pageSize: 101 }));
    assert.deepEqual([error.reason, error.code], ['INVALID_FIELD', 'INVALID_ARGUMENT']);
    assert.deepEqual([error.fields, error.metadata], [fields, { request_id: 'r' }]);
  });

  it('ERR-7 nobody there is UNREACHABLE, a closed client CANCELLED', async () => {
    const client = connect({ address: '127.0.0.1:1' });
    assert.equal((await failureOf(client.verify(SESSION_ID))).reason, 'UNREACHABLE');
    client.close();
    assert.equal((await failureOf(client.verify(SESSION_ID))).reason, 'CANCELLED');
  });

  it('speaks mTLS with its own roots and checks the name of the server', async () => {
    const server = await serve({ getTenant: () => ({}) }, { tls: true });
    const pair = { cert: cert('client.pem').toString(), key: cert('client.key') };
    const tls = { rootCerts: cert('ca.pem'), serverName: 'server.trust.test', ...pair };
    const address = server.address;
    await connect({ address, tls }).getTenant({});
    for (const wrong of [
      { ...tls, serverName: 'other.trust.test' },
      { serverName: 'server.trust.test', ...pair },
      { rootCerts: cert('ca.pem'), serverName: 'server.trust.test' },
    ]) {
      const failed = await failureOf(connect({ address, tls: wrong, timeoutMs: 1_000 }).getTenant({}));
      assert(['UNREACHABLE', 'DEADLINE_EXCEEDED'].includes(failed.reason), failed.message);
    }
    await failureOf(connect({ address, timeoutMs: 1_000 }).getTenant({}));
    assert.equal(server.calls.length, 1);
  });

  it('SDK-5 a proxy of the environment does not see plain text', async () => {
    const server = await serve({ getTenant: () => ({}) });
    const before = process.env.grpc_proxy;
    process.env.grpc_proxy = 'http://127.0.0.1:1';
    try {
      await connect({ address: server.address.replace('127.0.0.1', 'localhost') }).getTenant({});
      await connect({ address: [server.address, 'localhost:1'] }).getTenant({});
    } finally {
      if (before === undefined) {
        delete process.env.grpc_proxy;
      } else {
        process.env.grpc_proxy = before;
      }
    }
    assert.equal(server.calls.length, 2);
  });
});
