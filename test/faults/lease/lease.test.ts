// P2 against real processes: no yes that was asked for after the answer to a revocation and B, whatever happens to network, clock and process.
import assert from 'node:assert/strict';
import { needsPostgres } from '../../support/needs.ts';
import { MUTANTS, type MutantName } from './builds.ts';
import { ALL_SDKS, type Result, run } from './run.ts';

const REVOCATIONS = 40;
const ACCEPTS = 400;
/** At most; a quiet machine needs far less. */
const MOST_MS = 60_000;
const STRIKES = 8;

const told = ({ name, counts: { revocations, accepts } }: Result) =>
  `${name} ${revocations} revocations, ${accepts} answers of yes`;

describe('fault: SDKs under watch', function () {
  this.timeout(300_000);
  before(function () {
    needsPostgres(this);
  });

  it('P2 partition, wrong clocks and paused processes: no yes later than B in any SDK', async () => {
    const results = await run({
      seed: 7,
      until: ({ oracle: { counts }, strikes }) =>
        counts.revocations >= REVOCATIONS && counts.accepts >= ACCEPTS && strikes.size >= STRIKES,
      maxMs: MOST_MS,
    });
    for (const result of results) console.log(`      ${told(result)}`);
    assert.deepEqual(
      results.flatMap(({ violations }) => violations),
      [],
    );
    for (const result of results) {
      const { name, counts, recovered } = result;
      assert.ok(recovered, `${name} had no lease after all was healed`);
      // A run in which nothing is answered proves nothing; one on a busy machine proves less.
      assert.ok(counts.revocations >= REVOCATIONS / 4 && counts.accepts >= ACCEPTS / 8, told(result));
    }
  });

  const breaks: readonly (readonly [MutantName, readonly string[]])[] = [
    ['the lease never ends', ALL_SDKS],
    ['a change evicts nothing', ['node', 'python', 'go']],
  ];
  for (const [mutant, sdks] of breaks) {
    it(`notices SDKs for which ${mutant} (${sdks.join(', ')})`, async () => {
      const found = ({ oracle }: { oracle: { violations: readonly string[] } }) => oracle.violations.length > 0;
      const results = await run({ sdks, mutant, seed: 11, until: found, maxMs: 2 * MOST_MS });
      for (const result of results) assert.notEqual(result.violations.length, 0, told(result));
    });
  }

  it('every rule that is broken is broken in every language', () => {
    for (const edits of Object.values(MUTANTS)) assert.deepEqual(Object.keys(edits), ['node', 'python', 'go']);
  });
});
