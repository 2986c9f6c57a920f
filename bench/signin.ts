// Password sign-in against bare argon2id with the same parameters.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { IdentifierType } from '../server/src/contract/gen/trust/v1/identity.ts';
import { RpcCaller } from '../test/support/rpc_caller.ts';
import { buildGo, type LoadAnswer, runLoad } from './load.ts';
import { cores, coresNote, runJson } from './processes.ts';
import { median, type Options, progress, type Report, rounded } from './report.ts';
import { type Filled, startFilled, withFolder } from './servers.ts';

export const MEMORY_KIB = 19_456;
export const PASSES = 2;
const SESSIONS = 1_000;
const PEOPLE = 16;
const GOAL = 0.9;

export async function run({ quick }: Options): Promise<Report> {
  const [rounds, seconds] = quick ? [1, 1] : [5, 4];
  const bound = cores();
  const load = buildGo('load');
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
      const { grpcAddress: address, serviceKey } = filled.server;
      const calls = { address, serviceKey, seconds, core: bound?.load };
      const signIns: LoadAnswer[] = [];
      const bare: number[] = [];
      for (let round = 1; round <= rounds; round++) {
        progress(
          `sign-in and bare argon2id on ${bound === undefined ? 'all cores' : 'one core'}, round ${round} of ${rounds}`,
        );
        signIns.push(await runLoad(load, { ...calls, rpc: 'sign-in', input: people, inFlight: 4 * hashes }));
        const args = [MEMORY_KIB, PASSES, hashes, seconds].map(String);
        const command = [process.execPath, 'bench/argon2_rate.ts', ...args];
        bare.push((await runJson<{ perSecond: number }>(command, { core: bound?.served })).perSecond);
      }
      return report(bound, signIns, bare);
    } finally {
      await filled.server.stop();
    }
  });
}

/** Makes people who can sign in; a line of identifier and password each. */
export async function signUp({ server }: Filled): Promise<readonly string[]> {
  progress(`signing up ${PEOPLE} people`);
  const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
  const lines: string[] = [];
  for (let person = 1; person <= PEOPLE; person++) {
    const [identifier, password] = [`person-${person}`, `lantern-${person}-quarry-thistle`];
    const { identity } = await rpc.ok('IdentityService', 'createIdentity', {
      identifiers: [{ type: IdentifierType.USERNAME, value: identifier, verified: false }],
    });
    await rpc.ok('PasswordService', 'setPassword', { identityId: identity?.id ?? '', password });
    lines.push(`${identifier} ${password}`);
  }
  rpc.close();
  return lines;
}

function report(bound: ReturnType<typeof cores>, signIns: readonly LoadAnswer[], bare: readonly number[]): Report {
  const rate = median(signIns.map(({ calls, seconds }) => calls / seconds));
  return {
    rows: [
      {
        what: 'sign-in by password',
        'per second': rounded(rate),
        'p50 ms': rounded(median(signIns.map((one) => one.p50_ms))),
        'p99 ms': rounded(median(signIns.map((one) => one.p99_ms))),
        'argon2id alone': rounded(median(bare)),
        'to baseline': rounded(rate / median(bare)),
      },
    ],
    notes: [
      coresNote(bound),
      `argon2id with ${MEMORY_KIB} KiB and ${PASSES} passes. The goal is ${GOAL * 100} % of the bare rate.`,
    ],
  };
}
