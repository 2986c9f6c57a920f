// node test/simulation/main.ts --seeds N [--from S]   plays N schedules and prints counts
// node test/simulation/main.ts --seed S               plays one with a trace
// either with --mutant TEXT                           with the rule switched off whose name holds TEXT
import { parseArgs } from 'node:util';
import { MUTANTS } from './mutants.ts';
import { planOf } from './plan.ts';
import { simulate } from './world.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { seeds: text, from: text, seed: text, mutant: text } });

const number = (name: 'seeds' | 'from' | 'seed', otherwise: number): number => {
  const value = Number(values[name] ?? otherwise);
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`--${name} must be a whole number`);
  return value;
};

const broken = values.mutant === undefined ? undefined : MUTANTS.find(({ name }) => name.includes(values.mutant ?? ''));
if (values.mutant !== undefined && broken === undefined) throw new RangeError(`no mutant named ${values.mutant}`);
const mutant = broken?.mutant ?? {};
if (broken !== undefined) console.log(`rule switched off: ${broken.rule}, ${broken.name}`);

if (values.seed !== undefined) {
  const seed = number('seed', 0);
  const { mutant: _, ...plan } = planOf(seed, mutant);
  console.log(JSON.stringify(plan, null, 2));
  const { counts, violations } = simulate(seed, mutant, console.log);
  console.log(JSON.stringify(counts));
  process.exit(violations.length > 0 ? 1 : 0);
}

const [from, seeds] = [number('from', 1), number('seeds', 1_000)];
const total = { revocations: 0, changes: 0, local: 0, remote: 0, tokens: 0 };
const failing: number[] = [];
const begun = performance.now();
let told = begun;
for (let seed = from; seed < from + seeds; seed++) {
  const { counts, violations } = simulate(seed, mutant);
  for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += counts[key];
  if (violations[0] !== undefined) {
    failing.push(seed);
    if (failing.length <= 10) console.log(`seed ${seed}: ${violations[0].who}, ${violations[0].what}`);
  }
  if (performance.now() - told > 5_000) {
    told = performance.now();
    const played = seed - from + 1;
    const left = ((told - begun) / played) * (seeds - played);
    console.log(`${played} of ${seeds} played, ${failing.length} violated, ${(left / 1_000).toFixed(0)} s left`);
  }
}
const { revocations, changes, local, remote, tokens } = total;
const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
console.log(
  `${seeds} schedules in ${seconds} s: ${revocations} revocations in ${changes} changes; yes ${local} times from memory, ` +
    `${remote} times from a server; ${tokens} tokens accepted; ${failing.length} schedules with a violation`,
);
if (failing.length > 0) console.log(`replay: node test/simulation/main.ts --seed ${failing[0]}`);
process.exit(failing.length > 0 ? 1 : 0);
