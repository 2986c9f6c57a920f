import type { Span } from './clock.ts';

/** Runs something once after a span; answers how to call it off. Features take it as an argument, so that tests can set the time. */
export type Timer = (after: Span, run: () => void) => () => void;

/** The timer of the running process; it keeps no process alive. */
export const systemTimer: Timer = (after, run) => {
  const timer = setTimeout(run, after).unref();
  return () => clearTimeout(timer);
};
