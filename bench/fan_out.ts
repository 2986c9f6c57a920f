// A cluster on paper: how long a revocation takes to each of very many watchers, and whether their leases hold. Nothing is sent; what each
// piece of work costs is measured first, on one real server, and the rest is queueing.
import { type Cluster, type Cost, simulate } from './fan_out/cluster.ts';
import { measure } from './fan_out/unit_costs.ts';
import { type Options, progress, type Report, type Row, rounded } from './report.ts';

const DEFAULTS = {
  processes: 10_000,
  revocations: 100,
  verifies: 1_000_000,
  /** Share of the verifies that memory cannot answer. */
  missing: 0.01,
  /** How long the database takes over a read of the feed. */
  ms_read: 2,
};
const COSTS = ['us_row', 'us_pong', 'us_poll', 'us_verdict'] as const;

type Settings = Record<keyof typeof DEFAULTS, number> & Partial<Record<(typeof COSTS)[number], number>>;

const NODES = [8, 12, 16, 24, 32];
const BURST = 5_000;

/** Rows of a report: one for each number of nodes, then what happens when many rows come at once and when a node is lost. */
export async function run({ quick, args }: Options): Promise<Report> {
  const settings = settingsOf(args);
  const { processes, revocations, verifies, missing, ms_read: readMs } = settings;
  const { cost, from } = await costOf(settings, quick);
  const base: Omit<Cluster, 'nodes'> = {
    processes,
    revocationsPerSecond: revocations,
    missesPerSecond: verifies * missing,
    cost,
    readMs,
    seconds: quick ? 2 : 10,
    burst: 0,
    lost: 0,
  };
  progress('playing the cluster');
  const rows: Row[] = NODES.map((nodes) => rowOf('steady', { ...base, nodes }));
  for (const nodes of NODES.slice(-2)) {
    rows.push(rowOf(`${BURST.toLocaleString('en-US')} rows at once`, { ...base, nodes, burst: BURST }));
    rows.push(rowOf('one node lost', { ...base, nodes, lost: 1 }));
  }
  const us = (ms: number) => rounded(ms * 1_000);
  return {
    rows,
    notes: [
      `${processes} processes, each with one stream and a ping every 500 ms; ${revocations} rows/s; ${verifies} verifies/s of which ${missing} miss the memory of their process.`,
      `Microseconds of a core (${from}): row ${us(cost.row)}, pong ${us(cost.pong)}, read of the feed ${us(cost.poll)}, verdict of a batch ${us(cost.verdict)}; a read takes ${readMs} ms of the database.`,
      'A node is one process on one core. told: from commit to arrival at a process. leases lost: processes that had to ask the server.',
      'Simulated: no such cluster has run.',
    ],
  };
}

/** Words such as `processes=20000`. */
function settingsOf(args: readonly string[]): Settings {
  const settings: Record<string, number> = { ...DEFAULTS };
  for (const arg of args) {
    const [name = '', text = ''] = arg.split('=');
    const known = name in DEFAULTS || COSTS.some((cost) => cost === name);
    const value = Number(text);
    if (!known || text === '' || !(value >= 0 && Number.isFinite(value)))
      throw new Error(`${arg}: NAME=NUMBER with one of ${[...Object.keys(DEFAULTS), ...COSTS].join(', ')}`);
    settings[name] = value;
  }
  return settings as Settings;
}

async function costOf(settings: Settings, quick: boolean): Promise<{ readonly cost: Cost; readonly from: string }> {
  const [row, pong, poll, verdict] = COSTS.map((name) => settings[name]);
  if (row !== undefined && pong !== undefined && poll !== undefined && verdict !== undefined)
    return { cost: { row: row / 1e3, pong: pong / 1e3, poll: poll / 1e3, verdict: verdict / 1e3 }, from: 'as given' };
  progress('measuring what a row, a pong, a poll and a verdict cost');
  const { cost, database } = await measure(quick);
  const given = { row, pong, poll, verdict };
  const told = Object.entries(given).flatMap(([name, us]) => (us === undefined ? [] : [[name, us / 1e3]]));
  return { cost: { ...cost, ...Object.fromEntries(told) }, from: `measured on ${database}` };
}

function rowOf(what: string, cluster: Cluster): Row {
  const { told, busiest, leasesLost, delivered } = simulate(cluster);
  return {
    what,
    nodes: cluster.nodes,
    'streams a node': Math.ceil(cluster.processes / cluster.nodes),
    'messages/s': rounded(delivered / cluster.seconds),
    'core of the busiest': rounded(busiest),
    'told p50 ms': rounded(told(0.5)),
    'p99 ms': rounded(told(0.99)),
    'longest ms': rounded(told(1)),
    'leases lost': leasesLost,
  };
}
