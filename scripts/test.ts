// npm test: every suite, and one closing line. `npm test -- unit go` runs those named; `-- --list` names them.
import { spawn } from 'node:child_process';
import { buildNodeSdk } from './build_node_sdk.ts';
import { MOCHA_SUITES } from './suites.ts';
import { pythonSdk } from './tools.ts';

type Counts = { passed: number; failed: number; skipped: number };
/** Takes what a suite prints. */
type Show = (text: string) => void;
type Suite = {
  readonly run: (show: Show) => Promise<{ code: number; output: string }>;
  readonly count: (output: string) => Counts;
};

const mocha = (patterns: readonly string[]): Suite => ({
  run: (show) => command(show, 'npx', ['mocha', ...patterns]),
  count: (output) => closingLine(output, /^(\d+) passed, (\d+) failed, (\d+) skipped$/gm),
});

const SUITES: Readonly<Record<string, Suite>> = {
  ...Object.fromEntries(Object.entries(MOCHA_SUITES).map(([name, patterns]) => [name, mocha(patterns)])),
  python: { run: (show) => command(show, pythonSdk(), ['-m', 'pytest', '-q'], 'sdks/python'), count: pytestCounts },
  go: { run: (show) => command(show, 'go', ['test', '-json', './...'], 'sdks/go'), count: goCounts },
};

// Stages follow each other; the lanes of one run at the same time, for most suites wait more than they compute.
// The faults, whose clocks matter, have the machine to themselves.
const STAGES: readonly (readonly string[])[][] = [
  [['store'], ['unit', 'house', 'python', 'go', 'grpc', 'http', 'attacks', 'conformance']],
  [['browser'], ['simulation']],
  [['faults']],
];

const wanted = process.argv.slice(2);
if (wanted.includes('--list') || wanted.includes('--help')) {
  console.log(`npm test [-- SUITE…]\nSuites: ${Object.keys(SUITES).join(' ')}`);
  process.exit(0);
}
const unknown = wanted.filter((name) => !(name in SUITES));
if (unknown.length > 0) {
  console.error(`No such suite: ${unknown.join(', ')}. There are: ${Object.keys(SUITES).join(', ')}.`);
  process.exit(2);
}

for (const name of Object.keys(SUITES)) if (!STAGES.flat(2).includes(name)) throw new Error(`${name} is in no stage.`);

buildNodeSdk();
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const rows: string[] = [];
const failures: string[] = [];
let databases = '';
let broken = false;
for (const lanes of STAGES) {
  const printed = await Promise.all(
    lanes.map(async (names, lane) => {
      // The first lane shows what it does; the others are printed after it, in one piece each.
      const kept: string[] = [];
      const show: Show = lane === 0 ? (text) => void process.stdout.write(text) : (text) => void kept.push(text);
      for (const name of names) if (wanted.length === 0 || wanted.includes(name)) await runSuite(name, show);
      return kept.join('');
    }),
  );
  process.stdout.write(printed.join(''));
}
// Named once more at the end, where a log that was cut still has them.
if (failures.length > 0) console.log(`\n== failed\n${failures.join('\n')}`);
if (databases !== '') console.log(`\n${databases.trimEnd()}`);
console.log(`\n== all\n${rows.join('\n')}\n`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(broken ? 1 : 0);

async function runSuite(name: string, show: Show): Promise<void> {
  const suite = SUITES[name] as Suite;
  show(`\n== ${name}\n`);
  const begun = performance.now();
  const { code, output } = await suite.run(show);
  const counts = suite.count(output);
  // A suite that ends badly without a failed test (a crash, a build error) counts as one.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  if (code === 0 && counts.passed === 0) counts.failed = 1;
  broken ||= counts.failed > 0;
  failures.push(...(name === 'go' ? goFailures(output) : (output.match(/^FAILED .+$/gm) ?? [])));
  databases += /^== databases\n(.+\n)+/m.exec(output)?.[0] ?? '';
  for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += counts[key];
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  rows.push(
    `${name.padEnd(12)} ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped  (${seconds} s)`,
  );
}

/** Runs a command, shows what it prints, and keeps it. `go test -json` is shown as its text alone. */
function command(
  show: Show,
  file: string,
  args: readonly string[],
  cwd = '.',
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      show(args.includes('-json') ? goText(text) : text);
    });
    child.stderr.setEncoding('utf8').on('data', show);
    child.on('error', (error) => resolve({ code: 1, output: String(error) }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

function closingLine(output: string, pattern: RegExp): Counts {
  const [, passed = '0', failed = '0', skipped = '0'] = [...output.matchAll(pattern)].at(-1) ?? [];
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

function pytestCounts(output: string): Counts {
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  const of = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(last)?.[1] ?? 0);
  return { passed: of('passed'), failed: of('failed') + of('error'), skipped: of('skipped') };
}

type GoEvent = { readonly Action: string; readonly Package?: string; readonly Test?: string; readonly Output?: string };

function goEvents(output: string): GoEvent[] {
  return output.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as GoEvent];
    } catch {
      return [];
    }
  });
}

function goCounts(output: string): Counts {
  const events = goEvents(output).filter(({ Test }) => Test !== undefined);
  const of = (action: string) => events.filter(({ Action }) => Action === action).length;
  return { passed: of('pass'), failed: of('fail'), skipped: of('skip') };
}

function goFailures(output: string): string[] {
  return goEvents(output).flatMap(({ Action, Package, Test }) =>
    Action === 'fail' ? [`FAILED ${Package ?? ''} ${Test ?? ''}`] : [],
  );
}

function goText(output: string): string {
  return goEvents(output)
    .filter(
      ({ Action, Test, Output }) =>
        Action === 'output' && (Test === undefined || /FAIL|panic|_test\.go/.test(Output ?? '')),
    )
    .map(({ Output }) => Output ?? '')
    .join('');
}
