// A gRPC server with fake handlers, and clients that show what is on the wire.
import { connect as connectHttp2, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { type CallFailure, readFailure } from '../../server/src/cli/failure.ts';
import type { Caller } from '../../server/src/contract/rpc.ts';
import { TrustError } from '../../server/src/errors/trust_error.ts';
import { SCOPES } from '../../server/src/features/service_key/service_key.ts';
import { type Handlers, METHODS, SERVICES, type ServiceName } from '../../server/src/grpc/methods.ts';
import type { Credentials } from '../../server/src/grpc/pipeline.ts';
import { type GrpcOptions, type GrpcServer, startGrpc } from '../../server/src/grpc/server.ts';
import { createLog } from '../../server/src/log.ts';

export const CALLER: Caller = {
  tenantId: 'default',
  service: 'shop',
  scopes: new Set(SCOPES),
  audiences: new Set<string>(),
};

type AnyHandler = (request: never, call: { tenantId: string; caller: Caller }) => Promise<unknown>;
export type Overrides = Readonly<Record<string, AnyHandler>>;

/** A stream that says nothing. */
const SILENT = (() => ({ received() {}, drained() {}, closed() {} })) as unknown as AnyHandler;

/** Handlers of every served RPC: empty answers, but for the overrides (`SessionService/verify`). */
export function fakeHandlers(overrides: Overrides = {}): Handlers {
  const all: Record<string, Record<string, AnyHandler>> = {};
  for (const [service, rows] of Object.entries(METHODS)) {
    const handlers: Record<string, AnyHandler> = {};
    for (const [method, row] of Object.entries(rows)) {
      const empty = definitionOf(service, method).responseDeserialize(Buffer.alloc(0));
      if (!row.served) continue;
      if (definitionOf(service, method).requestStream) handlers[method] = overrides[`${service}/${method}`] ?? SILENT;
      else handlers[method] = overrides[`${service}/${method}`] ?? (async () => empty);
    }
    all[service] = handlers;
  }
  return all as unknown as Handlers;
}

type Definition = {
  readonly path: string;
  readonly requestStream: boolean;
  readonly requestSerialize: (value: unknown) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => unknown;
  readonly responseDeserialize: (bytes: Buffer) => unknown;
};

export function definitionOf(service: string, method: string): Definition {
  return (SERVICES[service as ServiceName] as unknown as Record<string, Definition>)[method] as Definition;
}

export type Fixture = GrpcServer & {
  readonly target: string;
  readonly lines: string[];
  readonly seen: Credentials[];
};

const cleanups: (() => Promise<void> | void)[] = [];

/** Ends everything that the fixture began; for `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

export function onCleanUp(cleanup: () => Promise<void> | void): void {
  cleanups.push(cleanup);
}

/** Accepts `Bearer good`, refuses other keys, and takes any certificate name for the service's. */
async function authenticate({ authorization, certificateNames }: Credentials): Promise<Caller> {
  if (authorization === 'Bearer good' || (authorization === undefined && certificateNames.length > 0)) return CALLER;
  throw new TrustError(authorization === undefined ? 'SERVICE_KEY_MISSING' : 'SERVICE_KEY_REJECTED');
}

export async function start(
  options: Partial<GrpcOptions> & { overrides?: Overrides; logLevel?: string } = {},
): Promise<Fixture> {
  const { overrides, logLevel = 'info', ...rest } = options;
  const lines: string[] = [];
  const seen: Credentials[] = [];
  const server = await startGrpc({
    address: { host: '127.0.0.1', port: 0 },
    handlers: fakeHandlers(overrides),
    authenticate: async (shown) => {
      seen.push({ authorization: shown.authorization, certificateNames: shown.certificateNames });
      return authenticate(shown);
    },
    ping: async () => {},
    log: createLog({ level: logLevel, destination: { write: (line) => void lines.push(line) } }),
    deadlineMs: 5_000,
    drainMs: 200,
    ...rest,
  });
  cleanups.push(() => server.drain());
  return { ...server, target: `127.0.0.1:${server.port}`, lines, seen };
}

export type Outcome = { readonly value?: unknown; readonly failure?: CallFailure; readonly error?: ServiceError };

export function client(target: string, channel = credentials.createInsecure(), options = {}): Client {
  const made = new Client(target, channel, options);
  cleanups.push(() => made.close());
  return made;
}

export type CallOptions = {
  readonly authorization?: string | null;
  readonly deadlineMs?: number;
  readonly bytes?: Buffer;
};

/** Calls one RPC by the names of the table. The service key is good unless said otherwise. */
export function invoke(
  from: Client,
  service: string,
  method: string,
  request: object = {},
  options: CallOptions = {},
): Promise<Outcome> {
  const definition = definitionOf(service, method);
  const metadata = new Metadata();
  const { authorization = 'Bearer good', deadlineMs = 10_000, bytes } = options;
  if (authorization !== null) metadata.set('authorization', authorization);
  const whole = { ...(definition.requestDeserialize(Buffer.alloc(0)) as object), ...request };
  return new Promise((resolve) => {
    from.makeUnaryRequest(
      definition.path,
      (value: unknown) => bytes ?? definition.requestSerialize(value),
      definition.responseDeserialize,
      whole,
      metadata,
      { deadline: Date.now() + deadlineMs },
      (error, value) => resolve(error === null ? { value } : { failure: readFailure(error), error }),
    );
  });
}

export type RawAnswer = { readonly headers: IncomingHttpHeaders; readonly reset: number };

/** One gRPC call by plain HTTP/2, for what a gRPC client would not do. Without a body the stream stays open. */
export async function rawCall(
  port: number,
  path: string,
  headers: OutgoingHttpHeaders = {},
  body: Buffer | null = Buffer.alloc(5),
): Promise<RawAnswer> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    return await new Promise((resolve) => {
      let received: IncomingHttpHeaders = {};
      stream.on('response', (found) => {
        received = { ...received, ...found };
      });
      stream.on('trailers', (found) => {
        received = { ...received, ...found };
      });
      stream.on('error', () => {});
      stream.on('close', () => resolve({ headers: received, reset: stream.rstCode ?? 0 }));
      stream.resume();
      if (body === null) stream.write(Buffer.alloc(0));
      else stream.end(body);
    });
  } finally {
    session.destroy();
  }
}

/** Reads the details of a raw answer as the SDKs do. */
export function rawFailure({ headers }: RawAnswer): CallFailure {
  const metadata = new Metadata();
  const details = headers['grpc-status-details-bin'];
  if (typeof details === 'string') metadata.set('grpc-status-details-bin', Buffer.from(details, 'base64'));
  const error = { code: Number(headers['grpc-status']), details: String(headers['grpc-message']), metadata };
  return readFailure(error as unknown as ServiceError);
}
