// Entries of earlier streams, kept for degraded answers and for nothing else.
import type { Entry } from './entries.ts';
import { elapsed, type Reading } from './reading.ts';

export class Aside<T> {
  #entries = new Map<string, Entry<T>>();
  #since: Reading | undefined;
  readonly #limit: number;
  readonly #maxAgeMs: number;

  constructor(limit: number, maxAgeMs: number) {
    this.#limit = limit;
    this.#maxAgeMs = maxAgeMs;
  }

  get(key: string): Entry<T> | undefined {
    return this.#entries.get(key);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Takes over what memory held; what was aside before stays as far as there is room. */
  put(entries: Map<string, Entry<T>>): void {
    if (entries.size === 0) return;
    for (const [key, entry] of this.#entries) {
      if (entries.size >= this.#limit) break;
      if (!entries.has(key)) entries.set(key, entry);
    }
    this.#entries = entries;
    this.#since = undefined;
  }

  /** Lets all go once it is too old to serve. */
  tidy(now: Reading): void {
    if (this.#since === undefined) this.#since = now;
    else if (!(elapsed(this.#since, now) < this.#maxAgeMs)) this.#entries.clear();
  }
}
