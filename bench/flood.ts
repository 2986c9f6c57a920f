// Verify while every place for hashing is taken by sign-ins, against the same server in quiet.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { buildGo, type LoadAnswer, runLoad } from './load.ts';
import { cores, coresNote } from './processes.ts';
import { median, type Options, progress, type Report, rounded } from './report.ts';
import { startFilled, warm, withFolder } from './servers.ts';
import { MEMORY_KIB, PASSES, signUp } from './signin.ts';

const SESSIONS = 1_000;
/** Verify calls a second: what a node does in ordinary times. */
const RATE = 500;
/** Sign-ins in flight: many more than are hashed at a time. */
const FLOOD = 32;
const GOAL = 2;

export async function run({ quick }: Options): Promise<Report> {
  const [rounds, seconds] = quick ? [1, 2] : [5, 6];
  const bound = cores();
  const program = buildGo('load');
  return withFolder(async (folder) => {
    const hashes = bound === undefined ? availableParallelism() : 1;
    const env = {
      TRUST_ARGON2_MEMORY_KIB: `${MEMORY_KIB}`,
      TRUST_ARGON2_PASSES: `${PASSES}`,
      TRUST_HASH_CONCURRENCY: `${hashes}`,
    };
    const filled = await startFilled(folder, SESSIONS, bound?.served, { env });
    try {
      const people = join(folder, 'people');
      writeFileSync(people, (await signUp(filled)).join('\n'), { mode: 0o600 });
      await warm(filled);
      const calls = { address: filled.server.grpcAddress, serviceKey: filled.server.serviceKey, core: bound?.load };
      const verify = () =>
        runLoad(program, { ...calls, rpc: 'verify', input: filled.sessionIds, inFlight: 64, rate: RATE, seconds });
      const [quiet, flooded, signIns]: [LoadAnswer[], LoadAnswer[], LoadAnswer[]] = [[], [], []];
      for (let round = 1; round <= rounds; round++) {
        progress(`round ${round} of ${rounds}`);
        quiet.push(await verify());
        const flood = { ...calls, rpc: 'sign-in', input: people, inFlight: FLOOD, seconds: seconds + 1 } as const;
        const [seen, signedIn] = await Promise.all([verify(), runLoad(program, flood)]);
        flooded.push(seen);
        signIns.push(signedIn);
      }
      const rate = median(signIns.map((one) => one.calls / one.seconds));
      return {
        rows: [rowOf('Verify, quiet', quiet, quiet), rowOf('Verify beside the flood', flooded, quiet)],
        notes: [
          coresNote(bound),
          `Verify at ${RATE} calls a second, timed from when each was due. The flood keeps ${FLOOD} sign-ins in flight, ${hashes} hashed at a time: ${rounded(rate)} a second.`,
          `The goal is a p99 of ${GOAL} times that in quiet.`,
        ],
      };
    } finally {
      await filled.server.stop();
    }
  });
}

function rowOf(what: string, seen: readonly LoadAnswer[], quiet: readonly LoadAnswer[]) {
  const p99 = (of: readonly LoadAnswer[]) => median(of.map((one) => one.p99_ms));
  return {
    what,
    'calls/s': rounded(median(seen.map((one) => one.calls / one.seconds))),
    'p50 ms': rounded(median(seen.map((one) => one.p50_ms))),
    'p99 ms': rounded(p99(seen)),
    'p99 to quiet': rounded(p99(seen) / p99(quiet)),
  };
}
