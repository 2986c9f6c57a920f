// One rule switched off at a time, so that the simulation can show that it would notice.
import type { FeedChange, Notice, SessionFacts } from '../../sdks/node/src/lease/facts.ts';
import { type AnswerUse, type Ask, LeaseMachine } from '../../sdks/node/src/lease/machine.ts';
import type { Reading } from '../../sdks/node/src/lease/reading.ts';
import type { LeaseSettings } from '../../sdks/node/src/lease/settings.ts';
import type { FeedRow } from './database.ts';
import { FeedTail, type WaitingPing } from './feed_tail.ts';
import type { Mutant } from './plan.ts';
import { EPOCH } from './process.ts';

type Machine = LeaseMachine<string>;
type Facts = SessionFacts<string> | undefined;

class Remembering extends LeaseMachine<string> {
  protected current = 0;

  override open(): number {
    this.current = super.open();
    return this.current;
  }
}

class NoTombstones extends LeaseMachine<string> {
  protected override apply(change: FeedChange, now: Reading): Notice | undefined {
    const notice = super.apply(change, now);
    this.tombstones.forget(Infinity);
    return notice;
  }
}

class NoEviction extends LeaseMachine<string> {
  constructor(settings: LeaseSettings) {
    super(settings);
    this.entries.ofHandle = () => undefined;
    this.entries.ofIdentity = () => [];
  }
}

class AnyStreamFills extends Remembering {
  override answered(ask: Ask, key: string, facts: Facts, now: Reading): AnswerUse {
    return super.answered({ ...ask, stream: this.current }, key, facts, now);
  }
}

class UnprovenStreamFills extends Remembering {
  override ask(now: Reading, strong = false): Ask {
    return { ...super.ask(now, strong), stream: this.current };
  }
}

class LeaseFromPong extends LeaseMachine<string> {
  readonly #pings = new Map<number, { mono: number; wall: number }>();
  #ponged: { mono: number; wall: number } | undefined;

  override ping(stream: number, now: Reading): number | undefined {
    const sent = { ...now };
    const number = super.ping(stream, sent);
    if (number !== undefined) this.#pings.set(number, sent);
    return number;
  }

  override pong(stream: number, number: number, databaseTime: number): void {
    super.pong(stream, number, databaseTime);
    this.#ponged = this.#pings.get(number);
  }

  // The first question after the pong comes at the moment of the pong.
  override verify(key: string, now: Reading): string | undefined {
    if (this.#ponged !== undefined) Object.assign(this.#ponged, now);
    this.#ponged = undefined;
    return super.verify(key, now);
  }
}

class SlowAnswersCount extends LeaseMachine<string> {
  override answered(ask: Ask, key: string, facts: Facts, now: Reading): AnswerUse {
    return super.answered({ ...ask, at: now }, key, facts, now);
  }
}

class CacheKept extends LeaseMachine<string> {
  protected override emptied(): void {}
}

class NeedsNoReady extends Remembering {
  override open(): number {
    const stream = super.open();
    super.ready(stream, this.settings.boundMs, this.settings.windowMs, { mono: 0, wall: 0 });
    return stream;
  }
}

class TombstonesByWall extends LeaseMachine<string> {
  protected override apply(change: FeedChange, now: Reading): Notice | undefined {
    return super.apply(change, { ...now, mono: Math.max(now.mono, now.wall - EPOCH) });
  }
}

class ForgetsOverflow extends LeaseMachine<string> {
  constructor(settings: LeaseSettings) {
    super(settings);
    Object.defineProperty(this.tombstones, 'droppedAt', { get: () => -Infinity });
  }
}

class AnswersLatePings extends FeedTail<FeedRow> {
  override ping(ping: WaitingPing): void {
    this.answering.push(ping);
  }
}

class NeverMissed extends FeedTail<FeedRow> {
  protected override missed(): boolean {
    return false;
  }
}

const calm = (baseMs: number) => ({ baseMs, spikes: 0, spikeMs: [], loss: 0 });

/** Little time is lost on the way, and every clock is slow. */
const TIGHT = {
  slowClocks: true,
  edgeProbes: 12,
  ambushMs: 12,
  sdks: 2,
  nodes: 1,
  net: calm(2),
  ambushes: 1,
  writeEveryMs: 150,
  lengthMs: 20_000,
};

/** Answers take about as long as they may. */
const SLOW = {
  watchless: true,
  net: { baseMs: 4, spikes: 0.15, spikeMs: [1_980], loss: 0 },
  writeEveryMs: 150,
  askEveryMs: 30,
  lengthMs: 20_000,
};

/** The database's answers overtake each other, and someone asks without watching. */
const OVERTAKING = { watchless: true, sdks: 3, net: calm(100), writeEveryMs: 300, faultEveryMs: 8_000 };

/** Reads of the feed take long, and changes do not get through. */
const LONG_READS = {
  sdks: 2,
  net: { baseMs: 5, spikes: 0.15, spikeMs: [900], loss: 0 },
  ambushes: 1,
  ambushMs: 900,
  writeEveryMs: 300,
  faultEveryMs: 8_000,
  lengthMs: 20_000,
};

/** Reads of the feed take long, and streams are cut. */
const CUTS = {
  sdks: 3,
  net: calm(150),
  focus: 3,
  faultEveryMs: 2_500,
  writeEveryMs: 300,
  askEveryMs: 60,
  lengthMs: 20_000,
};

/** Streams are opened into partitions that outlast W. */
const STUCK = {
  net: calm(5),
  ambushes: 0,
  nodes: 3,
  sdks: 3,
  silenceMs: 60_000,
  focus: 4,
  focusShare: 1,
  longFaults: 1,
  faultEveryMs: 12_000,
  writeEveryMs: 900,
  lengthMs: 40_000,
};

/** A node is parted from its database for longer than W. */
const OUTAGE = { nodes: 1, focus: 0, silenceMs: 60_000, longFaults: 0.6, faultEveryMs: 5_000, lengthMs: 40_000 };

/** Clocks are wrong by as much as a token lives. */
const SKEW = { skewMs: 12_000, focus: 3, faultEveryMs: 8_000, lengthMs: 40_000 };

/** Answers to a node that stamps a token stall. */
const STALLS = {
  skewMs: 100,
  net: { baseMs: 5, spikes: 0.05, spikeMs: [300, 14_000], loss: 0 },
  faultEveryMs: 8_000,
  lengthMs: 40_000,
};

/** Wall clocks step there and back. */
const STEPS = { focus: 5, faultEveryMs: 800, skewMs: 100, longFaults: 0, lengthMs: 40_000 };

const sdk = (machine: new (settings: LeaseSettings) => Machine): Mutant => ({ machine });

export interface Broken {
  readonly rule: string;
  readonly name: string;
  readonly mutant: Mutant;
  /** Seeds within which it must be found. */
  readonly within: number;
}

const broken = (rule: string, name: string, within: number, mutant: Mutant): Broken => ({ rule, name, mutant, within });

export const MUTANTS: readonly Broken[] = [
  broken('WAT-5', 'lease from the pong, not from the sending of the ping', 100, sdk(LeaseFromPong)),
  broken('WAT-5', 'pongs before the backlog is complete', 500, { ...sdk(NeedsNoReady), holdsPongs: false }),
  broken('WAT-7', 'a change evicts nothing', 100, sdk(NoEviction)),
  broken('WAT-8', 'no tombstones', 100, sdk(NoTombstones)),
  broken('WAT-8', 'tombstones that were dropped for want of room are not missed', 500, sdk(ForgetsOverflow)),
  broken('WAT-9', 'an answer of another stream enters the cache', 2000, { ...sdk(AnyStreamFills), ground: STUCK }),
  broken('WAT-9', 'an answer asked for before the stream proved anything enters the cache', 2000, {
    ...sdk(UnprovenStreamFills),
    ground: STUCK,
  }),
  broken('WAT-10', 'cache kept across streams', 1500, { ...sdk(CacheKept), ground: STUCK }),
  broken('WAT-11', 'no wall clock', 1000, { reading: ({ mono }) => ({ mono, wall: mono + EPOCH }) }),
  broken('WAT-11', 'no monotonic clock', 1000, { reading: ({ wall }) => ({ mono: wall - EPOCH, wall }) }),
  broken('WAT-11', 'no margin for drift', 2000, {
    lease: { boundMs: 2_000 / 0.99 },
    feed: { pollMs: 8 },
    ground: TIGHT,
  }),
  broken('WAT-11', 'the wall clock ends a no', 2000, { ...sdk(TombstonesByWall), ground: STEPS }),
  broken('WAT-12', 'slow answers are not dropped', 100, sdk(SlowAnswersCount)),
  broken('WAT-12', 'the bound of the node is not counted', 1000, {
    lease: { sourceBoundMs: 0 },
    feed: { pollMs: 240 },
    ground: SLOW,
  }),
  broken('WAT-15', 'own changes do not count at once', 100, { countsOwnChanges: false }),
  broken('WAT-17', 'a slow clock of a verifier is not noticed', 500, { lease: { clockMarginMs: 1e9 }, ground: SKEW }),
  broken('WAT-36', 'rows are deleted before W is over', 100, { feed: { keptMs: 1_000 } }),
  broken('WAT-34', 'no overlap', 200, { feed: { overlapMs: 0 } }),
  broken('WAT-33', 'a pong after a read that began before the ping arrived', 300, {
    tail: AnswersLatePings,
    ground: LONG_READS,
  }),
  broken('WAT-33', 'a pong before the rows of its read', 500, { pongsAfterRows: false }),
  broken('WAT-35', 'a tail does not notice that rows were deleted unread', 500, { tail: NeverMissed, ground: OUTAGE }),
  broken('WAT-35', 'streams go on after rows were missed', 500, { endsStreamsAtRestart: false, ground: OUTAGE }),
  broken('WAT-31', 'no backlog', 100, { sendsBacklog: false }),
  broken('WAT-31', 'the backlog is read before the stream is subscribed', 2000, {
    subscribesFirst: false,
    ground: CUTS,
  }),
  broken('WAT-27', 'positions come from two counters', 100, { oneCounter: false }),
  broken('WAT-28', 'rows are left out for a slow watcher', 100, { sendsEveryRow: false }),
  broken('WAT-25', 'a node trusts its cache for longer than its bound', 500, { nodeLease: { boundMs: 3_000 } }),
  broken('WAT-25', 'a node leaves no tombstones', 1000, { nodeMachine: NoTombstones, ground: OVERTAKING }),
  broken('WAT-26', 'a token is stamped after the look-up', 500, { stampsBeforeLookUp: false, ground: STALLS }),
  broken('WAT-26', 'a node stamps with a clock that is ahead', 1000, { checksStamp: false, ground: SKEW }),
];
