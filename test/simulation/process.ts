import type { Reading } from '../../sdks/node/src/lease/reading.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** What the clocks of a machine may do. One of the two always tells the truth to 1 % (WAT-11): a machine that is suspended keeps its wall clock. */
export type ClockHabit = 'wall steps' | 'suspended';

/** A process on a machine of its own: clocks that drift, step and stand still; it can be paused, suspended and restarted. */
export class Process {
  readonly name: string;
  readonly habit: ClockHabit;
  readonly #timeline: Timeline;
  readonly #rate: number;
  #wallOffset: number;
  readonly #wallRate: number;
  #monoLost = 0;
  #stoppedAt: number | undefined;
  #inbox: (() => void)[] = [];
  #incarnation = 0;
  up = true;

  constructor(name: string, timeline: Timeline, random: Random, skew: number, slow: boolean) {
    this.name = name;
    this.#timeline = timeline;
    this.habit = random.chance(0.5) ? 'wall steps' : 'suspended';
    const drift = () =>
      slow ? -0.01 : random.chance(0.3) ? random.pick([-0.01, 0.01]) : random.between(-0.001, 0.001);
    this.#rate = 1 + drift();
    this.#wallRate = 1 + drift();
    this.#wallOffset = random.between(-skew, skew);
  }

  now(): Reading {
    const { now } = this.#timeline;
    const mono = (now - this.#monoLost) * this.#rate;
    return { mono, wall: EPOCH + now * this.#wallRate + this.#wallOffset };
  }

  step(ms: number): void {
    this.#wallOffset += ms;
  }

  get paused(): boolean {
    return this.#stoppedAt !== undefined;
  }

  /** Runs it when the process can, in the order of the calls; never if it was restarted meanwhile. */
  run(what: () => void, incarnation = this.#incarnation): void {
    if (incarnation !== this.#incarnation) return;
    if (this.paused || !this.up) this.#inbox.push(what);
    else what();
  }

  /** As `run`, after a delay of true time. */
  after(delay: number, what: () => void): void {
    const incarnation = this.#incarnation;
    this.#timeline.after(delay, () => this.run(what, incarnation));
  }

  /** A callback that dies with this incarnation. */
  bound<A extends readonly unknown[]>(what: (...args: A) => void): (...args: A) => void {
    const incarnation = this.#incarnation;
    return (...args) => this.run(() => what(...args), incarnation);
  }

  pause(ms: number, suspended: boolean, onResume: () => void): void {
    if (this.paused || !this.up) return;
    const began = this.#timeline.now;
    this.#stoppedAt = began;
    const incarnation = this.#incarnation;
    this.#timeline.after(ms, () => {
      if (incarnation !== this.#incarnation) return;
      if (suspended) this.#monoLost += this.#timeline.now - began;
      this.#stoppedAt = undefined;
      onResume();
      this.#drain();
    });
  }

  /** Everything of the old incarnation is gone at once; the new one starts after `ms`. */
  restart(ms: number, start: () => void): void {
    this.#incarnation += 1;
    this.#inbox = [];
    this.#stoppedAt = undefined;
    this.up = false;
    const incarnation = this.#incarnation;
    this.#timeline.after(ms, () => {
      if (incarnation !== this.#incarnation) return;
      this.up = true;
      start();
      this.#drain();
    });
  }

  #drain(): void {
    while (this.#inbox.length > 0 && !this.paused) this.#inbox.shift()?.();
  }
}

/** Wall time at the start of a schedule: 2026-01-01. */
export const EPOCH = 1_767_225_600_000;
