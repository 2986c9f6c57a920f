import { constants, type ServerHttp2Stream } from 'node:http2';
import type { handleBidiStreamingCall, ServerDuplexStream } from '@grpc/grpc-js';
import type { Caller, StreamHandler, StreamSide } from '../contract/rpc.ts';
import { TrustError } from '../errors/trust_error.ts';
import { Unreadable } from './codec.ts';
import type { Binding } from './methods.ts';
import type { OpenStreams } from './open_streams.ts';
import { type AnyCall, credentialsOf, type Pipeline, reporter, requireScope, tenantIn } from './pipeline.ts';
import { failureOf } from './status.ts';

/** Bounds of streams. Times in milliseconds. */
export type StreamLimits = {
  /** Open streams of one connection, and of one service on this node. */
  readonly watchesPerConnection: number;
  readonly watchesPerService: number;
  /** A caller who reads nothing for so long while something waits for it is cut. */
  readonly stalledMs: number;
  /** How often it is looked whether the caller may still call, and for how long that may fail for reasons behind it. */
  readonly recheckMs: number;
  readonly uncheckedMs: number;
  /** Until when the first message must have come. */
  readonly firstMessageMs: number;
  /** How long a caller has to read why its stream ended before it is reset. */
  readonly lingerMs: number;
};

export const STREAM_LIMITS: StreamLimits = {
  watchesPerConnection: 16,
  watchesPerService: 1_024,
  stalledMs: 10_000,
  recheckMs: 500,
  uncheckedMs: 5_000,
  firstMessageMs: 10_000,
  lingerMs: 1_000,
};

type Call = ServerDuplexStream<unknown, Uint8Array>;

/** Everything that stands between the wire and the handler of a stream in both directions; the counterpart of `unaryCall`. */
export function streamCalls(
  pipeline: Pipeline,
  streams: OpenStreams,
  limits: StreamLimits,
): (binding: Binding) => handleBidiStreamingCall<unknown, Uint8Array> {
  const open = new Counts();

  return ({ definition, row, handler, service }) => {
    const report = reporter(definition.path.slice(definition.path.indexOf(service)), pipeline.log);

    function admit(call: Call, caller: Caller): () => void {
      const releases = [
        open.add(`connection ${call.getPeer()}`, limits.watchesPerConnection, 'watches_per_connection'),
        open.add(`service ${caller.tenantId} ${caller.service}`, limits.watchesPerService, 'watches_per_service'),
      ];
      const failed = releases.find((each) => each instanceof TrustError);
      const release = () => {
        for (const each of releases) if (!(each instanceof TrustError)) each();
      };
      if (failed === undefined) return release;
      release();
      throw failed;
    }

    async function authenticated(call: Call): Promise<Caller> {
      const caller = await pipeline.authenticate(credentialsOf(call as unknown as AnyCall, pipeline.mutualTls));
      requireScope(row, caller);
      return caller;
    }

    return (call) => {
      let over = false;
      let caller: Caller | undefined;
      let side: StreamSide<unknown> | undefined;
      let received = 0;
      let stalledSince: number | undefined;
      let checkedAt = performance.now();
      let timer: NodeJS.Timeout | undefined;
      let release = () => {};
      const forget = streams.track(() => fail(new TrustError('DRAINING')));
      const progress = () => ({ started: performance.now(), caller, ended: over });

      function close(): void {
        if (over) return;
        over = true;
        clearInterval(timer);
        forget();
        release();
        side?.closed();
        // What still comes is read, or the end of the stream would wait behind it.
        call.resume();
      }

      function fail(error: unknown): void {
        if (over) return;
        const failure = failureOf(error);
        report.failed(error, failure, progress(), call);
        close();
        call.emit('error', failure.status);
        setTimeout(() => reset(call), limits.lingerMs).unref();
      }

      function receive(message: unknown): void {
        if (over) return;
        received += 1;
        try {
          if (message instanceof Unreadable) throw message.error;
          side?.received(message);
        } catch (error) {
          fail(error);
        }
      }

      function send(message: Uint8Array): boolean {
        if (over) return false;
        // grpc-js wants a Buffer; this is a view of the same bytes.
        if (call.write(Buffer.from(message.buffer, message.byteOffset, message.byteLength))) return true;
        stalledSince ??= performance.now();
        return false;
      }

      /** Whether the caller may still call: a revoked key ends what it began. */
      async function recheck(first: Caller): Promise<void> {
        try {
          const now = await authenticated(call);
          if (now.service !== first.service || now.tenantId !== first.tenantId)
            throw new TrustError('SERVICE_KEY_REJECTED');
          checkedAt = performance.now();
        } catch (error) {
          const behind = error instanceof TrustError && error.reason === 'DATABASE_UNAVAILABLE';
          if (!behind || performance.now() - checkedAt > limits.uncheckedMs) fail(error);
        }
      }

      async function begin(): Promise<void> {
        if (pipeline.draining()) throw new TrustError('DRAINING');
        const first = await authenticated(call);
        caller = first;
        if (handler === undefined) throw new TrustError('RPC_NOT_SERVED');
        if (over) return;
        release = admit(call, first);
        side = (handler as StreamHandler<unknown>)({
          caller: first,
          tenantOf: (requested) => tenantIn(requested, first),
          send,
          fail,
        });
        call.on('data', receive);
        call.on('drain', () => {
          stalledSince = undefined;
          if (!over) side?.drained();
        });
        call.on('end', () => {
          if (over) return;
          report.answered(progress(), call);
          close();
          call.end();
          setTimeout(() => reset(call), limits.lingerMs).unref();
        });
        const began = performance.now();
        let checking = false;
        timer = setInterval(() => {
          const now = performance.now();
          if (received === 0 && now - began > limits.firstMessageMs) fail(new TrustError('DEADLINE_EXCEEDED'));
          else if (stalledSince !== undefined && now - stalledSince > limits.stalledMs) fail(stalled());
          else if (!checking) {
            checking = true;
            void recheck(first).finally(() => {
              checking = false;
            });
          }
        }, limits.recheckMs).unref();
      }

      call.on('cancelled', close);
      begin().catch(fail);
    };
  };
}

const stalled = () => new TrustError('RATE_LIMITED', { metadata: { limit: 'unread_changes' }, retryAfterMs: 1_000 });

/** How many are open, by name. */
class Counts {
  readonly #counts = new Map<string, number>();

  /** Counts one more and answers how to count it off, or the refusal where there are `most` already. */
  add(name: string, most: number, limit: string): (() => void) | TrustError {
    const count = this.#counts.get(name) ?? 0;
    if (count >= most) return new TrustError('RATE_LIMITED', { metadata: { limit }, retryAfterMs: 5_000 });
    this.#counts.set(name, count + 1);
    return () => {
      const left = (this.#counts.get(name) ?? 1) - 1;
      if (left === 0) this.#counts.delete(name);
      else this.#counts.set(name, left);
    };
  }
}

/** Ends the HTTP/2 stream of a caller who does not read: grpc-js has no public door to it, and without it unread bytes would be kept for ever. */
function reset(call: Call): void {
  const { stream } = (call as unknown as { call?: { stream?: ServerHttp2Stream } }).call ?? {};
  if (stream !== undefined && !stream.destroyed) stream.close(constants.NGHTTP2_CANCEL);
}
