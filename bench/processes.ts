// Child processes of a benchmark: on which core they run, what they use, and their figures.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { text } from 'node:stream/consumers';

/** The core of what is measured, and that of what loads it. Undefined where processes cannot be bound to a core. */
export type Cores = { readonly served: number; readonly load: number } | undefined;

export function cores(): Cores {
  if (availableParallelism() < 2 || spawnSync('taskset', ['-p', `${process.pid}`]).status !== 0) return undefined;
  return { served: 0, load: 1 };
}

export function coresNote(found: Cores): string {
  return found === undefined
    ? 'Not bound to cores (no taskset, or one core): server and load generator compete, figures are lower and noisier.'
    : 'Server bound to one core, load generator to another.';
}

/** Binds all threads of a running process to one core. */
export function bind(pid: number, core: number | undefined): void {
  if (core !== undefined) spawnSync('taskset', ['-a', '-c', '-p', `${core}`, `${pid}`]);
}

/** The command, begun on one core where that can be done. */
export function onCore(core: number | undefined, command: readonly string[]): readonly [string, readonly string[]] {
  const [file = '', ...args] = core === undefined ? command : ['taskset', '-c', `${core}`, ...command];
  return [file, args];
}

/** Runs a program that prints one JSON object, with `input` on its standard input. Throws if it fails. */
export async function runJson<T>(
  command: readonly string[],
  options: { readonly core?: number | undefined; readonly input?: unknown; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<T> {
  const [file, args] = onCore(options.core, command);
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...options.env } });
  child.stdin.end(options.input === undefined ? '' : `${JSON.stringify(options.input)}\n`);
  const [output, code] = await Promise.all([text(child.stdout), exitCode(child)]);
  if (code !== 0) throw new Error(`${command[0]} failed with exit code ${code}.`);
  return JSON.parse(output) as T;
}

export async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const [code] = await once(child, 'close');
  return code as number | null;
}

/** Resident memory in MB (10^6 bytes). */
export function residentMb(pid: number): number {
  const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', `${pid}`], { encoding: 'utf8' });
  return (Number(stdout) * 1_024) / 1e6;
}

const TICKS_PER_SECOND = 100;

/** Processor time in seconds that a process has used so far; NaN where /proc is not there. */
export function cpuSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in brackets, may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return Number.NaN;
  }
}

/** Calls `work` while only this one of the processes runs, so that what the others do on their own does not count against it. */
export async function alone<T>(pid: number, others: readonly number[], work: () => Promise<T>): Promise<T> {
  for (const other of others) if (other !== pid) process.kill(other, 'SIGSTOP');
  try {
    return await work();
  } finally {
    for (const other of others) if (other !== pid) process.kill(other, 'SIGCONT');
  }
}
