// Time as the lease sees it: an argument, read by the caller from both clocks of its machine at once.

/** Both clocks of one machine, read together. Milliseconds; fractions are welcome. */
export interface Reading {
  /** A clock that never steps; it may stand still while the machine is suspended. Any origin. */
  readonly mono: number;
  /** Milliseconds since 1970, UTC. It may step either way. */
  readonly wall: number;
}

/** A clock may run wrong by 1 % (WAT-11): a span that ends a yes is cut by that much, one that ends a no is stretched. */
const DRIFT = 0.01;

/** The longest measured span that is surely below `ms` of true time. */
export const surelyWithin = (ms: number): number => ms * (1 - DRIFT);

/** The shortest measured span that is surely `ms` of true time. */
export const surelyPast = (ms: number): number => ms * (1 + DRIFT);

/** What may have passed at most: the larger of what both clocks say. Ends a yes. `NaN` if a clock gives no number. */
export function elapsed(from: Reading, to: Reading): number {
  return Math.max(to.mono - from.mono, to.wall - from.wall);
}

/** A moment in which questions were asked. Many entries hold the same one, so that each is small. */
export interface Moment {
  /** When the first of them was asked. */
  readonly at: Reading;
  /** When their answers have served for as long as they may. Database time. */
  readonly servesUntil: number;
}

const MOMENT_MS = 100;

/** Gives the moment of a question. */
export class Moments {
  #last: Moment = { at: { mono: -Infinity, wall: -Infinity }, servesUntil: -Infinity };

  /** A moment that began at this reading, or up to a tenth of a second before. */
  of(at: Reading, servesUntil: number): Moment {
    const { mono, wall } = this.#last.at;
    const isSame = at.mono >= mono && at.mono - mono < MOMENT_MS && at.wall >= wall && at.wall - wall < MOMENT_MS;
    if (!isSame) this.#last = { at, servesUntil };
    return this.#last;
  }
}
