import type { ServerHttp2Session } from 'node:http2';

/**
 * The open streams of a connection by their number: what Node asks of the `Map` in which it keeps them. Each time the table of a `Map` is made
 * anew, the old one points to the new one. Once one of them has reached the old generation, as at each full collection, it keeps the next alive,
 * and so on: every call that was open at one of these moments is then copied and kept, with all that hangs on it, until the next full collection
 * (docs/decisions/engine.md).
 */
export class StreamTable<T> {
  readonly #streams: Record<number, T> = Object.create(null);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    return id in this.#streams;
  }

  get(id: number): T | undefined {
    return this.#streams[id];
  }

  set(id: number, stream: T): this {
    if (!this.has(id)) this.#size += 1;
    this.#streams[id] = stream;
    return this;
  }

  delete(id: number): boolean {
    if (!this.has(id)) return false;
    this.#size -= 1;
    return delete this.#streams[id];
  }

  /** Those that are open when it is called. */
  forEach(each: (stream: T, id: number) => void): void {
    for (const [id, stream] of Object.entries(this.#streams)) each(stream, Number(id));
  }

  values(): ArrayIterator<T> {
    return Object.values(this.#streams)[Symbol.iterator]();
  }
}

type State = { streams?: unknown };
const ASKED = ['has', 'get', 'set', 'delete', 'forEach', 'values'] as const;

/** Gives a new connection such a table. Where Node keeps its streams in another way than is known here all stays as it is. Answers whether it was done. */
export function keepInTable(session: ServerHttp2Session): boolean {
  const key = Object.getOwnPropertySymbols(session).find(({ description }) => description === 'state');
  const state = key && (session as unknown as Record<symbol, State | undefined>)[key];
  const streams = state?.streams as Record<string, unknown> | undefined;
  if (state === undefined || streams?.size !== 0 || !ASKED.every((name) => typeof streams[name] === 'function'))
    return false;
  state.streams = new StreamTable();
  return true;
}
