import { constants, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { type Address, formatAddress } from '../config/address.ts';
import { plaintextRefusal } from '../config/config.ts';
import type { Log } from '../log.ts';
import { requestReader } from './codec.ts';
import { holdFirstStreams } from './first_streams.ts';
import { Health } from './health.ts';
import { listen } from './listener.ts';
import { bindings, type Handlers, SERVICES } from './methods.ts';
import { OpenStreams } from './open_streams.ts';
import { type Authenticate, type Pipeline, unaryCall } from './pipeline.ts';
import { addReflection } from './reflection_service.ts';
import { STREAM_LIMITS, type StreamLimits, streamCalls } from './stream_call.ts';
import { keepInTable } from './stream_table.ts';
import type { TlsFiles } from './tls_context.ts';

/** Bounds of the transport. */
export type Limits = StreamLimits & {
  /** Bytes of all metadata of a call, as HTTP/2 counts them (32 more for each entry). */
  readonly metadataBytes: number;
  readonly streamsPerConnection: number;
  readonly connectionsPerAddress: number;
  readonly connections: number;
  /** A connection without traffic is asked whether it lives after this time, and closed if it does not answer in that. Milliseconds. */
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
};

export const LIMITS: Limits = {
  ...STREAM_LIMITS,
  metadataBytes: 8_192,
  streamsPerConnection: 256,
  connectionsPerAddress: 512,
  connections: 10_000,
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
};

export type GrpcOptions = {
  /** Port 0 lets the system choose. */
  readonly address: Address;
  readonly tls?: TlsFiles | undefined;
  /** Whether plain text is allowed beyond loopback. */
  readonly allowPlaintext?: boolean;
  readonly handlers: Handlers;
  readonly authenticate: Authenticate;
  /** Answers while the store is usable. */
  readonly ping: () => Promise<unknown>;
  readonly log: Log;
  readonly reflection?: boolean;
  /** Longest time of a call, and of a drain, in milliseconds. */
  readonly deadlineMs: number;
  readonly drainMs: number;
  /** Seconds; 0 means never. */
  readonly maxConnectionAgeS?: number;
  readonly limits?: Partial<Limits>;
  /** Milliseconds between looks at the TLS files, and at the store; how long the store may fail before NOT_SERVING. */
  readonly tlsReloadMs?: number;
  readonly pingIntervalMs?: number;
  readonly pingToleranceMs?: number;
};

export type GrpcServer = {
  /** `host:port` as bound. */
  readonly address: string;
  readonly port: number;
  /** Ends in good order: NOT_SERVING, no new calls, those in progress get `drainMs`. Resolves when all is closed; can be called twice. */
  drain(): Promise<void>;
};

const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Starts the gRPC server. Throws if an RPC lacks its row or handler, TLS files cannot be used, or plain text is not allowed there. */
export async function startGrpc(options: GrpcOptions): Promise<GrpcServer> {
  const { address, tls, log, drainMs } = options;
  const limits = { ...LIMITS, ...options.limits };
  const refusal = plaintextRefusal(address, tls !== undefined, options.allowPlaintext ?? false);
  if (refusal !== undefined) throw new Error(refusal);
  let draining = false;
  const bound = bindings(options.handlers);
  const server = new Server(grpcOptions(options, limits, Math.max(...bound.map(({ row }) => row.maxBytes))));
  const pipeline: Pipeline = {
    authenticate: options.authenticate,
    mutualTls: tls?.clientCaFile !== undefined,
    deadlineMs: options.deadlineMs,
    draining: () => draining,
    log,
  };
  const streams = new OpenStreams();
  const streamCall = streamCalls(pipeline, streams, limits);
  for (const binding of bound) {
    const { definition, row } = binding;
    // Answers are encoded by the pipeline, which can still turn a failure into a status.
    const wired = {
      ...definition,
      requestDeserialize: requestReader(definition, row),
      responseSerialize: (bytes: Buffer) => bytes,
    };
    const handler = definition.requestStream ? streamCall(binding) : unaryCall(binding, pipeline);
    server.addService({ [binding.method]: wired } as never, { [binding.method]: handler } as never);
  }
  const serviceNames = Object.keys(SERVICES).map((name) => `trust.v1.${name}`);
  const health = new Health(serviceNames, {
    ping: options.ping,
    intervalMs: options.pingIntervalMs ?? 2_000,
    toleranceMs: options.pingToleranceMs ?? 5_000,
    log,
  });
  health.addTo(server, streams);
  if (options.reflection === true) addReflection(server, streams, serviceNames);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const inner = innerServer(server);
  boundMetadata(inner, limits);
  inner.prependListener('session', keepInTable);
  holdFirstStreams(inner);
  const listener = await listen({
    ...address,
    tls,
    tlsReloadMs: options.tlsReloadMs ?? 10_000,
    connections: limits.connections,
    connectionsPerAddress: limits.connectionsPerAddress,
    onConnection: (socket) => injector.injectConnection(socket),
    log,
  });
  health.start();

  async function shutDown(): Promise<void> {
    draining = true;
    const closed = listener.close();
    health.drain();
    // One turn, so that watchers of the health still read NOT_SERVING.
    await new Promise((resolve) => setImmediate(resolve));
    streams.endAll();
    // On Node 24 tryShutdown says goodbye to the clients but calls back at once; done is when every connection has ended.
    server.tryShutdown(() => {});
    const inTime = await within(drainMs, closed);
    if (!inTime)
      log.warn({ event: 'drain_forced', ms: drainMs }, 'Calls in progress were cut off at the end of the drain.');
    server.forceShutdown();
    listener.destroy();
  }

  let drained: Promise<void> | undefined;
  return {
    address: formatAddress({ host: address.host, port: listener.port }),
    port: listener.port,
    drain() {
      drained ??= shutDown();
      return drained;
    },
  };
}

/** Whether a promise is fulfilled within so many milliseconds. */
function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    promise.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

function grpcOptions({ deadlineMs, maxConnectionAgeS = 0 }: GrpcOptions, limits: Limits, maxBytes: number) {
  return {
    'grpc.enable_channelz': 0,
    'grpc.max_receive_message_length': maxBytes,
    'grpc.max_send_message_length': MAX_ANSWER_BYTES,
    'grpc.max_concurrent_streams': limits.streamsPerConnection,
    'grpc-node.max_session_memory': 64,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    ...(maxConnectionAgeS === 0
      ? {}
      : {
          'grpc.max_connection_age_ms': maxConnectionAgeS * 1_000,
          'grpc.max_connection_age_grace_ms': deadlineMs + 1_000,
        }),
  };
}

/** The HTTP/2 server inside grpc-js, to which there is no public door. If a new version hides it, the server refuses to start. */
function innerServer(server: Server): Http2Server {
  const { http2Servers } = server as unknown as { http2Servers?: Map<Http2Server, unknown> };
  const [inner] = http2Servers instanceof Map ? http2Servers.keys() : [];
  if (inner === undefined)
    throw new Error('This version of grpc-js does not show its HTTP/2 server; metadata could not be bounded.');
  return inner;
}

function boundMetadata(inner: Http2Server, { metadataBytes }: Limits): void {
  inner.updateSettings({ maxHeaderListSize: metadataBytes });
  // Node keeps the first of several `authorization` headers and drops the rest unseen; the pipeline must see them to refuse the call.
  inner.prependListener(
    'stream',
    (_stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
      let count = 0;
      for (let index = 0; index < raw.length; index += 2)
        if (raw[index] === constants.HTTP2_HEADER_AUTHORIZATION) count += 1;
      if (count > 1) (headers as Record<string, unknown>).authorization = ['duplicate', 'duplicate'];
    },
  );
}
