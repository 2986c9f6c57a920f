import type { handleUnaryCall, Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import type { Caller, EncodedHandler, Handler } from '../contract/rpc.ts';
import { invalidField, TrustError } from '../errors/trust_error.ts';
import { DEFAULT_TENANT } from '../features/tenant/tenant.ts';
import type { Log } from '../log.ts';
import { namesOf } from './certificate.ts';
import { Unreadable } from './codec.ts';
import type { Binding, MethodRow } from './methods.ts';
import { failureOf } from './status.ts';

/** What a caller shows of itself. */
export type Credentials = {
  /** The one value of the metadata `authorization`, as sent. */
  readonly authorization?: string | undefined;
  /** Names of the verified client certificate; read only when asked for. */
  readonly certificateNames: readonly string[];
};

/** Tells which service calls, or throws SERVICE_KEY_MISSING or SERVICE_KEY_REJECTED. */
export type Authenticate = (credentials: Credentials) => Caller | Promise<Caller>;

export type Pipeline = {
  readonly authenticate: Authenticate;
  /** Whether certificates of clients are verified. */
  readonly mutualTls: boolean;
  /** Longest time of a call in milliseconds, whatever the client asks for. */
  readonly deadlineMs: number;
  readonly draining: () => boolean;
  readonly log: Log;
};

/** A call that takes longer, in milliseconds, gets a line in the log. */
const SLOW_MS = 1_000;
/** grpc-js ends a call at the client's deadline without details; ours must come first. */
const DEADLINE_MARGIN_MS = 2;
/** Failures of what lies behind (a database that is away) are logged once in this time for each reason. */
const REPEAT_MS = 1_000;

const NO_NAMES: readonly string[] = [];
const TENANT_FORM = /^[a-z0-9-]{1,63}$/;
const CANCELLED = 1;

export type AnyCall = {
  readonly metadata: Metadata;
  getAuthContext(): { sslPeerCertificate?: Parameters<typeof namesOf>[0] };
};

class CertifiedCredentials implements Credentials {
  readonly authorization: string | undefined;
  readonly #call: AnyCall;
  #names: readonly string[] | undefined;

  constructor(authorization: string | undefined, call: AnyCall) {
    this.authorization = authorization;
    this.#call = call;
  }

  get certificateNames(): readonly string[] {
    this.#names ??= namesOf(this.#call.getAuthContext().sslPeerCertificate);
    return this.#names;
  }
}

export function credentialsOf(call: AnyCall, mutualTls: boolean): Credentials {
  const values = call.metadata.get('authorization');
  // Whoever reads the first and whoever reads the last must not disagree about who calls.
  if (values.length > 1) throw new TrustError('SERVICE_KEY_REJECTED');
  const authorization = values[0] as string | undefined;
  return mutualTls ? new CertifiedCredentials(authorization, call) : { authorization, certificateNames: NO_NAMES };
}

function tenantOf(row: MethodRow, request: unknown, caller: Caller): string {
  return row.tenant === 'none' ? caller.tenantId : tenantIn((request as { tenantId: string }).tenantId, caller);
}

/** The tenant that a request names, if it is the caller's. */
export function tenantIn(requested: string, caller: Caller): string {
  const tenantId = requested || DEFAULT_TENANT;
  if (tenantId === caller.tenantId) return tenantId;
  if (!TENANT_FORM.test(tenantId)) throw invalidField('tenant_id', 'must be 1 to 63 of a-z 0-9 -');
  throw new TrustError('TENANT_NOT_ALLOWED');
}

export function requireScope(row: MethodRow, caller: Caller): void {
  if (row.operator && caller.tenantId !== DEFAULT_TENANT) throw new TrustError('TENANT_NOT_ALLOWED');
  if (row.scope !== 'any' && !caller.scopes.has(row.scope))
    throw new TrustError('SCOPE_MISSING', { metadata: { scope: row.scope } });
  if (caller.suspended === true && !row.whileSuspended) throw new TrustError('TENANT_SUSPENDED');
}

/** Everything that stands between the wire and a unary handler, as one function: interceptors of grpc-js would cost more than all of it. */
export function unaryCall(
  { definition, row, handler, service }: Binding,
  pipeline: Pipeline,
): handleUnaryCall<unknown, Buffer> {
  const { authenticate, mutualTls, draining } = pipeline;
  const name = definition.path.slice(definition.path.indexOf(service));
  const report = reporter(name, pipeline.log);
  const longest = Math.min(row.deadlineMs, pipeline.deadlineMs);

  /** What memory can answer is answered at once: promises and timers would cost more than the answer. */
  function answer(call: ServerUnaryCall<unknown, Buffer>, progress: Progress): Buffer | Promise<Buffer> {
    if (draining()) throw new TrustError('DRAINING');
    const caller = authenticate(credentialsOf(call as unknown as AnyCall, mutualTls));
    return caller instanceof Promise ? caller.then((found) => act(call, progress, found)) : act(call, progress, caller);
  }

  function act(call: ServerUnaryCall<unknown, Buffer>, progress: Progress, caller: Caller): Buffer | Promise<Buffer> {
    progress.caller = caller;
    const { request } = call;
    if (request instanceof Unreadable) throw request.error;
    const tenantId = tenantOf(row, request, caller);
    requireScope(row, caller);
    if (handler === undefined) throw new TrustError('RPC_NOT_SERVED');
    // Nobody waits any more, so nothing is begun.
    if (call.cancelled || progress.ended) throw new TrustError('DEADLINE_EXCEEDED');
    const reply = (handler as Handler<unknown, unknown> | EncodedHandler<unknown>)(request, { tenantId, caller });
    return reply instanceof Promise ? reply.then(encoded) : encoded(reply);
  }

  const encoded = (reply: unknown): Buffer => (reply instanceof Buffer ? reply : definition.responseSerialize(reply));

  return (call, callback) => {
    const progress: Progress = { started: performance.now(), caller: undefined, ended: false };
    let timer: NodeJS.Timeout | undefined;

    function done(reply: Buffer): void {
      if (progress.ended) return;
      progress.ended = true;
      clearTimeout(timer);
      callback(null, reply);
      report.answered(progress, call);
    }

    function fail(error: unknown): void {
      const failure = failureOf(error);
      report.failed(error, failure, progress, call);
      if (progress.ended) return;
      progress.ended = true;
      clearTimeout(timer);
      callback(failure.status);
    }

    let reply: Buffer | Promise<Buffer>;
    try {
      reply = answer(call, progress);
    } catch (error) {
      fail(error);
      return;
    }
    if (!(reply instanceof Promise)) {
      done(reply);
      return;
    }
    const remaining = Number(call.getDeadline()) - Date.now() - DEADLINE_MARGIN_MS;
    timer = setTimeout(() => fail(new TrustError('DEADLINE_EXCEEDED')), Math.max(0, Math.min(remaining, longest)));
    reply.then(done, fail);
  };
}

type Progress = { readonly started: number; caller: Caller | undefined; ended: boolean };
type Peer = { readonly cancelled: boolean; getPeer(): string };

/** Writes the lines of one RPC: each call at debug, slow and internally failed ones always. */
export function reporter(rpc: string, log: Log) {
  const lastReported = new Map<string, number>();

  function fieldsOf({ started, caller }: Progress, peer: Peer, now: number): Record<string, unknown> {
    const ms = Math.round((now - started) * 10) / 10;
    return { rpc, ms, peer: peer.getPeer(), service: caller?.service, tenant_id: caller?.tenantId };
  }

  return {
    answered(progress: Progress, peer: Peer): void {
      const now = performance.now();
      const slow = now - progress.started > SLOW_MS;
      if (!slow && !log.isLevelEnabled('debug')) return;
      const fields = { ...fieldsOf(progress, peer, now), code: peer.cancelled ? CANCELLED : 0 };
      if (slow) log.warn(fields, 'A call was slow.');
      else log.debug(fields, 'call');
    },

    failed(
      error: unknown,
      { status, reason, requestId }: ReturnType<typeof failureOf>,
      progress: Progress,
      peer: Peer,
    ): void {
      const now = performance.now();
      const fields = () => ({ ...fieldsOf(progress, peer, now), code: status.code, reason });
      if (requestId !== undefined) {
        log.error({ ...fields(), request_id: requestId, err: error }, 'A call failed unexpectedly.');
      } else if (
        error instanceof TrustError &&
        error.cause !== undefined &&
        now - (lastReported.get(reason) ?? -REPEAT_MS) >= REPEAT_MS
      ) {
        lastReported.set(reason, now);
        log.warn({ ...fields(), err: error }, 'A call failed for a reason behind it.');
      } else if (now - progress.started > SLOW_MS) {
        log.warn(fields(), 'A call was slow and failed.');
      } else if (log.isLevelEnabled('debug')) {
        log.debug(fields(), 'call');
      }
    },
  };
}
