import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { type TrustLayerError, toTrustLayerError } from '../errors.ts';
import { SessionServiceService } from '../gen/trust/v1/session.ts';
import { GetTenantRequest, GetTenantResponse, TenantServiceService } from '../gen/trust/v1/tenant.ts';
import { type KeySource, StaticKeySource } from '../key_source.ts';
import { claims, hostileKeySource, jwks, token, verifierOf } from '../testing/tokens.ts';
import { type TrustTokenInterceptorOptions, trustTokenInterceptor, trustTokenOf, withTrustToken } from './grpc.ts';

describe('gRPC interceptor', () => {
  const open: (() => void)[] = [];
  let seen: (string | undefined)[] = [];
  afterEach(() => {
    for (const stop of open.splice(0)) {
      stop();
    }
  });

  async function serve(keySource: KeySource = new StaticKeySource(jwks), options?: TrustTokenInterceptorOptions) {
    seen = [];
    const server = new Server({ interceptors: [trustTokenInterceptor(verifierOf({ keySource }), options)] });
    server.addService(
      { getTenant: TenantServiceService.getTenant },
      {
        getTenant: (call: { metadata: Metadata }, done: (error: null, answer: GetTenantResponse) => void) => {
          seen.push(trustTokenOf(call)?.claims.sub);
          done(null, GetTenantResponse.fromPartial({}));
        },
      },
    );
    server.addService(
      { watch: SessionServiceService.watch },
      {
        watch: (call: ServerDuplexStream<unknown, unknown>) => {
          seen.push(trustTokenOf(call)?.token);
          call.end();
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      const done = (error: Error | null, bound: number) => (error ? reject(error) : resolve(bound));
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), done);
    });
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    open.push(
      () => client.close(),
      () => server.forceShutdown(),
    );
    return client;
  }

  function ask(client: Client, metadata: Metadata): Promise<TrustLayerError | undefined> {
    const { path, requestSerialize, responseDeserialize } = TenantServiceService.getTenant;
    const request = GetTenantRequest.fromPartial({});
    return new Promise((resolve) => {
      const deadline = Date.now() + 5_000;
      const done = (error: ServiceError | null) => resolve(error ? toTrustLayerError(error) : undefined);
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, { deadline }, done);
    });
  }

  function stream(client: Client, metadata: Metadata): Promise<number> {
    const { path, requestSerialize, responseDeserialize } = SessionServiceService.watch;
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    call.on('data', () => {});
    call.on('error', () => {});
    call.write({ message: undefined });
    call.end();
    return new Promise((resolve) => call.on('status', ({ code }) => resolve(code)));
  }

  it('SDK-22 lets one valid token pass and gives it to the handler, unary and streaming', async () => {
    const client = await serve();
    const given = token();
    assert.equal(await ask(client, withTrustToken(given)), undefined);
    assert.equal(await stream(client, withTrustToken(given)), status.OK);
    assert.deepEqual(seen, ['idn_0b6f1d2e3c4a59687786a5b4c3d2e1f0', given]);
  });

  it('SDK-22 others are UNAUTHENTICATED with TRUST_TOKEN_REJECTED and reach no handler', async () => {
    const client = await serve();
    const two = withTrustToken(token());
    two.add('trust-token', token());
    const bearer = new Metadata();
    bearer.set('authorization', `Bearer ${token()}`);
    const typ = withTrustToken(token({ header: { typ: 'JWT', alg: 'EdDSA', kid: 'key-1' } }));
    const refused: [string, Metadata][] = [
      ['TOKEN_SIZE', new Metadata()],
      ['TOKEN_SIZE', bearer],
      ['TOKEN_MALFORMED', two],
      ['TOKEN_TYPE', typ],
    ];
    for (const [check, metadata] of refused) {
      const error = await ask(client, metadata);
      assert.deepEqual(
        [error?.code, error?.reason, error?.metadata],
        ['UNAUTHENTICATED', 'TRUST_TOKEN_REJECTED', { check }],
      );
      assert.equal(await stream(client, metadata), status.UNAUTHENTICATED);
    }
    assert.deepEqual(seen, []);
  });

  it('SDK-26 a method that needs a permission is reached only with a token that holds it', async () => {
    const permissions = {
      [TenantServiceService.getTenant.path]: 'orders:write',
      [SessionServiceService.watch.path]: 'orders:write',
    };
    const client = await serve(undefined, { permissions });
    const organisation = { org: 'org_1', org_ver: 1, org_roles: ['orders:write'], roles: ['orders:write'] };
    const holding = (...held: string[]) =>
      withTrustToken(token({ payload: claims({ ...organisation, permissions: held, scope: 'orders:write' }) }));
    for (const metadata of [withTrustToken(token()), holding(), holding('orders:read'), holding('orders:writer')]) {
      const error = await ask(client, metadata);
      assert.deepEqual([error?.code, error?.metadata], ['PERMISSION_DENIED', { permission: 'orders:write' }]);
      assert.equal(await stream(client, metadata), status.PERMISSION_DENIED);
    }
    assert.deepEqual(seen, []);
    assert.equal(await ask(client, holding('orders:read', 'orders:write')), undefined);
    assert.equal(await stream(client, holding('orders:write')), status.OK);
    assert.equal((await ask(client, new Metadata()))?.code, 'UNAUTHENTICATED');
  });

  it('SDK-22 KEYS_UNAVAILABLE is UNAVAILABLE', async () => {
    const error = await ask(await serve(hostileKeySource), withTrustToken(token()));
    assert.deepEqual([error?.code, error?.reason], ['UNAVAILABLE', 'KEYS_UNAVAILABLE']);
    assert.deepEqual(seen, []);
  });

  it('SDK-22 no handler begins before a slow check has ended', async () => {
    const source = new StaticKeySource(jwks);
    const slow = {
      get: (kid: string) =>
        new Promise<ReturnType<typeof source.get>>((resolve) => {
          setTimeout(() => {
            seen.push('checked');
            resolve(source.get(kid));
          }, 40);
        }),
    };
    const client = await serve(slow);
    assert.equal(await ask(client, withTrustToken(token())), undefined);
    assert.equal(seen[0], 'checked');
    assert.equal(seen.length, 2);
  });

  it('SDK-22 exempt methods have no token', async () => {
    const client = await serve(undefined, { except: ['/trust.v1.TenantService/GetTenant'] });
    assert.equal(await ask(client, withTrustToken(token())), undefined);
    assert.deepEqual(seen, [undefined]);
    assert.equal(await stream(client, new Metadata()), status.UNAUTHENTICATED);
  });

  it('SDK-22 withTrustToken sets exactly one value and never shows it', () => {
    const metadata = new Metadata();
    metadata.set('trust-token', 'a.b.c');
    assert.deepEqual(withTrustToken('d.e.f', metadata).get('trust-token'), ['d.e.f']);
    for (const odd of ['', 'secret', 'secret.a.b\n', 'secret.a.é', `a.b.${'c'.repeat(8_200)}`, undefined]) {
      assert.throws(
        () => withTrustToken(odd as string),
        (error: Error) => error instanceof TypeError && !inspect(error).includes('secret.'),
      );
    }
  });
});
