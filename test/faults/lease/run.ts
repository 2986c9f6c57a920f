// Two nodes on one PostgreSQL; every SDK watches one of them through a proxy, people are revoked at the other.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RpcCaller } from '../../support/rpc_caller.ts';
import { twoNodes } from '../../support/two_nodes.ts';
import { buildSdks, type MutantName } from './builds.ts';
import type { Counts } from './oracle.ts';
import { Rig } from './rig.ts';

export const ALL_SDKS = ['node', 'python', 'python_aio', 'go'];

export type Wish = {
  readonly sdks?: readonly string[];
  readonly mutant?: MutantName;
  readonly seed: number;
  readonly everyMs?: number;
  /** The run ends when each SDK has reached this, or when the time is over. */
  readonly until: (rig: Rig) => boolean;
  readonly maxMs: number;
  readonly tell?: (line: string) => void;
};

export type Result = {
  readonly name: string;
  readonly counts: Counts;
  readonly violations: readonly string[];
  readonly strikes: ReadonlyMap<string, number>;
  /** Whether it had a lease again after everything was healed. */
  readonly recovered: boolean;
};

export async function run({
  sdks = ALL_SDKS,
  mutant,
  seed,
  until,
  maxMs,
  everyMs = 40,
  tell,
}: Wish): Promise<Result[]> {
  const built = buildSdks(sdks, mutant);
  const pair = await twoNodes({ TRUST_LOG_LEVEL: 'warn' });
  const folder = mkdtempSync(join(tmpdir(), 'trust_faults_'));
  const [watched, other] = pair.nodes;
  const elsewhere = new RpcCaller(other.grpcAddress, watched.serviceKey);
  const issuer = watched.publicUrl;
  let rigs: Rig[] = [];
  try {
    const jwks = await (await fetch(`${issuer}/.well-known/jwks.json`)).json();
    rigs = built.map(
      (sdk, place) =>
        new Rig({
          sdk,
          watched,
          elsewhere,
          jwks,
          issuer,
          folder,
          seed: seed + 100 * place,
          everyMs,
          pausesNode: place === 0,
        }),
    );
    await Promise.all(rigs.map((rig) => rig.start()));
    const end = performance.now() + maxMs;
    let over = false;
    const stopped = () => over || performance.now() > end || rigs.every(until);
    const progress = setInterval(() => {
      tell?.(rigs.map(({ name, oracle: { counts } }) => `${name} ${counts.revocations}/${counts.accepts}`).join(', '));
    }, 5_000);
    const recovered = await Promise.all(rigs.map((rig) => rig.run(stopped))).finally(() => {
      over = true;
      clearInterval(progress);
    });
    return rigs.map(({ name, oracle: { counts, violations }, strikes }, place) => {
      return { name, counts, violations, strikes, recovered: recovered[place] ?? false };
    });
  } finally {
    for (const rig of rigs) rig.close();
    elsewhere.close();
    await pair.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}
