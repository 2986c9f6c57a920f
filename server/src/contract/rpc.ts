import type { Scope } from '../features/service_key/service_key.ts';

/** The service behind a call, as the transport authenticated it. */
export type Caller = {
  readonly tenantId: string;
  readonly service: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly audiences: ReadonlySet<string>;
  /** Whether the tenant is suspended. */
  readonly suspended?: boolean;
  /** Id of the service key; of a certificate's caller, its name. */
  readonly key?: string;
};

/** What a handler knows of its call. `tenantId` is the request's (empty means `default`), already checked against the caller's. */
export type Call = { readonly tenantId: string; readonly caller: Caller };

/** The shape of every unary handler: a promise of the answer, or a TrustError. */
export type Handler<Request, Response> = (request: Request, call: Call) => Promise<Response>;

/** The same where speed matters: the answer is written already, and there at once if it can be. */
export type EncodedHandler<Request> = (request: Request, call: Call) => Buffer | Promise<Buffer>;

/** One open stream, as its handler sees it. */
export type StreamCall = {
  readonly caller: Caller;
  /** The tenant that a message names (empty means `default`); throws unless it is the caller's. */
  tenantOf(requested: string): string;
  /** Sends an encoded message. False: the caller is slow, and nothing more is to be sent until `drained`. */
  send(message: Uint8Array): boolean;
  /** Ends the stream with an error. Nothing is received after it. */
  fail(error: unknown): void;
};

/** The handler's side of one stream. A message that it throws for ends the stream with that error. */
export type StreamSide<Request> = {
  received(message: Request): void;
  drained(): void;
  /** The stream has ended, from whichever side. */
  closed(): void;
};

/** The shape of a handler of a stream in both directions. */
export type StreamHandler<Request> = (call: StreamCall) => StreamSide<Request>;
