import { TrustError } from '../errors/trust_error.ts';
import { statusOf } from './status.ts';

type EndableStream = {
  emit(event: 'error', status: unknown): boolean;
  once(event: string, listener: () => void): unknown;
};

/** Streams that would outlive a drain; it ends them. */
export class OpenStreams {
  readonly #ends = new Set<() => void>();

  /** A stream of the standard services. */
  add(stream: EndableStream): void {
    const forget = this.track(() => void stream.emit('error', statusOf(new TrustError('DRAINING'))));
    for (const event of ['close', 'cancelled', 'finish']) stream.once(event, forget);
  }

  /** `end` is called by the drain, unless what is answered was called before. */
  track(end: () => void): () => void {
    this.#ends.add(end);
    return () => void this.#ends.delete(end);
  }

  get size(): number {
    return this.#ends.size;
  }

  endAll(): void {
    for (const end of [...this.#ends]) end();
    this.#ends.clear();
  }
}
