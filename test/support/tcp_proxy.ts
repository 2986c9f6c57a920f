// A TCP proxy that can hold back, slow down, and cut what passes it.
import { connect, createServer, type Server, type Socket } from 'node:net';

/** `up` is from the client to the server. */
export type Direction = 'up' | 'down';

type Piece = { readonly at: number; readonly bytes: Buffer };

/** One direction of one connection: bytes leave in order, each `delayMs` after it came, and none while it is held. */
class Lane {
  held: boolean;
  delayMs: number;
  readonly #to: Socket;
  readonly #pieces: Piece[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(to: Socket, held: boolean, delayMs: number) {
    this.#to = to;
    this.held = held;
    this.delayMs = delayMs;
  }

  put(bytes: Buffer): void {
    this.#pieces.push({ at: performance.now() + this.delayMs, bytes });
    this.pump();
  }

  pump(): void {
    clearTimeout(this.#timer);
    while (!this.held && this.#pieces[0] !== undefined) {
      const left = this.#pieces[0].at - performance.now();
      if (left > 0) {
        this.#timer = setTimeout(() => this.pump(), left);
        return;
      }
      const piece = this.#pieces.shift();
      if (piece !== undefined && !this.#to.destroyed) this.#to.write(piece.bytes);
    }
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#pieces.length = 0;
  }
}

type Pair = { readonly client: Socket; readonly server: Socket; readonly lanes: Readonly<Record<Direction, Lane>> };

export class TcpProxy {
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  readonly #held: Record<Direction, boolean> = { up: false, down: false };
  #delayMs = 0;
  #refuses = false;
  #host = '';
  #port = 0;

  private constructor(address: string) {
    this.aim(address);
    this.#listener = createServer((client) => this.#accept(client));
  }

  /** Leads new connections to another server. */
  aim(address: string): void {
    const [host = '', port] = address.split(':');
    this.#host = host;
    this.#port = Number(port);
  }

  /** Begins to listen on a free port of loopback. */
  static async before(address: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(address);
    await new Promise<void>((resolve) => proxy.#listener.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get address(): string {
    const address = this.#listener.address();
    return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : '';
  }

  /** Holds back what goes that way, of new connections too, until `heal`. Nothing is lost. */
  hold(...directions: readonly Direction[]): void {
    for (const direction of directions) this.#held[direction] = true;
    this.#apply();
  }

  /** Everything takes so long from now on, each way. */
  delay(ms: number): void {
    this.#delayMs = ms;
    this.#apply();
  }

  /** Breaks every connection; what was on its way is lost. */
  cut(): void {
    for (const pair of this.#pairs) {
      pair.client.resetAndDestroy();
      pair.server.destroy();
    }
  }

  /** Takes a connection and breaks it at once, until `heal`. */
  refuse(): void {
    this.#refuses = true;
    this.cut();
  }

  heal(): void {
    this.#refuses = false;
    this.#held.up = false;
    this.#held.down = false;
    this.#delayMs = 0;
    this.#apply();
  }

  close(): void {
    this.cut();
    this.#listener.close();
  }

  #apply(): void {
    for (const { lanes } of this.#pairs) {
      for (const direction of ['up', 'down'] as const) {
        Object.assign(lanes[direction], { held: this.#held[direction], delayMs: this.#delayMs });
        lanes[direction].pump();
      }
    }
  }

  #accept(client: Socket): void {
    if (this.#refuses) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#port, this.#host);
    const lane = (to: Socket, direction: Direction) => new Lane(to, this.#held[direction], this.#delayMs);
    const pair: Pair = { client, server, lanes: { up: lane(server, 'up'), down: lane(client, 'down') } };
    this.#pairs.add(pair);
    client.setNoDelay();
    server.setNoDelay();
    client.on('data', (bytes) => pair.lanes.up.put(bytes));
    server.on('data', (bytes) => pair.lanes.down.put(bytes));
    for (const [end, other] of [
      [client, server],
      [server, client],
    ] as const) {
      end.on('error', () => {});
      end.on('close', () => {
        this.#pairs.delete(pair);
        pair.lanes.up.end();
        pair.lanes.down.end();
        other.destroy();
      });
    }
  }
}
