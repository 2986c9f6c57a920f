// The load generator of bench/load: built once, run for each round.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { runJson } from './processes.ts';
import { progress } from './report.ts';

const FOLDER = resolve('.cache/bench');

export type Load = {
  readonly rpc: 'verify' | 'verify-strong' | 'batch' | 'sdk' | 'issue' | 'sign-in';
  readonly address: string;
  readonly serviceKey: string;
  /** File with what to call with, a line each. */
  readonly input: string;
  readonly inFlight: number;
  readonly connections?: number;
  /** session_ids of a call of `batch`. */
  readonly batch?: number;
  /** Seconds that count, and seconds before. */
  readonly seconds: number;
  readonly warm?: number;
  /** Calls a second; as many as possible by default. */
  readonly rate?: number;
  readonly core: number | undefined;
};

export type LoadAnswer = {
  readonly calls: number;
  readonly failures: number;
  readonly failure?: string;
  readonly seconds: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** With the warm-up. */
  readonly all_calls: number;
  readonly all_seconds: number;
  readonly cpu_seconds: number;
};

/** Builds a Go program of this folder and gives its path. Throws if Go is not there. */
export function buildGo(name: 'load' | 'token' | 'local_verify' | 'watchers' | 'revoke'): string {
  progress(`building bench/${name}`);
  mkdirSync(FOLDER, { recursive: true });
  const path = `${FOLDER}/${name}`;
  const { status, error } = spawnSync('go', ['build', '-o', path, `./${name}`], {
    cwd: 'bench',
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error !== undefined || status !== 0)
    throw new Error(`bench/${name} could not be built; it needs Go (see bench/go.mod).`);
  return path;
}

/** One round. Throws if a call failed: figures with failures mean nothing. */
export async function runLoad(program: string, load: Load): Promise<LoadAnswer> {
  const options = {
    rpc: load.rpc,
    address: load.address,
    input: load.input,
    'in-flight': load.inFlight,
    connections: load.connections ?? 1,
    batch: load.batch ?? 64,
    for: `${load.seconds}s`,
    warm: `${load.warm ?? 1}s`,
    rate: load.rate ?? 0,
  };
  const answer = await runJson<LoadAnswer>(
    [program, ...Object.entries(options).map(([name, value]) => `-${name}=${value}`)],
    { core: load.core, env: { TRUST_SERVICE_KEY: load.serviceKey } },
  );
  if (answer.failures > 0) throw new Error(`${answer.failures} calls failed: ${answer.failure}`);
  return answer;
}
