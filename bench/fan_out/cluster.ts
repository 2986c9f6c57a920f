// Nodes that each do one thing at a time, streams that belong to nodes, and a feed that all nodes read.

/** Work in milliseconds of one core. */
export type Cost = { readonly row: number; readonly pong: number; readonly poll: number; readonly verdict: number };

export type Cluster = {
  readonly nodes: number;
  readonly processes: number;
  readonly revocationsPerSecond: number;
  readonly missesPerSecond: number;
  readonly cost: Cost;
  /** How long the database takes over a read of the feed; the node does other work meanwhile. */
  readonly readMs: number;
  readonly seconds: number;
  /** Rows that are committed in the middle, all in one instant. */
  readonly burst: number;
  /** Nodes that die in the middle; their streams come to the others, each within 5 s. */
  readonly lost: number;
};

export type Outcome = {
  /** The time from commit to arrival that this share of all deliveries did not exceed, in ms. */
  told(share: number): number;
  /** Share of a core that the busiest node used. */
  readonly busiest: number;
  /** Processes whose lease ran out at least once. */
  readonly leasesLost: number;
  /** Rows that arrived at a process. */
  readonly delivered: number;
};

const POLL_MS = 25;
const PING_MS = 500;
const BOUND_MS = 2_000;
const RECONNECT_MS = 5_000;
const BACKLOG_S = 360;
/** Finer than anything that is said of the result. */
const BUCKET_MS = 0.25;

type Stream = { readonly id: number; pingAt: number; leaseUntil: number; lost: boolean; readonly joinedAt: number };

/** Plays `seconds` of the cluster. No randomness beyond a fixed sequence: the same cluster gives the same figures. */
export function simulate(cluster: Cluster): Outcome {
  const random = sequence(cluster.processes * 31 + cluster.nodes);
  const end = cluster.seconds * 1_000;
  const commits = commitTimes(cluster, end, random);
  const half = end / 2;
  const homes: Stream[][] = Array.from({ length: cluster.nodes }, () => []);
  for (let id = 0; id < cluster.processes; id++) {
    // Pings of processes that began at any time are spread evenly.
    homes[id % cluster.nodes]?.push(newStream(id, 0, -random() * PING_MS));
  }
  const dying = new Set(Array.from({ length: cluster.lost }, (_, place) => place));
  const arrivals: Stream[][] = homes.map(() => []);
  for (const place of dying) {
    for (const { id } of homes[place] ?? []) {
      const heirs = cluster.nodes - dying.size;
      const at = half + random() * RECONNECT_MS;
      if (at < end) arrivals[cluster.lost + (id % heirs)]?.push(newStream(id, at, at));
    }
  }
  const seen = new Histogram();
  const lost = new Set<number>();
  let busiest = 0;
  homes.forEach((streams, place) => {
    const until = dying.has(place) ? half : end;
    const joining = (arrivals[place] ?? []).toSorted((a, b) => a.joinedAt - b.joinedAt);
    const busy = playNode(cluster, streams, joining, commits, until, random() * POLL_MS, seen);
    busiest = Math.max(busiest, busy / until);
    for (const stream of [...streams, ...joining]) if (stream.lost) lost.add(stream.id);
  });
  return {
    told: (share) => seen.at(share),
    busiest,
    leasesLost: lost.size,
    delivered: seen.count,
  };
}

const newStream = (id: number, joinedAt: number, pingAt: number): Stream => {
  return { id, pingAt, leaseUntil: joinedAt + BOUND_MS, lost: false, joinedAt };
};

/** One node: reads the feed, then sends what it found to each stream, then answers the pings that came before the read. Gives its busy time in ms. */
function playNode(
  { cost, readMs, missesPerSecond, nodes, revocationsPerSecond }: Cluster,
  streams: Stream[],
  joining: Stream[],
  commits: readonly number[],
  until: number,
  begin: number,
  seen: Histogram,
): number {
  const verdictShare = (missesPerSecond / nodes / 1_000) * cost.verdict;
  let busy = 0;
  let sent = 0;
  let readBegan = begin;
  let now = begin;
  /** Work takes its time, and so do the verdicts that are asked for meanwhile. Above one core they never end. */
  const work = (ms: number) => {
    const whole = verdictShare < 1 ? ms / (1 - verdictShare) : Number.POSITIVE_INFINITY;
    busy += ms;
    now += whole;
  };
  while (readBegan < until) {
    now = Math.max(now, readBegan);
    const looked = now;
    work(cost.poll);
    now += readMs;
    let found = sent;
    while ((commits[found] ?? Number.POSITIVE_INFINITY) <= looked) found += 1;
    const backlog = (revocationsPerSecond * BACKLOG_S * cost.row) / 8;
    while (joining[0] !== undefined && joining[0].joinedAt <= looked) {
      // The backlog is encoded once for all and written in large pieces: an eighth of the cost of as many single rows.
      work(backlog);
      const [stream] = joining.splice(0, 1);
      if (stream !== undefined) streams.push(stream);
    }
    for (const stream of streams) {
      for (let row = sent; row < found; row++) {
        work(cost.row);
        const committed = commits[row] ?? 0;
        if (committed >= stream.joinedAt) seen.add(now - committed);
      }
      if (stream.pingAt <= looked) {
        work(cost.pong);
        if (now > stream.leaseUntil) stream.lost = true;
        stream.leaseUntil = Math.max(stream.leaseUntil, stream.pingAt + BOUND_MS);
        stream.pingAt += PING_MS * Math.max(1, Math.ceil((looked - stream.pingAt) / PING_MS));
      }
    }
    sent = found;
    readBegan = Math.max(readBegan + POLL_MS, now);
    if (!Number.isFinite(now)) {
      for (const stream of streams) stream.lost = true;
      return Number.POSITIVE_INFINITY;
    }
  }
  return busy + verdictShare * (until - begin);
}

function commitTimes({ revocationsPerSecond, burst }: Cluster, end: number, random: () => number): readonly number[] {
  const count = Math.round((revocationsPerSecond * end) / 1_000);
  const times = Array.from({ length: count }, () => random() * end);
  for (let row = 0; row < burst; row++) times.push(end / 2);
  return times.sort((a, b) => a - b);
}

/** Times of deliveries, of which there are very many. */
class Histogram {
  readonly #counts = new Map<number, number>();
  count = 0;

  add(ms: number): void {
    const bucket = Math.ceil(ms / BUCKET_MS);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.count += 1;
  }

  at(share: number): number {
    let left = share * this.count;
    for (const [bucket, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      left -= count;
      if (left <= 1e-9 * this.count) return bucket * BUCKET_MS;
    }
    return Number.NaN;
  }
}

/** The same numbers from 0 to 1 for the same seed (a linear congruential sequence: nothing here is secret). */
function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
