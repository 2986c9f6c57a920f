// The lease: how far a round trip through the change feed proves that memory is current (WAT-5, WAT-6).
import { elapsed, type Reading, surelyWithin } from './reading.ts';

/** Pings that wait for their pong; older ones could give no lease any more. */
const MAX_PINGS = 64;

export class Lease {
  readonly #configuredMs: number;
  #boundMs: number;
  #lengthMs: number;
  #number = 0;
  #pings: { readonly number: number; readonly sent: Reading }[] = [];
  #sent: Reading | undefined;
  #databaseTime = 0;
  #held = false;

  constructor(boundMs: number) {
    this.#configuredMs = boundMs;
    this.#boundMs = boundMs;
    this.#lengthMs = surelyWithin(boundMs);
  }

  /** B as it is now. */
  get boundMs(): number {
    return this.#boundMs;
  }

  /** When the ping was sent whose pong came last: everything committed before is known here. Undefined before the first. */
  get provenAt(): Reading | undefined {
    return this.#sent;
  }

  /** The database's clock when the read behind the last pong began. */
  get databaseTime(): number {
    return this.#databaseTime;
  }

  /** A new stream: nothing is held. Pings count on, so that no late pong of an old stream is taken for one of this. */
  reset(): void {
    this.#held = false;
    this.#pings = [];
  }

  /** The server's B; it can make the configured one shorter, never longer. Without one there is no lease. */
  announce(boundMs: number): void {
    const given = boundMs > 0;
    this.#boundMs = given ? Math.min(this.#configuredMs, boundMs) : this.#configuredMs;
    this.#lengthMs = given ? surelyWithin(this.#boundMs) : 0;
  }

  /** Numbers a ping. `now` must be read before the ping is handed to the transport. */
  ping(now: Reading): number {
    this.#number += 1;
    this.#pings.push({ number: this.#number, sent: now });
    if (this.#pings.length > MAX_PINGS) this.#pings.shift();
    return this.#number;
  }

  /** The lease reaches to the sending of ping `number` + B, however long the pong took. Unknown numbers and pongs without a time prove nothing. */
  pong(number: number, databaseTime: number): boolean {
    const ping = this.#pings.find((waiting) => waiting.number === number);
    if (ping === undefined || !(databaseTime > 0)) return false;
    this.#pings = this.#pings.filter((waiting) => waiting.number > number);
    this.#sent = ping.sent;
    this.#databaseTime = databaseTime;
    this.#held = true;
    return true;
  }

  /** Milliseconds since the proof, if the lease holds; `NaN` if not. One that was seen to end does not come back by itself. */
  age(now: Reading): number {
    if (!this.#held || this.#sent === undefined) return NaN;
    const age = elapsed(this.#sent, now);
    if (age < this.#lengthMs) return age;
    this.#held = false;
    return NaN;
  }

  /** What the database's clock says now at most: the proof began after its ping was sent. Undefined before the first pong. */
  latestDatabaseTime(now: Reading): number | undefined {
    return this.#sent && this.#databaseTime + elapsed(this.#sent, now);
  }
}
