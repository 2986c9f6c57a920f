/** An instant: whole milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** A span in whole milliseconds. */
export type Span = number;

/** Gives the present instant. Features take it as an argument, so that tests can set the time. */
export type Clock = () => Instant;

/** Both clocks of this machine, read together: one that never steps but may stand still while the machine is suspended, and that of the wall. Milliseconds, fractions included. */
export type Reading = { readonly mono: number; readonly wall: number };

/** Gives the present reading. */
export type Clocks = () => Reading;

/** What may have passed at most: the larger of what both clocks say. */
export const elapsed = (from: Reading, to: Reading): number => Math.max(to.mono - from.mono, to.wall - from.wall);

export const SECOND: Span = 1_000;
export const MINUTE: Span = 60 * SECOND;
export const HOUR: Span = 60 * MINUTE;
export const DAY: Span = 24 * HOUR;
