// What happens to an SDK: its connection, its wall clock and its process, each on its own and all at once.
import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { below, type Chance, pick } from '../../support/message_mutator.ts';
import type { TcpProxy } from '../../support/tcp_proxy.ts';

const NETWORK = ['whole', 'held', 'held up', 'held down', 'refused', 'cut', 'slow'] as const;
const CLOCK = ['right', 'back', 'forth'] as const;
const PROCESS = ['runs', 'paused', 'node paused'] as const;
/** Milliseconds by which a clock steps: within B, beyond it, beyond the margin of chapter 6, an hour. */
const STEPS = [700, 4_000, 25_000, 3_600_000];

export type Victim = {
  readonly proxy: TcpProxy;
  readonly wallFile: string;
  readonly pid: number;
  /** The process of the server that it watches. */
  readonly nodePid: () => number | undefined;
};

/** Another number is read from now on, and never half of one. */
export function setWall(file: string, ms: number): void {
  writeFileSync(`${file}.next`, String(ms));
  renameSync(`${file}.next`, file);
}

/** Strikes until it is told to stop, then heals all. Counts in `done` how often each thing was done. */
export async function harass(
  victim: Victim,
  next: Chance,
  stopped: () => boolean,
  done: Map<string, number>,
): Promise<void> {
  while (!stopped()) {
    const act = { network: pick(next, NETWORK), clock: pick(next, CLOCK), process: pick(next, PROCESS) };
    for (const what of Object.values(act)) done.set(what, (done.get(what) ?? 0) + 1);
    await strike(victim, act, next);
    await sleep(400 + below(next, 1_600));
  }
}

type Act = {
  readonly network: (typeof NETWORK)[number];
  readonly clock: (typeof CLOCK)[number];
  readonly process: (typeof PROCESS)[number];
};

async function strike({ proxy, wallFile, pid, nodePid }: Victim, act: Act, next: Chance): Promise<void> {
  const spanMs = 300 + below(next, 4_500);
  const step = pick(next, STEPS) * (act.clock === 'right' ? 0 : act.clock === 'back' ? -1 : 1);
  const stopped = act.process === 'runs' ? undefined : act.process === 'paused' ? pid : nodePid();
  breakNetwork(proxy, act.network, next);
  // The clock steps before, within or after the rest.
  const stepAfterMs = below(next, spanMs);
  if (stopped !== undefined) signal(stopped, 'SIGSTOP');
  try {
    await sleep(stepAfterMs);
    if (step !== 0) setWall(wallFile, step);
    await sleep(spanMs - stepAfterMs);
  } finally {
    if (stopped !== undefined) signal(stopped, 'SIGCONT');
  }
  // Stopped processes go on before their network does, and the other way round.
  await sleep(pick(next, [0, 0, 100, 2_500]));
  proxy.heal();
  if (step !== 0) setWall(wallFile, 0);
}

function breakNetwork(proxy: TcpProxy, how: Act['network'], next: Chance): void {
  if (how === 'held') proxy.hold('up', 'down');
  else if (how === 'held up') proxy.hold('up');
  else if (how === 'held down') proxy.hold('down');
  else if (how === 'refused') proxy.refuse();
  else if (how === 'cut') proxy.cut();
  else if (how === 'slow') proxy.delay(pick(next, [100, 450, 950]));
}

function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}
