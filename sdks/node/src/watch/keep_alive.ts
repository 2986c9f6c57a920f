// A stream that is always open must not keep the process alive; a call under way must (SDK-43).
const LONGEST_MS = 2_147_483_647;

/** Keeps the process alive while calls are under way. */
export class KeepAlive {
  #calls = 0;
  #timer: NodeJS.Timeout | undefined;

  begin(): void {
    this.#calls += 1;
    if (this.#calls > 1) return;
    if (this.#timer === undefined) this.#timer = setInterval(() => {}, LONGEST_MS);
    else this.#timer.ref();
  }

  end(): void {
    this.#calls -= 1;
    if (this.#calls === 0) this.#timer?.unref();
  }
}

type Inner = Readonly<Record<string, unknown>> | undefined;

const member = (value: unknown, name: string): unknown => (value as Inner)?.[name];

/**
 * Lets the connection of a call no longer keep the process alive. grpc-js has no public way to it: the session is
 * looked for where its versions 1.14 keep it, and if it is not there, nothing is changed, and `close` ends the stream.
 */
export function unrefCall(call: object): void {
  const resolving = ['call', 'call', 'child'].reduce<unknown>((at, name) => member(at, name), call);
  const retrying = member(resolving, 'underlyingCalls');
  for (const underlying of Array.isArray(retrying) ? retrying : []) {
    const stream = ['call', 'child', 'http2Stream', 'session'].reduce<unknown>(
      (at, name) => member(at, name),
      underlying,
    );
    const unref = member(stream, 'unref');
    if (typeof unref === 'function') unref.call(stream);
  }
}
