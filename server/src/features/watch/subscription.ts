import { invalidField, TrustError } from '../../errors/trust_error.ts';
import { type Instant, SECOND } from '../../kernel/clock.ts';
import type { ChangeTail, NextRead } from '../change/tail.ts';
import type { Frame, Subscriber, WatchHub } from './hub.ts';

/** What one subscriber leaves unread on the server: beyond one of the two it is cut. */
export const MAX_QUEUED_FRAMES = 16_384;
export const MAX_QUEUED_BYTES = 1_048_576;

/** Where a subscription writes. `send` answers false when nothing more is to be sent until `drained`. */
export type Outlet = { send(frame: Frame): boolean; fail(error: unknown): void };

export type Subscription = {
  /** Begins: the backlog of the tenant, ready, then changes as they come. Throws INVALID_FIELD the second time. */
  start(tenantId: string): void;
  /** The tenant; throws INVALID_FIELD before `start`. */
  tenantId(): string;
  /** Is answered after a read that began later, and all that it found. Throws INVALID_FIELD for a number that does not rise. */
  ping(number: bigint): void;
  drained(): void;
  closed(): void;
};

/** One watcher's stream: what is sent to it, and in which order (spec WAT-31 to WAT-33). */
export function subscription(
  deps: {
    readonly hub: Pick<WatchHub, 'join' | 'backlog'>;
    readonly tail: Pick<ChangeTail, 'nextRead'>;
    readonly ready: Frame;
    readonly pong: (number: bigint, databaseTime: Instant) => Frame;
  },
  outlet: Outlet,
): Subscription {
  let tenantId: string | undefined;
  let leave = () => {};
  let over = false;
  let blocked = false;
  /** The backlog and `ready`, once it is there; all else is queued behind it. */
  let backlog: readonly Frame[] | undefined;
  let sent = 0;
  let queue: Frame[] = [];
  let head = 0;
  let queuedBytes = 0;
  let lastPing = 0n;
  let waiting: { readonly read: NextRead; number: bigint } | undefined;

  function end(): void {
    over = true;
    leave();
    backlog = undefined;
    queue = [];
  }

  function fail(error: unknown): void {
    if (over) return;
    end();
    outlet.fail(error);
  }

  function next(): Frame | undefined {
    if (backlog === undefined) return undefined;
    if (sent <= backlog.length) {
      const frame = backlog[sent] ?? deps.ready;
      sent += 1;
      if (sent > backlog.length) backlog = [];
      return frame;
    }
    const frame = queue[head];
    if (frame === undefined) return undefined;
    head += 1;
    queuedBytes -= frame.length;
    // What is sent is let go of, now and then.
    if (head === queue.length || head > MAX_QUEUED_FRAMES) {
      queue = queue.slice(head);
      head = 0;
    }
    return frame;
  }

  function pump(): void {
    while (!blocked && !over) {
      const frame = next();
      if (frame === undefined) return;
      blocked = !outlet.send(frame);
    }
  }

  function offer(frame: Frame): void {
    if (over) return;
    queue.push(frame);
    queuedBytes += frame.length;
    pump();
    if (queue.length - head > MAX_QUEUED_FRAMES || queuedBytes > MAX_QUEUED_BYTES)
      fail(new TrustError('RATE_LIMITED', { metadata: { limit: 'unread_changes' }, retryAfterMs: SECOND }));
  }

  return {
    start(tenant) {
      if (tenantId !== undefined) throw invalidField('start', 'must come only once');
      tenantId = tenant;
      const subscriber: Subscriber = { offer, fail };
      // First the changes that come, then the backlog: between the two nothing is missed.
      leave = deps.hub.join(tenant, subscriber);
      deps.hub.backlog(tenant).then((frames) => {
        if (over) return;
        backlog = frames;
        pump();
      }, fail);
    },
    tenantId() {
      if (tenantId === undefined) throw invalidField('start', 'must come first');
      return tenantId;
    },
    ping(number) {
      if (number <= lastPing) throw invalidField('ping.number', 'must be higher than the one before');
      lastPing = number;
      const read = deps.tail.nextRead();
      // Pings that wait for the same read are answered by one pong, which names the latest.
      if (waiting?.read === read) waiting.number = number;
      else {
        const ping = { read, number };
        waiting = ping;
        read.whenDone(({ databaseTime }) => offer(deps.pong(ping.number, databaseTime)));
      }
    },
    drained() {
      blocked = false;
      pump();
    },
    closed: () => {
      if (!over) end();
    },
  };
}
