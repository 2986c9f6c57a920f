// The claim of chapter 6 under an adversary, and the proof that the simulation would notice each rule's absence.
import assert from 'node:assert/strict';
import { MUTANTS } from './mutants.ts';
import type { Mutant } from './plan.ts';
import { type Outcome, simulate } from './world.ts';

const SCHEDULES = 2_000;
/** Hunts begin at a seed of their own; any would do, this one keeps the run short. */
const HUNT_FROM = 201;
const REPLAY = 'replay: node test/simulation/main.ts --seed';

/** Plays seeds until one is violated. */
function firstViolated(from: number, seeds: number, mutant: Mutant): Outcome | undefined {
  for (let seed = from; seed < from + seeds; seed++) {
    const outcome = simulate(seed, mutant);
    if (outcome.violations.length > 0) return outcome;
  }
  return undefined;
}

describe('simulation of the lease', () => {
  it(`P2 ${SCHEDULES} schedules, no yes and no token after a revocation and B`, function () {
    this.timeout(240_000);
    const total = { revocations: 0, local: 0, remote: 0, tokens: 0 };
    for (let seed = 1; seed <= SCHEDULES; seed++) {
      const { violations, counts } = simulate(seed);
      assert.deepEqual(violations, [], `${REPLAY} ${seed}`);
      for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += counts[key];
    }
    // A schedule in which nothing is answered proves nothing.
    assert.ok(total.revocations > 10 * SCHEDULES, `${total.revocations} revocations`);
    assert.ok(total.local > 500 * SCHEDULES, `${total.local} answers from memory`);
    assert.ok(total.remote > 100 * SCHEDULES, `${total.remote} answers of a server`);
    assert.ok(total.tokens > 100 * SCHEDULES, `${total.tokens} tokens accepted`);
  });

  it('a seed replays exactly', () => {
    for (const seed of [1, 2, 3]) {
      const lines: [string[], string[]] = [[], []];
      const [one, two] = lines.map((trace) => simulate(seed, {}, (line) => trace.push(line)));
      assert.deepEqual(one, two);
      assert.deepEqual(lines[0], lines[1]);
    }
  });

  it('the grounds on which mutants are hunted are safe for what is whole', function () {
    this.timeout(120_000);
    const grounds = new Map(MUTANTS.flatMap(({ mutant }) => (mutant.ground ? [[mutant.ground, mutant.feed]] : [])));
    for (const [ground, feed] of grounds) {
      // An overlap of 0 is a mutant, another pace of polling is not.
      const outcome = firstViolated(1, 60, { ground: ground ?? {}, ...(feed ? { feed } : {}) });
      assert.deepEqual(outcome?.violations ?? [], [], JSON.stringify(ground));
    }
  });
});

describe('the simulation notices when a rule is switched off', () => {
  for (const { rule, name, mutant, within } of MUTANTS) {
    it(`${rule} ${name}: within ${within} seeds`, function () {
      this.timeout(120_000);
      assert.notEqual(firstViolated(HUNT_FROM, within, mutant), undefined);
    });
  }
});
