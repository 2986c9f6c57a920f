// What Verify(STRONG) asks of the store, among 10^3 and among 10^6 sessions; and the end of all sessions of one identity that has 10^4.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '../server/src/kernel/secret.ts';
import { copyTables } from '../server/src/store/copy/copy_table.ts';
import { type Database, openDatabase } from '../server/src/store/database.ts';
import { openDialect } from '../server/src/store/dialects/dialect.ts';
import { SessionEntity } from '../server/src/store/entities/session.ts';
import { openStore, type Store } from '../server/src/store/store.ts';
import { fill, TENANT } from './fill.ts';
import { median, type Options, progress, type Report, type Row, rounded } from './report.ts';

const FEW = 1_000;
const GOAL = 1.5;
const IN_FLIGHT = 16;
const OF_ONE = 10_000;

/** 32 hexadecimal digits that differ from row to row, as each database makes them. */
const RANDOM: Readonly<Record<string, string>> = {
  libsql: 'lower(hex(randomblob(16)))',
  postgresql: "replace(gen_random_uuid()::text, '-', '')",
  mysql: 'left(sha2(uuid(), 256), 32)',
  mariadb: 'left(sha2(concat(uuid(), rand()), 256), 32)',
};

const concat = ({ dialect }: Database, ...parts: string[]) =>
  dialect.name.startsWith('m') ? `concat(${parts.join(', ')})` : parts.join(' || ');

/** Doubles the sessions, each with an identity of its own, until there are so many. */
async function grow(databaseUrl: string, count: number): Promise<void> {
  const database = await openDatabase(await openDialect(databaseUrl, () => {}), () => {});
  const say = (sql: string) => database.write((tx) => tx.execute(database.sql(sql)));
  try {
    const random = RANDOM[database.dialect.name] ?? '';
    const [table] = copyTables(database.orm).filter(({ name }) => name === 'session');
    const columns = (table?.columns ?? []).map(({ name }) => name);
    const values = columns.map((name) => {
      if (name === 'handle') return concat(database, "'ses_'", random);
      return name === 'digest' ? concat(database, random, random) : name;
    });
    for (let have = await database.read((em) => em.count(SessionEntity)); have < count; ) {
      // Small steps, for a transaction lasts at most 10 s.
      const step = Math.min(have, count - have, 20_000);
      await say(
        `insert into {session} (${columns.join(', ')}) select ${values.join(', ')} from {session} limit ${step}`,
      );
      have += step;
    }
  } finally {
    await database.close();
  }
}

/** Digests from all over the table. */
async function sample(databaseUrl: string): Promise<readonly string[]> {
  const database = await openDatabase(await openDialect(databaseUrl, () => {}), () => {});
  try {
    const found: string[] = [];
    // In the order of digests, which is none of any other.
    for (let prefix = 0; prefix < 256; prefix++) {
      const low = prefix.toString(16).padStart(2, '0');
      const sql = `select digest from {session} where tenant_id = $1 and digest > $2 order by digest limit 16`;
      const rows = await database.reader.rows({ name: 'sample', sql }, [TENANT, low]);
      found.push(...rows.map(([digest]) => String(digest)));
    }
    return found.sort(() => Math.random() - 0.5);
  } finally {
    await database.close();
  }
}

type Round = { readonly calls: number; readonly p50: number; readonly p99: number };

async function round(store: Store, digests: readonly string[], ms: number): Promise<Round> {
  const times: number[] = [];
  const end = performance.now() + ms;
  let next = 0;
  const caller = async () => {
    while (performance.now() < end) {
      const begun = performance.now();
      const found = await store.sessions.readByDigest(TENANT, digests[next++ % digests.length] ?? '');
      if (found === undefined) throw new Error('A session of the benchmark is not there.');
      times.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * (times.length - 1))] ?? Number.NaN;
  return { calls: times.length / (ms / 1_000), p50: at(0.5), p99: at(0.99) };
}

/** "Sign out everywhere" of an identity with many sessions: time, and rows that it adds to the change feed. */
async function endAll(store: Store, databaseUrl: string): Promise<{ readonly ms: number; readonly rows: number }> {
  const [owner] = (await store.identities.list(TENANT, { limit: 1 })).rows;
  if (owner === undefined) throw new Error('no identity');
  const database = await openDatabase(await openDialect(databaseUrl, () => {}), () => {});
  try {
    const [some = []] = [
      await database.read((em) => em.find(SessionEntity, {}, { limit: OF_ONE, fields: ['handle'] })),
    ];
    for (let from = 0; from < some.length; from += 500) {
      const handles = some.slice(from, from + 500).map(({ handle }) => handle);
      await database.write((tx) =>
        tx.nativeUpdate(SessionEntity, { tenantId: TENANT, handle: { $in: handles } }, { identityId: owner.id }),
      );
    }
  } finally {
    await database.close();
  }
  const last = async () => (await store.changes.readAfter(0, 1_000)).rows.length;
  const before = await last();
  const begun = performance.now();
  const after = { ...owner, epoch: owner.epoch + 1, version: owner.version + 1 };
  const change = {
    tenantId: TENANT,
    kind: 'identity' as const,
    identityId: owner.id,
    epoch: after.epoch,
    version: after.version,
  };
  await store.identities.replace(owner, after, { changes: [change], events: [] });
  return { ms: performance.now() - begun, rows: (await last()) - before };
}

async function measure(
  databaseUrls: readonly [few: string, many: string],
  many: number,
  quick: boolean,
): Promise<Report> {
  const stores: Store[] = [];
  try {
    for (const [place, url] of databaseUrls.entries()) {
      const store = await openStore({ databaseUrl: url });
      stores.push(store);
      await store.migrate();
      await fill(
        url,
        Array.from({ length: FEW }, (_, n) => digestOf('session_id', `${n}`)),
      );
      progress(`${store.database.name}: ${(place === 0 ? FEW : many).toLocaleString('en-US')} sessions`);
      if (place === 1) await grow(url, many);
    }
    const samples = await Promise.all(databaseUrls.map(sample));
    const rounds: Round[][] = stores.map(() => []);
    const [turns, ms] = quick ? [3, 500] : [7, 2_000];
    for (let turn = 0; turn <= turns; turn++) {
      for (const [place, store] of stores.entries()) {
        const one = await round(store, samples[place] ?? [], ms);
        // The first turn warms up.
        if (turn > 0) rounds[place]?.push(one);
      }
    }
    const [large] = stores.slice(1);
    const ended = large === undefined ? undefined : await endAll(large, databaseUrls[1]);
    const name = stores[0]?.database.name ?? '';
    const p99 = rounds.map((of) => median(of.map((one) => one.p99)));
    const rows = rounds.map(
      (of, place): Row => ({
        database: name,
        sessions: place === 0 ? FEW : many,
        'calls/s': rounded(median(of.map((one) => one.calls))),
        'p50 ms': rounded(median(of.map((one) => one.p50))),
        'p99 ms': rounded(p99[place] ?? Number.NaN),
        'p99 / p99 of few': rounded((p99[place] ?? Number.NaN) / (p99[0] ?? Number.NaN)),
      }),
    );
    const note = `${name}: all of ${OF_ONE.toLocaleString('en-US')} sessions of one identity ended in ${rounded(ended?.ms ?? Number.NaN)} ms, with ${ended?.rows} row of the change feed.`;
    return { rows, notes: [note] };
  } finally {
    for (const store of stores) await store.close();
  }
}

/** `args`: beside a new libSQL file, pairs of empty databases by URL, for few and for many sessions. */
export async function run({ quick, args }: Options): Promise<Report> {
  const many = quick ? 100_000 : 1_000_000;
  const folder = mkdtempSync(join(tmpdir(), 'trust_bench_'));
  try {
    const pairs: (readonly [string, string])[] = [
      [`file:${join(folder, 'few.db')}`, `file:${join(folder, 'many.db')}`],
    ];
    for (let place = 0; place + 1 < args.length; place += 2) pairs.push([args[place] ?? '', args[place + 1] ?? '']);
    const reports: Report[] = [];
    for (const pair of pairs) reports.push(await measure(pair, many, quick));
    const goal = `${IN_FLIGHT} reads in flight, by turns among few and many; the goal is ${GOAL} times the p99 of few.`;
    return { rows: reports.flatMap(({ rows }) => rows), notes: [goal, ...reports.flatMap(({ notes = [] }) => notes)] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
