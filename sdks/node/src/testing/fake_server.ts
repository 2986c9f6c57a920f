// A server of the whole contract in this process, whose answers each test gives.
import { readdirSync, readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerInterceptor,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo } from '../gen/google/rpc/error_details.ts';
import { Status } from '../gen/google/rpc/status.ts';
import type { MessageFns, VerifyResponse, WatchRequest, WatchResponse } from '../gen/trust/v1/session.ts';

// Every file of the contract, whatever there is.
const folder = new URL('../gen/trust/v1/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));
const contract: Record<string, unknown> = Object.assign(
  {},
  ...(await Promise.all(files.map((file) => import(new URL(file, folder).href)))),
);
const services = Object.entries(contract)
  .filter(([name]) => name.endsWith('ServiceService'))
  .map(([, service]) => service as ServiceDefinition);

// Tests give partial answers; the wire needs whole ones.
function whole(name: string, answer: unknown): unknown {
  const type = contract[`${name.charAt(0).toUpperCase()}${name.slice(1)}Response`] as MessageFns<unknown>;
  return type.fromPartial((answer ?? {}) as never);
}

/** A well-formed session_id and sign-in code. */
export const SESSION_ID = 'ts_00000000000000000000000000000000000000000001z71Lf';
export const OTHER_SESSION_ID = 'ts_00000000000000000000000000000000000000000010V7Yj7';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function base62(value: number, length: number): string {
  let text = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) text = ALPHABET.charAt(rest % 62) + text;
  return text.padStart(length, '0');
}

/** A well-formed session_id for each number. */
export function sessionIdOf(number: number): string {
  const start = `ts_${base62(number, 43)}`;
  return start + base62(crc32(start), 6);
}

export interface SeenCall {
  readonly name: string;
  readonly request: Record<string, unknown>;
  readonly metadata: Metadata;
  readonly deadline: Date | number;
}

/** Answers one call: a response, partial as it may be, or a thrown status. */
export type Answer = (call: SeenCall) => unknown;

export interface FakeServer {
  readonly address: string;
  readonly calls: SeenCall[];
  readonly stop: () => void;
}

export type FakeWatchCall = ServerDuplexStream<WatchRequest, WatchResponse>;

export interface FakeServerOptions {
  /** Serves Watch, which is in no list of calls. Default: UNIMPLEMENTED. */
  readonly watch?: (call: FakeWatchCall) => void;
  readonly tls?: boolean;
  readonly interceptors?: ServerInterceptor[];
  readonly host?: string;
}

export const cert = (name: string) => readFileSync(new URL(`certs/${name}`, import.meta.url));

/** A status as the Trust Layer sends it. */
export function fault(
  code: status,
  facts: {
    reason?: string;
    domain?: string;
    metadata?: Record<string, string>;
    fields?: { field: string; description: string }[];
    retryAfterMs?: number;
    details?: string;
    detailsCode?: number;
  } = {},
): object {
  const { reason, domain = 'trust-layer', fields, retryAfterMs, details = 'no' } = facts;
  const any = (name: string, message: Uint8Array) => ({
    typeUrl: `type.googleapis.com/google.rpc.${name}`,
    value: Buffer.from(message),
  });
  const list = [];
  if (reason !== undefined) {
    list.push(any('ErrorInfo', ErrorInfo.encode({ reason, domain, metadata: facts.metadata ?? {} }).finish()));
  }
  if (fields !== undefined) {
    list.push(
      any('BadRequest', BadRequest.encode(BadRequest.fromPartial({ fieldViolations: fields } as never)).finish()),
    );
  }
  if (retryAfterMs !== undefined) {
    const delay = { seconds: BigInt(Math.floor(retryAfterMs / 1_000)), nanos: (retryAfterMs % 1_000) * 1e6 };
    list.push(any('RetryInfo', RetryInfo.encode({ retryDelay: delay }).finish()));
  }
  const metadata = new Metadata();
  const encoded = Status.encode({ code: facts.detailsCode ?? code, message: details, details: list }).finish();
  metadata.set('grpc-status-details-bin', Buffer.from(encoded));
  return { code, details, metadata };
}

/** A verdict that says active. */
export function activeVerdict(changes: object = {}): VerifyResponse {
  const value = {
    session: { handle: 'ses_1', tenantId: 'default', identityId: 'idn_1', version: 1n, epoch: 1n },
    identity: { id: 'idn_1', displayName: 'Ada', roles: ['admin'], epoch: 1n },
    cacheForMs: 250,
    ...changes,
  };
  return { verdict: { answer: { $case: 'active', value } } } as unknown as VerifyResponse;
}

/** Serves the contract on a free loopback port. RPCs without an answer end with UNIMPLEMENTED. */
export async function startFakeServer(
  answers: Readonly<Record<string, Answer>>,
  options: FakeServerOptions = {},
): Promise<FakeServer> {
  const server = new Server({ interceptors: options.interceptors ?? [] });
  const calls: SeenCall[] = [];
  for (const service of services) {
    const handlers = Object.entries(service).map(([name]) => {
      if (name === 'watch') {
        return [name, options.watch ?? ((call: FakeWatchCall) => call.emit('error', { code: status.UNIMPLEMENTED }))];
      }
      const handler = async (call: ServerUnaryCall<Record<string, unknown>, unknown>, done: sendUnaryData<unknown>) => {
        const seen = { name, request: call.request, metadata: call.metadata, deadline: call.getDeadline() };
        calls.push(seen);
        try {
          const answer = answers[name];
          done(answer === undefined ? { code: status.UNIMPLEMENTED } : null, whole(name, await answer?.(seen)));
        } catch (error) {
          done(error as Parameters<typeof done>[0]);
        }
      };
      return [name, handler];
    });
    server.addService(service, Object.fromEntries(handlers));
  }
  const credentials = options.tls
    ? ServerCredentials.createSsl(
        cert('ca.pem'),
        [{ cert_chain: cert('server.pem'), private_key: cert('server.key') }],
        true,
      )
    : ServerCredentials.createInsecure();
  const host = options.host ?? '127.0.0.1';
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:0`, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return { address: `${host}:${port}`, calls, stop: () => server.forceShutdown() };
}
