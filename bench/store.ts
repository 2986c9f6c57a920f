// The hot path of the store: sessions with their identities by digest, against the bare driver. Run it alone: node bench/store.ts [DATABASE_URL …]
import { createHash, randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import pg from 'pg';
import { openStore } from '../server/src/store/store.ts';
import { fill, TENANT } from './fill.ts';
import { rounded } from './report.ts';

const SESSIONS = 100_000;
const SPAN_MS = 2_000;

type BenchRow = {
  readonly database: string;
  readonly what: string;
  readonly 'calls/s': number;
  readonly 'CPU µs/call': number;
  /** Calls per second against the bare driver with as many in flight, or the most of it. */
  readonly 'of bare driver'?: number;
};

const digest = (n: number) => createHash('sha256').update(`${n}`).digest('hex');
/** Calls as often as it can for a while, `inFlight` at a time. */
async function measure(
  database: string,
  what: string,
  inFlight: number,
  call: (digest: string) => unknown,
): Promise<BenchRow> {
  const digests = Array.from({ length: 4096 }, () => digest(randomInt(SESSIONS)));
  let calls = 0;
  const span = async (ms: number) => {
    calls = 0;
    const end = performance.now() + ms;
    const caller = async () => {
      while (performance.now() < end) {
        calls += 1;
        await call(digests[calls % digests.length] ?? '');
      }
    };
    await Promise.all(Array.from({ length: inFlight }, caller));
  };
  await span(SPAN_MS / 4);
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  await span(SPAN_MS);
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    database,
    what,
    'calls/s': Math.round(calls / seconds),
    'CPU µs/call': Math.round((10 * (user + system)) / calls) / 10,
  };
}

const BARE = `select s.*, i.* from session s left join identity i on i.tenant_id = s.tenant_id and i.id = s.identity_id
  where s.tenant_id = $1 and s.digest = $2`;

/** The driver alone, one prepared statement a call. */
async function bare(databaseUrl: string): Promise<{ call: (digest: string) => unknown; close: () => unknown }> {
  if (databaseUrl.startsWith('file:')) {
    const database = new Database(databaseUrl.slice('file:'.length));
    const statement = database.prepare(BARE);
    return { call: (one) => statement.all([TENANT, one]), close: () => database.close() };
  }
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  return { call: (one) => pool.query({ name: 'bare', text: BARE, values: [TENANT, one] }), close: () => pool.end() };
}

async function benchDatabase(databaseUrl: string): Promise<readonly BenchRow[]> {
  const store = await openStore({ databaseUrl });
  await store.migrate();
  await fill(
    databaseUrl,
    Array.from({ length: SESSIONS }, (_, n) => digest(n)),
  );
  const driver = await bare(databaseUrl);
  const { name } = store.database;
  const read = (one: string) => store.sessions.readByDigest(TENANT, one);
  try {
    const rows: BenchRow[] = [];
    for (const inFlight of [1, 64])
      rows.push(await measure(name, `bare driver, one row a statement, ${inFlight} in flight`, inFlight, driver.call));
    for (const inFlight of [1, 64, 256])
      rows.push(await measure(name, `readByDigest, ${inFlight} in flight`, inFlight, read));
    const [one, many] = rows.map((row) => row['calls/s']);
    const baseline = [one, many, one, many, many];
    return rows.map((row, at) => ({
      ...row,
      'of bare driver': rounded(row['calls/s'] / (baseline[at] ?? Number.NaN)),
    }));
  } finally {
    await driver.close();
    await store.close();
  }
}

/** `databaseUrls`: where to measure beside a new libSQL file. */
export async function run(databaseUrls: readonly string[] = []): Promise<{ readonly rows: readonly BenchRow[] }> {
  const directory = mkdtempSync(join(tmpdir(), 'trust_bench_'));
  try {
    const rows: BenchRow[] = [];
    for (const url of [`file:${join(directory, 'bench.db')}`, ...databaseUrls])
      rows.push(...(await benchDatabase(url)));
    return { rows };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (import.meta.main) console.table((await run(process.argv.slice(2))).rows);
