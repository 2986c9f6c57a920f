// npm run bench: lists the benchmarks; `npm run bench -- NAME` runs one and prints a table, with `--json` one JSON object.
import { parseArgs } from 'node:util';
import { buildNodeSdk } from '../scripts/build_node_sdk.ts';
import { machine, type Options, progress, type Report, table } from './report.ts';

type Benchmark = { readonly about: string; readonly run: (options: Options) => Promise<Report> };

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  verify: {
    about: 'Verify of 10^3 and 10^5 sessions through the whole server, against a gRPC server that only echoes',
    run: async (options) => (await import('./verify.ts')).run(options),
  },
  batch: {
    about: 'BatchVerify and the coalesced misses of an SDK, against a gRPC server that only echoes',
    run: async (options) => (await import('./batch.ts')).run(options),
  },
  start: {
    about: 'time from spawn to the first answer, and memory at rest, with a new and an existing data folder',
    run: async (options) => (await import('./start.ts')).run(options),
  },
  token: {
    about:
      'Trust Tokens: issued against a bare signature, verified by the three SDKs against jose, joserfc and go-jose',
    run: async (options) => (await import('./token.ts')).run(options),
  },
  local_verify: {
    about: 'Verify from the memory of the SDKs, 10^5 sessions, against the offline verification of a JWT',
    run: async (options) => (await import('./local_verify.ts')).run(options),
  },
  watch: {
    about: 'what those who watch cost a server: idle ones, and 500 of them with 100 revocations a second',
    run: async (options) => (await import('./watch.ts')).run(options),
  },
  revoke: {
    about: 'from the answer of a revocation at one node to the no of an SDK at another, in the three SDKs',
    run: async (options) => (await import('./revoke.ts')).run(options),
  },
  memory: {
    about: 'memory of a server with 10^6 sessions and 10^5 of them cached, and of the SDKs with 10^5',
    run: async (options) => (await import('./memory.ts')).run(options),
  },
  flood: {
    about: 'Verify beside a flood of sign-ins, against the same server in quiet',
    run: async (options) => (await import('./flood.ts')).run(options),
  },
  signin: {
    about: 'sign-in by password against bare argon2id',
    run: async (options) => (await import('./signin.ts')).run(options),
  },
  enumeration: {
    about: 'whether the time of an answer tells who has an account: 2,000 timings of each kind of account and flow',
    run: async (options) => (await import('./enumeration.ts')).run(options),
  },
  cascade: {
    about: 'each act of the cascade at one node, to the no of every SDK at another, for sessions and Trust Tokens',
    run: async (options) => (await import('./cascade.ts')).run(options),
  },
  purge: {
    about: 'Verify while 2 x 10^5 expired sessions are deleted, against the same server with nothing to delete',
    run: async (options) => (await import('./purge.ts')).run(options),
  },
  scale_sessions: {
    about: 'what Verify(STRONG) asks of the store among 10^3 and 10^6 sessions, on each database',
    run: async (options) => (await import('./scale_sessions.ts')).run(options),
  },
  organisations: {
    about:
      'every page and call on an organisation of 10^4 members and an identity of 10^3 sessions, on the embedded database',
    run: async (options) => (await import('./organisations.ts')).run(options),
  },
  fan_out: {
    about:
      'a cluster on paper: 10,000 processes that watch, from the measured cost of a row, a pong, a poll and a verdict; NAME=NUMBER changes it',
    run: async (options) => (await import('./fan_out.ts')).run(options),
  },
  store: {
    about:
      'Verify, sign-in lookup, CreateSession and RevokeSession in the store of each database, against its bare driver',
    run: async (options) => (await import('./store.ts')).run(options),
  },
};

const HELP = `npm run bench -- NAME [--json] [--quick] [DATABASE_URL… | NAME=NUMBER…]

${Object.entries(BENCHMARKS)
  .map(([name, { about }]) => `  ${name.padEnd(14)} ${about}`)
  .join('\n')}

  --json   one JSON object instead of a table
  --quick  fewer and shorter rounds, only to see that it works

Every figure stands beside a baseline of the same run. Nothing else should run on the machine.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  const [name, ...args] = positionals;
  if (name === undefined || values.help === true) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const benchmark = Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined;
  if (benchmark === undefined) {
    process.stderr.write(`There is no benchmark ${name}; there are ${Object.keys(BENCHMARKS).join(', ')}.\n`);
    return 2;
  }
  // What is measured is the source as it stands.
  buildNodeSdk();
  progress(`${name}: ${benchmark.about}`);
  const { rows, notes = [], failed = false } = await benchmark.run({ quick: values.quick === true, args });
  if (values.json === true)
    process.stdout.write(`${JSON.stringify({ benchmark: name, machine: machine(), rows, notes })}\n`);
  else process.stdout.write(`\n${table(rows)}\n\n${notes.map((note) => `${note}\n`).join('')}`);
  return failed ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const { code, message } = error as { code?: unknown; message: string };
  const misused = typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(
    `${misused ? `${message.split('. ')[0]}. See npm run bench -- --help.` : (error as Error).stack}\n`,
  );
  process.exitCode = misused ? 2 : 1;
}
// Servers that a benchmark took from the tests end with this process, and would keep it from ending.
process.stdout.write('', () => process.exit());
