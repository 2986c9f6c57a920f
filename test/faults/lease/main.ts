// npm run faults -- --long               every SDK under every fault, until 5,000 revocations and 100,000 answers of yes
// npm run faults -- --mutants            the same with SDKs that have one rule broken: violations must be found
// with --sdk NAME (one only), --seed S, --seconds N (at most)
import { parseArgs } from 'node:util';
import { MUTANTS, type MutantName } from './builds.ts';
import { ALL_SDKS, type Result, run } from './run.ts';

const REVOCATIONS = 5_000;
const ACCEPTS = 100_000;

const { values } = parseArgs({
  options: {
    long: { type: 'boolean' },
    mutants: { type: 'boolean' },
    sdk: { type: 'string' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string' },
  },
});
const sdks = values.sdk === undefined ? ALL_SDKS : [values.sdk];
const seed = Number(values.seed);

const row = ({ name, counts: { revocations, accepts, rejections, failures }, violations, recovered }: Result) => {
  const told = `${name.padEnd(11)} ${revocations} revocations, ${accepts} answers of yes, ${rejections} of no, ${failures} errors`;
  return `${told}, ${violations.length} violations${recovered ? '' : '; NO LEASE AFTER ALL WAS HEALED'}`;
};

async function long(): Promise<boolean> {
  const share = 1 / sdks.length;
  const results = await run({
    sdks,
    seed,
    until: ({ oracle: { counts } }) => counts.revocations >= REVOCATIONS * share && counts.accepts >= ACCEPTS * share,
    maxMs: Number(values.seconds ?? (values.long ? 900 : 60)) * 1_000,
    tell: (line) => console.log(line),
  });
  for (const result of results) {
    console.log(row(result));
    console.log(`            ${[...result.strikes].map(([what, times]) => `${what} ${times}`).join(', ')}`);
    for (const violation of result.violations.slice(0, 5)) console.log(`            ${violation}`);
  }
  const total = (key: 'revocations' | 'accepts') => results.reduce((sum, { counts }) => sum + counts[key], 0);
  const violated = results.reduce((sum, { violations }) => sum + violations.length, 0);
  console.log(
    `together: ${total('revocations')} revocations, ${total('accepts')} answers of yes, ${violated} violations`,
  );
  return violated === 0 && results.every(({ recovered }) => recovered);
}

async function mutants(): Promise<boolean> {
  let all = true;
  for (const mutant of Object.keys(MUTANTS) as MutantName[]) {
    const results = await run({
      sdks,
      mutant,
      seed,
      until: ({ oracle: { violations } }) => violations.length > 0,
      maxMs: Number(values.seconds ?? 120) * 1_000,
    });
    console.log(`broken: ${mutant}`);
    for (const result of results) {
      console.log(`  ${row({ ...result, recovered: true })}${result.violations.length === 0 ? '  NOT FOUND' : ''}`);
      all &&= result.violations.length > 0;
    }
  }
  return all;
}

process.exit((await (values.mutants ? mutants() : long())) ? 0 : 1);
