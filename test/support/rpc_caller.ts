// Calls a real server as a client that keeps no rule: typed requests or any bytes, any metadata, every RPC of the descriptor.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createFileRegistry, type DescMethod, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { type CallFailure, readFailure } from '../../server/src/cli/failure.ts';
import { SERVICES } from '../../server/src/grpc/methods.ts';

type Services = typeof SERVICES;
type RequestOf<D> = D extends { readonly requestSerialize: (value: infer Q) => Buffer } ? Q : never;
type AnswerOf<D> = D extends { readonly responseDeserialize: (bytes: Buffer) => infer A } ? A : never;
type Definition = {
  readonly path: string;
  readonly requestSerialize: (value: unknown) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => object;
  readonly responseDeserialize: (bytes: Buffer) => unknown;
};

export type CallOptions = {
  /** The `authorization` metadata; null leaves it out. By default the caller's service key. */
  readonly authorization?: string | null | undefined;
  /** Further metadata, in this order. */
  readonly metadata?: readonly (readonly [string, string])[];
  /** Milliseconds; 15 s by default. */
  readonly timeout?: number;
};

export type Failure = CallFailure & { readonly error: ServiceError };
export type Outcome<A> =
  | { readonly value: A; readonly failure?: undefined }
  | { readonly value?: undefined; readonly failure: Failure };

const CONTRACT = new URL('../../server/src/contract/gen/descriptor.binpb', import.meta.url);

/** Every RPC of the contract, from the descriptor that buf built. */
export const RPCS: readonly DescMethod[] = [
  ...createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(CONTRACT))),
].flatMap((each) => (each.kind === 'service' ? each.methods : []));

const isStream = ({ methodKind }: DescMethod) => methodKind !== 'unary';

export const pathOf = (rpc: DescMethod) => `/${rpc.parent.typeName}/${rpc.name}`;

const STREAMS: ReadonlySet<string> = new Set(RPCS.filter(isStream).map(pathOf));

/** One connection and one service key. */
export class RpcCaller {
  readonly serviceKey: string;
  readonly #tenantId: string;
  readonly #client: Client;

  /** `tenantId` is put into requests that name none. */
  constructor(address: string, serviceKey: string, tenantId = '') {
    this.serviceKey = serviceKey;
    this.#tenantId = tenantId;
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 200,
      'grpc.min_reconnect_backoff_ms': 50,
    });
  }

  /** Calls one RPC. Fields that are left out are empty. */
  async call<N extends keyof Services, M extends keyof Services[N]>(
    service: N,
    method: M,
    request: Partial<RequestOf<Services[N][M]>>,
    options: CallOptions = {},
  ): Promise<Outcome<AnswerOf<Services[N][M]>>> {
    const definition = SERVICES[service][method] as unknown as Definition;
    const whole = { ...definition.requestDeserialize(Buffer.alloc(0)), tenantId: this.#tenantId, ...request };
    const outcome = await this.raw(definition.path, definition.requestSerialize(whole), options);
    if (outcome.failure !== undefined) return outcome;
    return { value: definition.responseDeserialize(outcome.value) as AnswerOf<Services[N][M]> };
  }

  /** The answer; a refusal fails the test. */
  async ok<N extends keyof Services, M extends keyof Services[N]>(
    service: N,
    method: M,
    request: Partial<RequestOf<Services[N][M]>>,
    options: CallOptions = {},
  ): Promise<AnswerOf<Services[N][M]>> {
    const { value, failure } = await this.call(service, method, request, options);
    if (failure !== undefined) {
      const fields = failure.fields.map(({ field, description }) => `${field} ${description}`).join('; ');
      assert.fail(`${service}/${String(method)}: ${failure.reason} ${failure.message} ${fields}`);
    }
    return value as AnswerOf<Services[N][M]>;
  }

  /** The refusal; an answer fails the test. */
  async refused<N extends keyof Services, M extends keyof Services[N]>(
    service: N,
    method: M,
    request: Partial<RequestOf<Services[N][M]>>,
    options: CallOptions = {},
  ): Promise<Failure> {
    const { failure } = await this.call(service, method, request, options);
    assert.ok(failure !== undefined, `${service}/${String(method)} was answered`);
    return failure;
  }

  /** Sends these bytes as the one message of a call; of a stream the first answer is given. */
  raw(path: string, bytes: Uint8Array, options: CallOptions = {}): Promise<Outcome<Buffer>> {
    const { authorization = `Bearer ${this.serviceKey}`, metadata: more = [], timeout = 15_000 } = options;
    const metadata = new Metadata();
    if (authorization !== null) metadata.set('authorization', authorization);
    for (const [name, value] of more) metadata.add(name, name.endsWith('-bin') ? Buffer.from(value) : value);
    const deadline = Date.now() + timeout;
    const write = (value: Uint8Array) => Buffer.from(value);
    const read = (answer: Buffer) => answer;
    return new Promise((resolve) => {
      if (STREAMS.has(path)) {
        const stream = this.#client.makeBidiStreamRequest(path, write, read, metadata, { deadline });
        const answers: Buffer[] = [];
        stream.on('data', (answer: Buffer) => answers.push(answer));
        stream.on('error', (error: ServiceError) => resolve({ failure: { ...readFailure(error), error } }));
        stream.on('end', () => resolve({ value: answers[0] ?? Buffer.alloc(0) }));
        return stream.end(bytes);
      }
      this.#client.makeUnaryRequest(path, write, read, bytes, metadata, { deadline }, (error, value) => {
        resolve(error === null ? { value: value ?? Buffer.alloc(0) } : { failure: { ...readFailure(error), error } });
      });
    });
  }

  close(): void {
    this.#client.close();
  }
}

/** Name of a status code, for tables. */
export const statusName = (outcome: Outcome<unknown>): string =>
  outcome.failure === undefined ? 'OK' : (status[outcome.failure.error.code] ?? 'none');
