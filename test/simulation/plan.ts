import { LeaseMachine } from '../../sdks/node/src/lease/machine.ts';
import type { Reading } from '../../sdks/node/src/lease/reading.ts';
import { type LeaseSettings, NODE_LEASE, SDK_LEASE } from '../../sdks/node/src/lease/settings.ts';
import type { FeedRow } from './database.ts';
import type { FeedTail, FeedTailSettings } from './feed_tail.ts';
import { Random } from './random.ts';

type MachineClass = new (settings: LeaseSettings) => LeaseMachine<string>;
type TailClass = new (settings: FeedTailSettings) => FeedTail<FeedRow>;

/** One rule switched off. What is absent is as it should be. */
export interface Mutant {
  readonly machine?: MachineClass;
  readonly nodeMachine?: MachineClass;
  readonly tail?: TailClass;
  readonly lease?: Partial<LeaseSettings>;
  readonly nodeLease?: Partial<LeaseSettings>;
  readonly feed?: Partial<Plan['feed']>;
  /** A ground on which the mutant shows itself soon. */
  readonly ground?: Partial<Plan>;
  /** What an SDK's machine is given for a reading of its clocks. */
  readonly reading?: (now: Reading) => Reading;
  readonly sendsBacklog?: false;
  readonly subscribesFirst?: false;
  readonly holdsPongs?: false;
  readonly stampsBeforeLookUp?: false;
  readonly checksStamp?: false;
  readonly pongsAfterRows?: false;
  readonly endsStreamsAtRestart?: false;
  readonly countsOwnChanges?: false;
  readonly oneCounter?: false;
  readonly sendsEveryRow?: false;
}

/** What a seed determines before anything happens. Spans in milliseconds; W and token lives are scaled down, B is not. */
export interface Plan {
  readonly seed: number;
  readonly mutant: Mutant;
  readonly lengthMs: number;
  readonly nodes: number;
  readonly sdks: number;
  /** Whether the first SDK never watches and asks each time. */
  readonly watchless: boolean;
  /** After what silence an SDK gives its stream up. */
  readonly silenceMs: number;
  readonly lease: LeaseSettings;
  readonly nodeLease: LeaseSettings;
  readonly pingMs: number;
  readonly token: { readonly lifeMs: number; readonly leewayMs: number };
  readonly feed: FeedTailSettings & {
    /** The longest a transaction may take. */
    readonly transactionMs: number;
    /** How long a row is kept after it was written. */
    readonly keptMs: number;
    /** How many take long. */
    readonly slowTransactions: number;
    readonly pollMs: number;
  };
  readonly net: {
    readonly baseMs: number;
    readonly spikes: number;
    readonly spikeMs: readonly number[];
    readonly loss: number;
  };
  /** By how much clocks are wrong at the start, at most. */
  readonly skewMs: number;
  /** Mean time between two faults, and how many are longer than W. */
  readonly faultEveryMs: number;
  readonly longFaults: number;
  /** How often something breaks just after a change. */
  readonly ambushes: number;
  /** How soon after it, at most. */
  readonly ambushMs: number;
  /** The kind of fault that comes most. */
  readonly focus: number;
  readonly focusShare: number;
  /** Whether every clock runs slow by as much as it may. */
  readonly slowClocks: boolean;
  /** How often memory is asked about when a lease would end. */
  readonly edgeProbes: number;
  readonly writeEveryMs: number;
  /** Mean time between two questions of an application. */
  readonly askEveryMs: number;
}

/** Kinds of fault that the adversary knows. */
export const FAULTS = 7;

/** W covers the life of a token, its leeway, both clock margins, B and the node's bound, and 1 % of it all. */
const WINDOW_MS = 12_000;
const CLOCK_MARGIN_MS = 1_500;

export function planOf(seed: number, mutant: Mutant = {}): Plan {
  const random = new Random(seed);
  const lease = { ...SDK_LEASE, windowMs: WINDOW_MS, clockMarginMs: CLOCK_MARGIN_MS, ...mutant.lease };
  if (random.chance(0.1)) Object.assign(lease, { maxTombstones: 3 });
  if (random.chance(0.1)) Object.assign(lease, { maxEntries: 3 });
  return {
    seed,
    mutant,
    lengthMs: random.pick([20_000, 40_000]),
    nodes: random.pick([1, 2, 3]),
    sdks: random.pick([1, 2, 3]),
    watchless: random.chance(0.25),
    silenceMs: random.pick([3_000, 60_000]),
    lease,
    nodeLease: { ...NODE_LEASE, windowMs: WINDOW_MS, clockMarginMs: CLOCK_MARGIN_MS, ...mutant.nodeLease },
    pingMs: 500,
    token: { lifeMs: 5_000, leewayMs: 1_000 },
    feed: {
      overlapMs: 1_000,
      windowMs: WINDOW_MS,
      transactionMs: 1_000,
      keptMs: WINDOW_MS + 1_000,
      slowTransactions: random.pick([0.02, 0.3]),
      pollMs: random.pick([40, 90, 200]),
      ...mutant.feed,
    },
    net: {
      baseMs: random.pick([5, 30, 150]),
      spikes: random.pick([0, 0.01, 0.05]),
      spikeMs: [300, 1_000, 1_900, 4_000, 14_000],
      loss: random.pick([0, 0.01]),
    },
    skewMs: random.pick([100, 1_400, 8_000]),
    faultEveryMs: random.pick([800, 2_500, 8_000]),
    longFaults: random.pick([0, 0.15, 0.4]),
    ambushes: random.pick([0, 0.3]),
    ambushMs: random.pick([20, 300, 900]),
    focus: random.int(FAULTS),
    focusShare: 0.5,
    slowClocks: random.chance(0.15),
    edgeProbes: 2,
    writeEveryMs: random.pick([300, 900, 3_000]),
    askEveryMs: random.pick([60, 150, 150]),
    ...mutant.ground,
  };
}

export const machineOf = (of: MachineClass | undefined, settings: LeaseSettings): LeaseMachine<string> =>
  new (of ?? LeaseMachine<string>)(settings);
