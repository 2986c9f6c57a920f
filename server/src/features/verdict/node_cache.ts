import { LeaseMachine, type LeaseSettings, NODE_LEASE, type SessionFacts } from '@trust-layer/sdk/lease';
import { TrustError } from '../../errors/trust_error.ts';
import { type Clocks, MINUTE, type Reading, SECOND, type Span } from '../../kernel/clock.ts';
import type { Timer } from '../../kernel/timer.ts';
import type { Change } from '../change/change.ts';
import { BACKLOG_WINDOW, type ChangeTail, type Follower } from '../change/tail.ts';

/** How often the feed is read while the lease is wanted: well within its 250 ms. */
const RENEW_EVERY: Span = 100;
/** The lease is wanted for so long after it was asked for, and the feed followed. */
const WANTED_FOR: Span = SECOND;
const FOLLOWED_FOR: Span = MINUTE;
/** How long a caller waits for a lease. */
const PATIENCE: Span = SECOND;
/** A look-up that changes overtake again and again is given up. */
const LOOK_UPS = 4;

/** What is told to others who keep something for as long as no change speaks against it. */
export type NodeLease = {
  /** Names the unbroken span for which this node has been told of every change, as of 250 ms ago; 0 while it cannot say so. */
  span(): number;
  /** The instant for a token that is looked up from now on (spec WAT-26). Errors: DATABASE_UNAVAILABLE, SIGNING_KEY_UNAVAILABLE. */
  stamp(): Promise<number>;
};

/** What a node remembers of its database under a lease (spec WAT-25). */
export type NodeCache<T> = NodeLease & {
  /** What memory answers, as of `now`; undefined: look up. */
  get(key: string, now: Reading): T | undefined;
  /** Looks up, and keeps a yes. `read` reads the primary and gives undefined for a no. */
  look(key: string, read: () => Promise<SessionFacts<T> | undefined>): Promise<SessionFacts<T> | undefined>;
  /** Forgets which sessions were used: their owner notes uses himself. */
  dropUses(): void;
  readonly size: { readonly entries: number; readonly tombstones: number };
};

/** Nothing is kept for degraded answers: a node that cannot read its database says so. */
class NodeMachine<T> extends LeaseMachine<T> {
  protected override emptied(): void {
    this.entries.clear();
  }

  override close(stream: number): void {
    super.close(stream);
    this.emptied();
  }
}

/** The lease machine of the SDKs on the tail of the feed: a read is ping and pong, from its beginning. The feed is followed only while somebody asks. */
export function nodeCache<T>(deps: {
  readonly tail: ChangeTail;
  readonly clocks: Clocks;
  readonly timer: Timer;
  /** Told of each change, the node's own at once. */
  readonly changed?: (change: Change) => void;
  readonly settings?: Partial<LeaseSettings>;
}): NodeCache<T> {
  const { tail, clocks, timer } = deps;
  const settings = { ...NODE_LEASE, ...deps.settings };
  const machine = new NodeMachine<T>(settings);
  let stream = 0;
  let proven = false;
  let unfollow = () => {};
  let wantedAt = 0;
  let hurried = false;

  function rest(): void {
    machine.close(stream);
    stream = 0;
    proven = false;
    unfollow();
  }

  const take = (apply: (change: Change, now: Reading) => unknown, changes: Iterable<Change>) => {
    const now = clocks();
    for (const change of changes) {
      apply(change, now);
      deps.changed?.(change);
    }
  };

  const follower: Follower = {
    changed: (rows) =>
      take(
        (change, now) => machine.change(stream, change, now),
        rows.map(({ change }) => change),
      ),
    own: (changes) => take((change, now) => machine.ownChange(change, now), changes),
    read({ began, databaseTime }) {
      hurried = false;
      const number = machine.ping(stream, began);
      machine.ready(stream, settings.boundMs, BACKLOG_WINDOW, began);
      if (number !== undefined) machine.pong(stream, number, databaseTime);
      proven = true;
      if (clocks().mono - wantedAt > FOLLOWED_FOR) rest();
    },
    every: () => (clocks().mono - wantedAt < WANTED_FOR ? RENEW_EVERY : Number.POSITIVE_INFINITY),
    lost: rest,
  };

  /** Sees to it that the lease is there soon, and goes on. */
  function want(now: Reading): void {
    wantedAt = now.mono;
    if (stream === 0) {
      stream = machine.open();
      unfollow = tail.follow(follower);
    }
    if (hurried || machine.leased(now)) return;
    hurried = true;
    tail.nextRead().whenDone(() => {});
  }

  async function leased(): Promise<Reading> {
    const now = clocks();
    want(now);
    if (machine.leased(now)) return now;
    await new Promise<void>((resolve, reject) => {
      const giveUp = timer(PATIENCE, () => reject(new TrustError('DATABASE_UNAVAILABLE')));
      tail.nextRead().whenDone(() => {
        giveUp();
        resolve();
      });
    });
    return clocks();
  }

  return {
    span: () => (proven && machine.leased(clocks()) ? stream : 0),

    async stamp() {
      const now = await leased();
      if (machine.mayStamp(now)) return now.wall;
      if (!machine.leased(now)) throw new TrustError('DATABASE_UNAVAILABLE');
      const cause = new Error('the clock of this node is ahead of that of the database');
      throw new TrustError('SIGNING_KEY_UNAVAILABLE', { cause });
    },

    get(key, now) {
      const found = machine.verify(key, now);
      if (found === undefined) want(now);
      else wantedAt = now.mono;
      return found;
    },

    async look(key, read) {
      for (let attempt = 0; attempt < LOOK_UPS; attempt++) {
        const ask = machine.ask(clocks(), true);
        const facts = await read();
        // One that took too long is an answer all the same: it was read after the question came.
        if (machine.answered(ask, key, facts, clocks()) !== 'superseded') return facts;
      }
      throw new TrustError('DATABASE_UNAVAILABLE');
    },

    dropUses: () => void machine.takeUses(clocks(), settings.maxEntries),
    get size() {
      return machine.size;
    },
  };
}
