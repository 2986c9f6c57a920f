import {
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { Log } from '../log.ts';
import { type HealthList, type HealthRequest, type HealthResponse, healthDefinition } from './health_definition.ts';
import type { OpenStreams } from './open_streams.ts';

type Serving = 'SERVING' | 'NOT_SERVING';
type Watcher = ServerWritableStream<HealthRequest, HealthResponse>;

export type HealthOptions = {
  /** Answers while the store is usable; throws or hangs otherwise. */
  readonly ping: () => Promise<unknown>;
  /** Time between two pings, and longest time of one, in milliseconds. */
  readonly intervalMs: number;
  /** For so many milliseconds the store may fail before the server says NOT_SERVING. */
  readonly toleranceMs: number;
  readonly log: Log;
};

/**
 * The standard health service, for the whole server (`""`) and each service of the contract. It is our own, since that of
 * grpc-health-check keeps a set for every name that anybody watches, and never ends a watch when the server drains.
 */
export class Health {
  readonly #services: ReadonlySet<string>;
  readonly #watchers = new Map<Watcher, string>();
  readonly #options: HealthOptions;
  #status: Serving = 'SERVING';
  #draining = false;
  #failingSince: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(services: readonly string[], options: HealthOptions) {
    this.#services = new Set(['', ...services]);
    this.#options = options;
  }

  get status(): Serving {
    return this.#status;
  }

  addTo(server: Server, streams: OpenStreams): void {
    server.addService(healthDefinition, {
      check: ({ request }: ServerUnaryCall<HealthRequest, HealthResponse>, callback: sendUnaryData<HealthResponse>) => {
        if (this.#services.has(request.service)) callback(null, { status: this.#status });
        else callback({ code: status.NOT_FOUND, details: 'No such service.' });
      },
      list: (_call: unknown, callback: sendUnaryData<HealthList>) => {
        callback(null, {
          statuses: Object.fromEntries([...this.#services].map((name) => [name, { status: this.#status }])),
        });
      },
      watch: (call: Watcher) => {
        streams.add(call);
        this.#watchers.set(call, call.request.service);
        for (const event of ['close', 'cancelled', 'finish']) call.once(event, () => this.#watchers.delete(call));
        call.write({ status: this.#statusOf(call.request.service) });
      },
    });
  }

  #statusOf(service: string): HealthResponse['status'] {
    return this.#services.has(service) ? this.#status : 'SERVICE_UNKNOWN';
  }

  #set(next: Serving): void {
    if (next === this.#status) return;
    this.#status = next;
    for (const [call, service] of this.#watchers) if (this.#services.has(service)) call.write({ status: next });
  }

  /** Begins to ping the store. */
  start(): void {
    const look = async () => {
      await this.#ping();
      if (!this.#draining) this.#timer = setTimeout(look, this.#options.intervalMs).unref();
    };
    this.#timer = setTimeout(look, this.#options.intervalMs).unref();
  }

  async #ping(): Promise<void> {
    const { ping, intervalMs, toleranceMs, log } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('the store did not answer in time')), intervalMs);
      });
      await Promise.race([ping(), late]);
      if (this.#failingSince !== undefined) log.info({ event: 'store_back' }, 'The store answers again.');
      this.#failingSince = undefined;
      if (!this.#draining) this.#set('SERVING');
    } catch (error) {
      if (this.#failingSince === undefined)
        log.warn({ event: 'store_failing', err: error }, 'The store does not answer.');
      this.#failingSince ??= performance.now();
      if (performance.now() - this.#failingSince >= toleranceMs) this.#set('NOT_SERVING');
    } finally {
      clearTimeout(timer);
    }
  }

  /** Says NOT_SERVING for good. */
  drain(): void {
    this.#draining = true;
    clearTimeout(this.#timer);
    this.#set('NOT_SERVING');
  }
}
