// Unary Verify through the whole server against a grpc-js server that only echoes: same messages, same load generator, same core, by turns.
import { buildGo, type LoadAnswer, runLoad } from './load.ts';
import { alone, cores, coresNote, cpuSeconds } from './processes.ts';
import { median, type Options, progress, type Report, type Row, rounded } from './report.ts';
import { startEcho, startFilled, verifyAnswer, warm, withFolder } from './servers.ts';

const SESSIONS = [1_000, 100_000] as const;
const IN_FLIGHT = [1, 16, 64] as const;
const GOAL = 0.9;
const BUSY = 0.95;

type Target = {
  readonly name: string;
  readonly address: string;
  readonly serviceKey: string;
  readonly pid: number;
  readonly sessionIds: string;
};

/** One round: what the generator saw, and how busy both sides were. */
type Round = LoadAnswer & { readonly serverCpu: number };

export async function run({ quick }: Options): Promise<Report> {
  const bound = cores();
  const load = buildGo('load');
  return withFolder(async (folder) => {
    const stops: (() => Promise<unknown>)[] = [];
    try {
      const filled = [];
      for (const sessions of SESSIONS) {
        const one = await startFilled(folder, sessions, bound?.served);
        stops.push(() => one.server.stop());
        await warm(one);
        filled.push({ ...one, name: `Verify, ${sessions.toLocaleString('en-US')} sessions` });
      }
      const [first] = filled;
      if (first === undefined) throw new Error('no server');
      const echo = await startEcho(await verifyAnswer(first), bound?.served);
      stops.push(echo.stop);
      const targets: Target[] = [
        { ...echo, name: 'echo', serviceKey: first.server.serviceKey, sessionIds: first.sessionIds },
        ...filled.map(({ name, pid, sessionIds, server }) => {
          return { name, pid, sessionIds, address: server.grpcAddress, serviceKey: server.serviceKey };
        }),
      ];
      const pids = targets.map(({ pid }) => pid);
      const round = (target: Target, inFlight: number, seconds: number) =>
        alone(target.pid, pids, async (): Promise<Round> => {
          const before = cpuSeconds(target.pid);
          const answer = await runLoad(load, {
            ...target,
            rpc: 'verify',
            input: target.sessionIds,
            inFlight,
            seconds,
            core: bound?.load,
          });
          return { ...answer, serverCpu: cpuSeconds(target.pid) - before };
        });
      const rounds = await interleaved(targets, round, quick);
      return { rows: rounds.flatMap((one) => rowsOf(one)), notes: [coresNote(bound), ...notesOf(rounds)] };
    } finally {
      for (const stop of stops.reverse()) await stop();
    }
  });
}

type Measured = { readonly inFlight: number; readonly of: ReadonlyMap<string, readonly Round[]> };

async function interleaved(
  targets: readonly Target[],
  round: (target: Target, inFlight: number, seconds: number) => Promise<Round>,
  quick: boolean,
): Promise<readonly Measured[]> {
  const [count, seconds] = quick ? [1, 1] : [5, 4];
  progress('warming up');
  for (const target of targets) await round(target, 64, quick ? 1 : 4);
  const measured: Measured[] = [];
  for (const inFlight of IN_FLIGHT) {
    const of = new Map<string, Round[]>(targets.map(({ name }) => [name, []]));
    for (let turn = 1; turn <= count; turn++) {
      progress(`${inFlight} in flight, round ${turn} of ${count}`);
      for (const target of targets) of.get(target.name)?.push(await round(target, inFlight, seconds));
    }
    measured.push({ inFlight, of });
  }
  return measured;
}

const perSecond = (rounds: readonly Round[]) => median(rounds.map(({ calls, seconds }) => calls / seconds));
const cpuOfCall = (rounds: readonly Round[]) => median(rounds.map((one) => one.serverCpu / one.all_calls));

function rowsOf({ inFlight, of }: Measured): readonly Row[] {
  const echo = of.get('echo') ?? [];
  return [...of].map(([what, rounds]) => ({
    what,
    'in flight': inFlight,
    'calls/s': rounded(perSecond(rounds)),
    'of echo': rounded(perSecond(rounds) / perSecond(echo)),
    'p50 ms': rounded(median(rounds.map((one) => one.p50_ms))),
    'p99 ms': rounded(median(rounds.map((one) => one.p99_ms))),
    'server CPU µs/call': rounded(cpuOfCall(rounds) * 1e6),
    'echo CPU / CPU': rounded(cpuOfCall(echo) / cpuOfCall(rounds)),
    'server busy %': Math.round(median(rounds.map((one) => one.serverCpu / one.all_seconds)) * 100),
    'generator busy %': Math.round(median(rounds.map((one) => one.cpu_seconds / one.all_seconds)) * 100),
  }));
}

function notesOf(measured: readonly Measured[]): readonly string[] {
  const full = measured.at(-1);
  if (full === undefined) return [];
  const [echo = 0, few = 0, many = 0] = [...full.of.values()].map(perSecond);
  const notes = [
    `At ${full.inFlight} in flight: ${percent(few / echo)} of echo with ${SESSIONS[0]} sessions, ${percent(many / echo)} with ${SESSIONS[1]}; the goal is ${percent(GOAL)}, with every session in the memory of the node and its use written.`,
    `${SESSIONS[1]} sessions give ${percent(many / few)} of the calls/s of ${SESSIONS[0]}.`,
    'calls/s, latency and shares are medians of the rounds; the CPU ratio is the steadier one on a machine that does other work too.',
  ];
  const held = measured.flatMap(({ of }) => [...of.values()].flat()).filter((one) => isHeldBack(one)).length;
  if (held > 0)
    notes.push(`In ${held} rounds the load generator was busier than the server: those figures are too low.`);
  return notes;
}

const isHeldBack = (one: Round) => one.cpu_seconds > BUSY * one.all_seconds && one.serverCpu < BUSY * one.all_seconds;

const percent = (share: number) => `${Math.round(share * 100)} %`;
