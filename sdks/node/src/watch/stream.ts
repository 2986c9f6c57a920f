// One Watch stream after another, for as long as the client lives (SDK-42).
import { type ClientDuplexStream, type StatusObject, status } from '@grpc/grpc-js';
import type { WatchRequest, WatchResponse } from '../gen/trust/v1/session.ts';
import type { FeedChange, Notice } from '../lease/facts.ts';
import type { LeaseMachine } from '../lease/machine.ts';
import type { Reading } from '../lease/reading.ts';
import { PING_INTERVAL_MS } from '../lease/settings.ts';
import type { Clocks } from './clocks.ts';
import { toFeedChange } from './feed.ts';
import { unrefCall } from './keep_alive.ts';

export type WatchCall = ClientDuplexStream<WatchRequest, WatchResponse>;

/** What the owner of the stream is told. */
export interface StreamEvents {
  /** A new stream begins. */
  opened(): void;
  /** A change came, and this is what the machine made of it. */
  changed(change: FeedChange, notice: Notice | undefined): void;
  /** The backlog is complete; `missed` if it does not reach back to the last proof. */
  ready(missed: boolean, windowMs: number, now: Reading): void;
  /** A pong came. */
  proven(now: Reading): void;
  /** Every ping interval, with and without a stream. */
  tick(now: Reading): void;
}

const SILENT_TICKS = 6;
const USE_TICKS = 9;
const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 5_000;
const REFUSED_BACKOFF_MS = 60_000;
/** A stream that lived this long was none that failed. */
const LIVED_MS = 5_000;
const GOODBYE_MS = 1_000;
const REFUSALS: readonly number[] = [status.UNIMPLEMENTED, status.PERMISSION_DENIED];

export class WatchStream {
  readonly #machine: LeaseMachine<unknown>;
  readonly #clocks: Clocks;
  readonly #connect: () => WatchCall;
  readonly #events: StreamEvents;
  readonly #tenantId: string;
  #call: WatchCall | undefined;
  #number = 0;
  #ready = false;
  #openedAt = 0;
  #failures = 0;
  /** Ticks since a message came: a process that could not run hears nothing either, and that is not the stream's fault. */
  #silentTicks = 0;
  #useTicks = 0;
  #ticker: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    machine: LeaseMachine<unknown>,
    clocks: Clocks,
    tenantId: string,
    connect: () => WatchCall,
    events: StreamEvents,
  ) {
    this.#machine = machine;
    this.#clocks = clocks;
    this.#tenantId = tenantId;
    this.#connect = connect;
    this.#events = events;
  }

  /** Streams opened so far. */
  get opened(): number {
    return this.#number;
  }

  /** Begins to watch; from the second time on it does nothing. */
  start(): void {
    if (this.#ticker !== undefined || this.#closed) return;
    this.#ticker = setInterval(() => this.#tick(), PING_INTERVAL_MS).unref();
    this.#open();
  }

  /** Reports the last uses and ends the stream. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#ticker);
    clearTimeout(this.#retry);
    const call = this.#call;
    if (call === undefined) return;
    this.#reportUses();
    this.#machine.close(this.#number);
    this.#call = undefined;
    call.end();
    const cancel = setTimeout(() => call.cancel(), GOODBYE_MS).unref();
    call.on('status', () => clearTimeout(cancel));
  }

  #open(): void {
    this.#retry = undefined;
    this.#ready = false;
    this.#silentTicks = 0;
    this.#useTicks = 0;
    this.#openedAt = performance.now();
    const number = this.#machine.open();
    this.#number = number;
    this.#events.opened();
    const call = this.#connect();
    this.#call = call;
    call.on('metadata', () => unrefCall(call));
    call.on('data', (message: WatchResponse) => this.#took(number, message));
    // The status tells the same, and also comes where there was no error.
    call.on('error', () => {});
    call.on('status', (ended: StatusObject) => this.#ended(call, ended.code));
    call.write({ message: { $case: 'start', value: { tenantId: this.#tenantId } } });
    this.#ping(call);
  }

  #ping(call: WatchCall): void {
    const number = this.#machine.ping(this.#number, this.#clocks());
    if (number !== undefined) call.write({ message: { $case: 'ping', value: { number: BigInt(number) } } });
  }

  #took(stream: number, { message }: WatchResponse): void {
    if (stream !== this.#number) return;
    this.#silentTicks = 0;
    const now = this.#clocks();
    switch (message?.$case) {
      case 'change': {
        const change = toFeedChange(message.value);
        this.#events.changed(change, this.#machine.change(stream, change, now));
        return;
      }
      case 'ready': {
        const { stalenessBoundMs, backlogWindowMs } = message.value;
        this.#ready = true;
        const { missed } = this.#machine.ready(stream, stalenessBoundMs, backlogWindowMs, now);
        this.#events.ready(missed, backlogWindowMs, now);
        return;
      }
      case 'pong': {
        const { number, databaseTime } = message.value;
        this.#machine.pong(stream, Number(number), databaseTime?.getTime() ?? 0);
        this.#events.proven(now);
      }
    }
  }

  #tick(): void {
    this.#events.tick(this.#clocks());
    const call = this.#call;
    if (call === undefined) return;
    this.#silentTicks += 1;
    if (this.#silentTicks > SILENT_TICKS) {
      this.#ended(call, status.UNAVAILABLE);
      return;
    }
    this.#ping(call);
    this.#useTicks += 1;
    if (this.#useTicks >= USE_TICKS) this.#reportUses();
  }

  #reportUses(): void {
    if (!this.#ready) return;
    this.#useTicks = 0;
    for (;;) {
      const uses = this.#machine.takeUses(this.#clocks());
      if (uses.length === 0) return;
      this.#call?.write({ message: { $case: 'use', value: { uses } } });
    }
  }

  #ended(call: WatchCall, code: number): void {
    if (call !== this.#call) return;
    this.#call = undefined;
    this.#machine.close(this.#number);
    call.cancel();
    if (this.#closed) return;
    this.#failures = performance.now() - this.#openedAt < LIVED_MS ? this.#failures + 1 : 0;
    const spanMs = REFUSALS.includes(code)
      ? REFUSED_BACKOFF_MS
      : Math.random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#failures);
    this.#retry = setTimeout(() => this.#open(), spanMs).unref();
  }
}
