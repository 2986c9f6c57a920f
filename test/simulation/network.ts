import type { Plan } from './plan.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** Links between named places. A partition holds what is sent into it, or loses it. */
export class Network {
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #plan: Plan;
  readonly #partedUntil = new Map<string, number>();

  constructor(timeline: Timeline, random: Random, plan: Plan) {
    this.#timeline = timeline;
    this.#random = random;
    this.#plan = plan;
  }

  part(a: string, b: string, ms: number): void {
    const until = this.#timeline.now + ms;
    for (const link of [`${a} ${b}`, `${b} ${a}`]) this.#partedUntil.set(link, until);
  }

  /** How long a message takes: held up by a partition as TCP holds it, late by a spike. */
  delay(from: string, to: string): number {
    const { baseMs, spikes, spikeMs } = this.#plan.net;
    const held = Math.max(0, (this.#partedUntil.get(`${from} ${to}`) ?? 0) - this.#timeline.now);
    const spike = this.#random.chance(spikes) ? this.#random.pick(spikeMs) : 0;
    return held + this.#random.between(0.1, baseMs) + this.#random.between(0.5, 1) * spike;
  }

  /** A message of its own: may be lost, may overtake others. */
  send(from: string, to: string, deliver: () => void): void {
    if (this.#random.chance(this.#plan.net.loss)) return;
    const delay = this.delay(from, to);
    if (delay > 3_000 && this.#random.chance(0.5)) return;
    this.#timeline.after(delay, deliver);
  }
}

/** One direction of a stream: in order, each once, until it is cut. */
class Lane {
  #last = 0;
  cutAt = Infinity;
  readonly #timeline: Timeline;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  send(delay: number, deliver: () => void): void {
    this.#last = Math.max(this.#last, this.#timeline.now + delay);
    const at = this.#last;
    // By the instant itself: a sum of differences could be rounded past another message.
    this.#timeline.at(at, () => {
      if (at < this.cutAt) deliver();
    });
  }
}

/** What the server's end of a stream is told. */
export interface ServerEnd {
  ping(number: number): void;
  ended(): void;
}

/** A bidirectional stream between an SDK and a node. Each end learns of a cut in its own time, or never. */
export class Stream {
  readonly #network: Network;
  readonly #random: Random;
  readonly #timeline: Timeline;
  readonly #client: string;
  readonly #server: string;
  readonly #up: Lane;
  readonly #down: Lane;
  #cut = false;
  onClientEnd: () => void = () => {};
  onServerEnd: () => void = () => {};

  constructor(timeline: Timeline, random: Random, network: Network, client: string, server: string) {
    this.#timeline = timeline;
    this.#random = random;
    this.#network = network;
    this.#client = client;
    this.#server = server;
    this.#up = new Lane(timeline);
    this.#down = new Lane(timeline);
  }

  toServer(deliver: () => void): void {
    if (!this.#cut) this.#up.send(this.#network.delay(this.#client, this.#server), deliver);
  }

  toClient(deliver: () => void): void {
    if (!this.#cut) this.#down.send(this.#network.delay(this.#server, this.#client), deliver);
  }

  /** Nothing sent from now on arrives, and perhaps the last things sent before do not either. */
  cut(): void {
    if (this.#cut) return;
    this.#cut = true;
    const spread = () => this.#random.pick([0, 20, 3_000]) * this.#random.next();
    const [up, down] = [spread(), spread()];
    this.#up.cutAt = this.#timeline.now + up;
    this.#down.cutAt = this.#timeline.now + down;
    if (this.#random.chance(0.8)) this.#timeline.after(down, () => this.onClientEnd());
    this.#timeline.after(up + this.#random.pick([0, 100, 5_000]), () => this.onServerEnd());
  }
}
