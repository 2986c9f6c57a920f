// Many questions at once: BatchVerify and the coalesced misses of an SDK, against a grpc-js server that only echoes messages of the same sizes.
import { readFileSync } from 'node:fs';
import { SessionServiceService } from '../server/src/contract/gen/trust/v1/session.ts';
import { RpcCaller } from '../test/support/rpc_caller.ts';
import { buildGo, type Load, type LoadAnswer, runLoad } from './load.ts';
import { alone, cores, coresNote, cpuSeconds } from './processes.ts';
import { median, type Options, progress, type Report, type Row, rounded } from './report.ts';
import { type Filled, startEcho, startFilled, warm, withFolder } from './servers.ts';

const SESSIONS = 10_000;
const SIZES = [64, 256] as const;
const CALLERS = [64, 256, 1_024] as const;
const GOAL = 150_000;

type Case = {
  readonly what: string;
  readonly pid: number;
  readonly load: Omit<Load, 'seconds' | 'core'>;
  /** Verdicts of one call. */
  readonly verdicts: number;
  /** What it stands beside. */
  readonly echo?: string;
};
type Round = LoadAnswer & { readonly serverCpu: number };

export async function run({ quick }: Options): Promise<Report> {
  const [rounds, seconds] = quick ? [1, 1] : [3, 3];
  const bound = cores();
  const program = buildGo('load');
  return withFolder(async (folder) => {
    const filled = await startFilled(folder, SESSIONS, bound?.served);
    const stops: (() => Promise<unknown>)[] = [() => filled.server.stop()];
    try {
      await warm(filled);
      const { server, sessionIds: input, pid } = filled;
      const all = { input, serviceKey: server.serviceKey };
      const cases: Case[] = [];
      for (const batch of SIZES) {
        const echo = await startEcho(await batchAnswer(filled, batch), bound?.served, 'BatchVerify');
        stops.push(echo.stop);
        const load = { ...all, rpc: 'batch', batch, inFlight: 8 } as const;
        const name = `echo, batches of ${batch}`;
        cases.push({ what: name, pid: echo.pid, load: { ...load, address: echo.address }, verdicts: batch });
        cases.push({
          what: `BatchVerify of ${batch}`,
          pid,
          load: { ...load, address: server.grpcAddress },
          verdicts: batch,
          echo: name,
        });
      }
      for (const inFlight of CALLERS) {
        const load = { ...all, rpc: 'sdk', inFlight, address: server.grpcAddress } as const;
        const what = `Go SDK, ${inFlight.toLocaleString('en-US')} callers that miss`;
        cases.push({ what, pid, load, verdicts: 1, echo: `echo, batches of ${SIZES[0]}` });
      }
      const seen = new Map<string, Round[]>(cases.map(({ what }) => [what, []]));
      const pids = [...new Set(cases.map((one) => one.pid))];
      for (let turn = 0; turn <= rounds; turn++) {
        progress(turn === 0 ? 'warming up' : `round ${turn} of ${rounds}`);
        for (const { what, pid: measured, load } of cases) {
          const round = await alone(measured, pids, async (): Promise<Round> => {
            const before = cpuSeconds(measured);
            const answer = await runLoad(program, { ...load, seconds, core: bound?.load });
            return { ...answer, serverCpu: cpuSeconds(measured) - before };
          });
          if (turn > 0) seen.get(what)?.push(round);
        }
      }
      return { rows: cases.map((one) => rowOf(one, seen)), notes: notes(bound) };
    } finally {
      for (const stop of stops.reverse()) await stop();
    }
  });
}

/** The bytes with which the server answers BatchVerify of so many active sessions. */
async function batchAnswer({ server, sessionIds }: Filled, count: number): Promise<Buffer> {
  const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
  try {
    const asked = readFileSync(sessionIds, 'utf8').split('\n').slice(0, count);
    const answer = await rpc.ok('SessionService', 'batchVerify', { sessionIds: asked });
    if (!answer.verdicts.every((verdict) => verdict.answer?.$case === 'active'))
      throw new Error('A session of the benchmark is not active.');
    return SessionServiceService.batchVerify.responseSerialize(answer);
  } finally {
    rpc.close();
  }
}

function rowOf({ what, verdicts, echo }: Case, seen: ReadonlyMap<string, readonly Round[]>): Row {
  const rounds = seen.get(what) ?? [];
  const perSecond = median(rounds.map(({ calls, seconds }) => (calls * verdicts) / seconds));
  const perCore = (of: readonly Round[], size: number) =>
    median(of.map(({ all_calls, serverCpu }) => (all_calls * size) / serverCpu));
  const baseline = echo === undefined ? rounds : (seen.get(echo) ?? []);
  const own = perCore(rounds, verdicts);
  return {
    what,
    'verdicts/s': rounded(perSecond),
    'a core of the server': rounded(own),
    'of echo': rounded(own / perCore(baseline, echo === undefined ? verdicts : Number(/\d+$/.exec(echo)?.[0]))),
    'p50 ms': rounded(median(rounds.map((one) => one.p50_ms))),
    'p99 ms': rounded(median(rounds.map((one) => one.p99_ms))),
    'server busy %': Math.round(median(rounds.map((one) => one.serverCpu / one.all_seconds)) * 100),
    'generator busy %': Math.round(median(rounds.map((one) => one.cpu_seconds / one.all_seconds)) * 100),
  };
}

const notes = (bound: ReturnType<typeof cores>) => [
  coresNote(bound),
  `${SESSIONS.toLocaleString('en-US')} sessions in the memory of the node; medians. a core of the server: verdicts for each second of processor time that the server used; the goal is ${GOAL.toLocaleString('en-US')} with 64 callers and more.`,
  'Callers of the Go SDK each ask about one session at a time, of which the SDK keeps none: what they ask at the same moment travels together.',
];
