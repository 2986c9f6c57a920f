// What those who watch cost a server: idle ones, and many while sessions are revoked.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, newSessionId } from '../server/src/kernel/secret.ts';
import { postgresAbsence, postgresServer } from '../test/support/postgres.ts';
import { startServer } from '../test/support/server_process.ts';
import { fill, handle } from './fill.ts';
import { buildGo } from './load.ts';
import { bind, cores, coresNote, runJson } from './processes.ts';
import { type Options, progress, type Report, type Row, rounded } from './report.ts';
import { withFolder } from './servers.ts';

/** What bench/watchers writes. */
type Answer = {
  readonly seconds: number;
  readonly revoked: number;
  readonly delivered: number;
  readonly missing: number;
  readonly told_p50_ms: number;
  readonly told_p99_ms: number;
  readonly told_max_ms: number;
  readonly pong_p99_ms: number;
  readonly server_cpu_seconds: number;
};

const RATE = 100;
const MANY = 500;
const GOAL_IDLE = 0.1;

export async function run({ quick }: Options): Promise<Report> {
  const seconds = quick ? 3 : 20;
  const bound = cores();
  const program = buildGo('watchers');
  const absence = postgresAbsence();
  return withFolder(async (folder) => {
    const DATABASE_URL =
      absence === undefined ? await (await postgresServer()).createDatabase() : `file:${join(folder, 'trust.db')}`;
    const server = await startServer({ dataDir: join(folder, 'data'), env: { DATABASE_URL, TRUST_LOG_LEVEL: 'warn' } });
    try {
      const count = RATE * seconds;
      progress(`making ${count.toLocaleString('en-US')} sessions`);
      await fill(
        DATABASE_URL,
        Array.from({ length: count }, () => digestOf('session_id', newSessionId(randomBytes))),
      );
      const handles = join(folder, 'handles');
      writeFileSync(handles, Array.from({ length: count }, (_, place) => handle(place)).join('\n'));
      bind(server.pid() ?? 0, bound?.served);
      const watched = (streams: number, rate = 0) => {
        progress(`${streams} streams${rate > 0 ? `, ${rate} revocations a second` : ''}`);
        const options = {
          address: server.grpcAddress,
          pid: server.pid() ?? 0,
          input: handles,
          streams,
          rate,
          for: `${seconds}s`,
        };
        const args = Object.entries(options).map(([name, value]) => `-${name}=${value}`);
        const env = { TRUST_SERVICE_KEY: server.serviceKey };
        return runJson<Answer>([program, ...args], { core: bound?.load, env });
      };
      const nobody = await watched(0);
      const rows: Row[] = [];
      for (const [streams, rate] of [
        [1, 0],
        [100, 0],
        [MANY, 0],
        [MANY, RATE],
      ] as const) {
        rows.push(rowOf(streams, rate, await watched(streams, rate), nobody));
      }
      const database = absence === undefined ? 'PostgreSQL' : 'the embedded file';
      return { rows, notes: notes(database, seconds, coresNote(bound)) };
    } finally {
      await server.remove();
    }
  });
}

function rowOf(streams: number, rate: number, answer: Answer, nobody: Answer): Row {
  if (answer.missing > 0) throw new Error(`${answer.missing} revocations did not arrive.`);
  const core = (of: Answer) => (100 * of.server_cpu_seconds) / of.seconds;
  const more = core(answer) - core(nobody);
  return {
    streams,
    'revocations/s': rounded(answer.revoked / answer.seconds),
    '% of a core': rounded(core(answer)),
    'nobody watching %': rounded(core(nobody)),
    'a stream %': rate === 0 ? rounded(more / streams) : '',
    'changes/s told': rounded(answer.delivered / answer.seconds),
    'µs of a core each': rate === 0 ? '' : rounded((more / 100 / (answer.delivered / answer.seconds)) * 1e6),
    'told p50 ms': rate === 0 ? '' : rounded(answer.told_p50_ms),
    'p99 ms': rate === 0 ? '' : rounded(answer.told_p99_ms),
    'longest ms': rate === 0 ? '' : rounded(answer.told_max_ms),
    'pong p99 ms': rounded(answer.pong_p99_ms),
  };
}

const notes = (database: string, seconds: number, bound: string) => [
  bound,
  `On ${database}, ${seconds} s each. A stream sends a ping every 500 ms, as an SDK does; the goal for an idle one is ${GOAL_IDLE} % of a core.`,
  'told: from the answer of the revocation to the arrival at a stream; 0 for those that were told before. µs each: with the revocations themselves, and the pongs.',
];
