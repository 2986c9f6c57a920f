import { type Clock, DAY, type Instant, SECOND, type Span } from '../../kernel/clock.ts';
import type { Timer } from '../../kernel/timer.ts';
import { KEPT_FOR } from '../invitation/invitation.ts';
import type { Perishable, PurgeStore } from './store.ts';

/** How long rows are kept after their end; undefined means for ever. A code: for as long as a second use of it is noticed (spec RED-3). */
export type Retention = Readonly<Record<Perishable | 'audit_event', Span | undefined>>;

export const SIGN_IN_CODE_RETENTION: Span = DAY;

/** What is over with its time: the short-lived, of which a flood of strangers makes most; and mails that nobody sent, as of a development server. */
export const SHORT_LIVED = {
  pending_sign_in: 0,
  mail_proof: 0,
  oauth_attempt: 0,
  passkey_challenge: 0,
  remembered_device: 0,
  mail: DAY,
  // So long is it listed as one past its time.
  invitation: KEPT_FOR,
} as const satisfies Partial<Retention>;

// A batch holds a writer's place for some milliseconds. After each one the purge rests several times as long, so that it takes a small
// part of the database's time however slow that is.
const ROWS_PER_BATCH = 50;
const REST_FACTOR = 9;
const SHORTEST_REST: Span = 5;
/** A turn ends after this, and goes on with the next one. */
const LONGEST_TURN: Span = 50 * SECOND;

export type Purge = {
  /** One turn; answers how many rows went. */
  run(): Promise<number>;
  /** Ends a turn under way with its present batch. */
  stop(): void;
};

/** Deletes what has been over for its retention, in batches. Any number of nodes may do so at once. */
export function purgeExpired(deps: {
  readonly purges: PurgeStore;
  /** Deletes a piece of the audit trail if all of it was before an instant; answers how many events. */
  readonly cutEvents: (before: Instant) => Promise<number>;
  readonly retention: Retention;
  readonly clock: Clock;
  /** A clock that is never set; milliseconds from any start. */
  readonly monotonic: Clock;
  readonly timer: Timer;
}): Purge {
  const { purges, cutEvents, retention, clock, monotonic, timer } = deps;
  let stopped = false;

  return {
    async run() {
      const begun = monotonic();
      let gone = 0;
      for (const kind of Object.keys(retention) as (keyof Retention)[]) {
        const kept = retention[kind];
        if (kept === undefined) continue;
        while (!stopped && monotonic() - begun < LONGEST_TURN) {
          const before = monotonic();
          const end = clock() - kept;
          const rows = await (kind === 'audit_event' ? cutEvents(end) : purges.purge(kind, end, ROWS_PER_BATCH));
          gone += rows;
          if (kind === 'audit_event' ? rows === 0 : rows < ROWS_PER_BATCH) break;
          const rest = Math.max(SHORTEST_REST, REST_FACTOR * (monotonic() - before));
          await new Promise<void>((done) => timer(rest, done));
        }
      }
      return gone;
    },
    stop() {
      stopped = true;
    },
  };
}
