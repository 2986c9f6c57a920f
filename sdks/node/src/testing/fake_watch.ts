// Watch as each test wants it: the fake server never says anything by itself.
import type { status as Status } from '@grpc/grpc-js';
import type { DeepPartial } from '../gen/trust/v1/session.ts';
import { Change, type SessionUse, type WatchRequest, WatchResponse } from '../gen/trust/v1/session.ts';
import type { Reading } from '../index.ts';
import type { FakeWatchCall } from './fake_server.ts';

/** Both clocks, as a test sets them. */
export class FakeClocks {
  mono = 5_000_000;
  wall = 1_800_000_000_000;

  readonly read = (): Reading => ({ mono: this.mono, wall: this.wall });

  advance(ms: number): void {
    this.mono += ms;
    this.wall += ms;
  }
}

/** Values that are taken as they come, or awaited. */
class Inbox<T> {
  readonly #values: T[] = [];
  readonly #waiting: ((value: T) => void)[] = [];

  put(value: T): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#values.push(value);
    else next(value);
  }

  take(): Promise<T> {
    const [value] = this.#values.splice(0, 1);
    return value === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(value);
  }

  /** Forgets what nobody took. */
  drain(): void {
    this.#values.length = 0;
  }
}

/** One stream, seen from the server. */
export class FakeStream {
  readonly first: Promise<WatchRequest>;
  readonly ended: Promise<void>;
  readonly pings = new Inbox<number>();
  readonly uses = new Inbox<readonly SessionUse[]>();
  readonly #call: FakeWatchCall;
  readonly #clocks: FakeClocks;

  constructor(call: FakeWatchCall, clocks: FakeClocks) {
    this.#call = call;
    this.#clocks = clocks;
    this.first = new Promise((resolve) => call.once('data', resolve));
    this.ended = new Promise((resolve) => {
      call.on('end', () => {
        call.end();
        resolve();
      });
      call.on('cancelled', resolve);
    });
    call.on('data', ({ message }: WatchRequest) => {
      if (message?.$case === 'ping') this.pings.put(Number(message.value.number));
      if (message?.$case === 'use') this.uses.put(message.value.uses);
    });
    call.on('error', () => {});
  }

  get authorization(): unknown {
    return this.#call.metadata.get('authorization')[0];
  }

  ready(windowMs = 360_000, boundMs = 2_000): void {
    this.#send({ ready: { stalenessBoundMs: boundMs, backlogWindowMs: windowMs } });
  }

  /** @param databaseTime - default: what the fake wall clock says; 0 for none */
  pong(number: number, databaseTime = this.#clocks.wall): void {
    this.#send({
      pong: { number: BigInt(number), ...(databaseTime === 0 ? {} : { databaseTime: new Date(databaseTime) }) },
    });
  }

  change(change: DeepPartial<Change>): void {
    this.#send({ change: Change.fromPartial({ tenantId: 'default', ...change } as never) });
  }

  revoked(handle: string, version = 2n): void {
    this.change({ subject: { $case: 'session', value: { handle, version, revoked: true } } } as never);
  }

  /** Ready, and a pong to the next ping: the client has a lease from when that was sent. */
  async prove(): Promise<void> {
    this.ready();
    this.pong(await this.pings.take());
  }

  /** A pong to a ping that is sent from now on. */
  async renew(): Promise<void> {
    this.pings.drain();
    this.pong(await this.pings.take());
  }

  cut(code: Status): void {
    this.#call.emit('error', { code, details: 'cut' });
  }

  #send(message: Readonly<Record<string, unknown>>): void {
    const [[name, value] = ['', {}]] = Object.entries(message);
    this.#call.write(WatchResponse.fromPartial({ message: { $case: name, value } } as never));
  }
}

export class FakeWatch {
  readonly streams = new Inbox<FakeStream>();
  readonly clocks: FakeClocks;
  opened = 0;

  constructor(clocks: FakeClocks) {
    this.clocks = clocks;
  }

  readonly serve = (call: FakeWatchCall): void => {
    this.opened += 1;
    this.streams.put(new FakeStream(call, this.clocks));
  };
}
