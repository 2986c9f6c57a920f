// The clocks of this machine.
import type { Reading } from '../lease/reading.ts';

/** Reads both clocks at once. */
export type Clocks = () => Reading;

export const systemClocks: Clocks = () => ({ mono: performance.now(), wall: Date.now() });
