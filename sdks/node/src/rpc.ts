// What the methods of the client are made of: a call, its options, and requests that may be partial.
import type { DeepPartial, MessageFns } from './gen/trust/v1/session.ts';

/** A request message of which anything may be left out; the tenant is filled in by the client. */
export type Input<Request> = DeepPartial<Request>;

/** Options of one call. */
export interface CallOptions {
  /** Deadline in milliseconds, all retries included; 1 to 3,600,000. Default: that of the client. */
  readonly timeoutMs?: number;
  /** Ends the call early with reason `CANCELLED`. */
  readonly signal?: AbortSignal;
}

/** A unary RPC as the generated service definitions describe it. */
export interface UnaryRpc<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly responseDeserialize: (value: Buffer) => Response;
}

/** What carries the methods; `TrustClient` makes the call. */
export abstract class Rpcs {
  /** Makes one call. Rejects with `TrustLayerError`. */
  protected abstract call<Request, Response>(
    rpc: UnaryRpc<Request, Response>,
    type: Pick<MessageFns<Request>, 'fromPartial'>,
    request: Input<Request>,
    options?: CallOptions,
  ): Promise<Response>;
}
