// For each act of the cascade: from the answer of its RPC at one node to the no of each SDK at another, for sessions from memory and for Trust Tokens
// that are verified offline.
import { openStore } from '../server/src/store/store.ts';
import { Probe } from '../test/conformance/probe.ts';
import { findSdks } from '../test/conformance/sdks.ts';
import { postgresAbsence, postgresServer } from '../test/support/postgres.ts';
import { RpcCaller } from '../test/support/rpc_caller.ts';
import { twoNodes } from '../test/support/two_nodes.ts';
import { identityTrials } from './acts/identity.ts';
import type { Trial } from './acts/trial.ts';
import { wideTrials } from './acts/wide.ts';
import { type Options, progress, type Report, type Row, rounded } from './report.ts';

const BOUND = 2_000;
const AUDIENCE = 'dev';
/** How long an SDK may take to be ready for a trial. */
const PATIENCE = 30_000;

type NamedProbe = { readonly name: string; readonly probe: Probe };
type Holds = () => Promise<boolean>;

const sessionHolds =
  (probe: Probe, { sessionId, holds = ({ active }) => active === true }: Trial): Holds =>
  async () => {
    const answer = await probe.ask('verify', { session_id: sessionId });
    return 'ok' in answer && holds(answer.ok as object);
  };
const tokenHolds =
  (probe: Probe, trustToken: string): Holds =>
  async () =>
    'ok' in (await probe.ask('verify_trust_token', { trust_token: trustToken }));

/** Milliseconds from an instant to the first no. */
async function untilNo(holds: Holds, began: number): Promise<number> {
  while (await holds()) if (performance.now() - began > 5 * BOUND) break;
  return performance.now() - began;
}

async function untilYes(holds: Holds, what: string): Promise<void> {
  const began = performance.now();
  while (!(await holds())) {
    if (performance.now() - began > PATIENCE) throw new Error(`${what}: no before the act`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Does one act, and notes how long each SDK says yes after its answer. */
async function play(
  trial: Trial,
  probes: readonly NamedProbe[],
  note: (column: string, ms: number) => void,
): Promise<void> {
  const request = { sessionId: trial.sessionId, audience: AUDIENCE };
  const { trustToken } = await trial.rpc.ok('TrustTokenService', 'issueTrustToken', request);
  const asked = probes.flatMap(({ name, probe }) => [
    { column: `${name} session`, holds: sessionHolds(probe, trial), ends: trial.holds !== undefined },
    { column: `${name} token`, holds: tokenHolds(probe, trustToken), ends: true },
  ]);
  // Twice, so that the second comes from memory.
  for (const { column, holds } of [...asked, ...asked]) await untilYes(holds, column);
  await trial.act();
  const began = performance.now();
  const ended = asked.filter(({ ends }) => ends);
  await Promise.all(ended.map(async ({ column, holds }) => note(column, await untilNo(holds, began))));
}

export async function run({ quick }: Options): Promise<Report> {
  const absence = postgresAbsence();
  if (absence !== undefined) return { rows: [], notes: [absence] };
  const rounds = quick ? 3 : 10;
  const url = await (await postgresServer()).createDatabase();
  const { nodes, remove } = await twoNodes({ TRUST_LOG_LEVEL: 'warn' }, { url, elsewhere: url });
  const store = await openStore({ databaseUrl: url });
  const [a, b] = nodes;
  const rpc = new RpcCaller(a.grpcAddress, a.serviceKey);
  const world = { rpc, store, publicUrl: a.publicUrl, nodes };
  const probes = findSdks().flatMap(({ name, sdk }) => (sdk === undefined ? [] : [{ name, probe: new Probe(sdk) }]));
  const own = { address: b.grpcAddress, service_key: b.serviceKey, issuer: a.publicUrl, audience: AUDIENCE };
  const configure = (settings: object) =>
    Promise.all(probes.map(({ probe }) => probe.ask('configure', { ...own, verifier_watches: true, ...settings })));
  const rows: Row[] = [];
  try {
    await configure({});
    for (const [act, make] of [...identityTrials(world), ...wideTrials(world)]) {
      progress(act);
      const worst = new Map<string, number>();
      for (let round = 0; round < rounds; round++) {
        const trial = await make();
        if (trial.settings !== undefined) await configure(trial.settings);
        await play(trial, probes, (column, ms) => worst.set(column, Math.max(worst.get(column) ?? 0, ms)));
        await trial.after?.();
      }
      const late = [...worst].filter(([, ms]) => ms > BOUND);
      if (late.length > 0) throw new Error(`${act}: later than the bound of ${BOUND} ms: ${JSON.stringify(late)}`);
      const columns = probes.flatMap(({ name }) => [`${name} session`, `${name} token`]);
      const shown = (ms: number | undefined) => (ms === undefined ? 'kept' : rounded(ms));
      rows.push({ act, ...Object.fromEntries(columns.map((column) => [column, shown(worst.get(column))])) });
    }
  } finally {
    for (const { probe } of probes) probe.close();
    rpc.close();
    await store.close();
    await remove();
  }
  return {
    rows,
    notes: [
      `Longest of ${rounds} rounds, in milliseconds, from the answer of the act at one node (PostgreSQL) to the no of each SDK, which watches another. A round asks the four SDKs at once and without pause.`,
      `session: verify, answered from memory before the act; in an organisation, until the verdict lacks the permission that the act took away. token: verified offline. Whatever is later than the staleness bound of ${BOUND} ms fails the run.`,
    ],
  };
}
