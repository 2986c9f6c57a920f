// Verify(STRONG) among 10^3 and among 10^6 sessions, through the whole server and of the store alone; and the end of all sessions of one identity that has 10^4.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf, newSessionId } from '../server/src/kernel/secret.ts';
import { openDatabase } from '../server/src/store/database.ts';
import { openDialect } from '../server/src/store/dialects/dialect.ts';
import { SessionEntity } from '../server/src/store/entities/session.ts';
import { openStore, type Store } from '../server/src/store/store.ts';
import { type ServerProcess, startServer } from '../test/support/server_process.ts';
import { SERVERS } from './database_servers.ts';
import { fill, TENANT } from './fill.ts';
import { buildGo, runLoad } from './load.ts';
import { grow, sample, settle } from './many_sessions.ts';
import { median, type Options, progress, type Report, type Row, rounded } from './report.ts';

const FEW = 1_000;
/** Of the many, those that are asked about through the server. */
const KNOWN = 10_000;
const GOAL = 1.5;
const IN_FLIGHT = 16;
const OF_ONE = 10_000;

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

/** One side of the comparison: a database with a server on it. */
type Side = {
  readonly sessions: number;
  readonly url: string;
  readonly store: Store;
  readonly digests: readonly string[];
  readonly server: ServerProcess;
  /** A file with a session_id a line. */
  readonly input: string;
};

async function sideOf(url: string, sessions: number, folder: string): Promise<Side> {
  const store = await openStore({ databaseUrl: url });
  await store.migrate();
  progress(`${store.database.name}: ${sessions.toLocaleString('en-US')} sessions`);
  const ids = Array.from({ length: Math.min(sessions, KNOWN) }, () => newSessionId(randomBytes));
  await fill(
    url,
    ids.map((id) => digestOf('session_id', id)),
  );
  await settle(url);
  if (sessions > ids.length) {
    await grow(url, sessions);
    await settle(url);
  }
  const input = join(folder, `sessions_${sessions}`);
  writeFileSync(input, ids.join('\n'), { mode: 0o600 });
  const server = await startServer({ env: { DATABASE_URL: url, TRUST_LOG_LEVEL: 'warn' } });
  return { sessions, url, store, digests: await sample(url), server, input };
}

async function measure(
  databaseUrls: readonly [few: string, many: string],
  many: number,
  { quick, folder, load }: { readonly quick: boolean; readonly folder: string; readonly load: string },
): Promise<Report> {
  const sides: Side[] = [];
  try {
    for (const [place, url] of databaseUrls.entries()) sides.push(await sideOf(url, place === 0 ? FEW : many, folder));
    const [turns, seconds] = quick ? [4, 0.25] : [16, 1];
    const calls: Readonly<Record<string, (side: Side) => Promise<Round>>> = {
      // First, for after the other one the servers write down which sessions were used.
      'read of the store': ({ store, digests }) => round(store, digests, 1_000 * seconds),
      'Verify(STRONG)': async ({ server, input }) => {
        const { grpcAddress: address, serviceKey } = server;
        const plan = { rpc: 'verify-strong', address, serviceKey, input, inFlight: IN_FLIGHT, seconds } as const;
        const answer = await runLoad(load, { ...plan, warm: 0.1, core: undefined });
        return { calls: answer.calls / answer.seconds, p50: answer.p50_ms, p99: answer.p99_ms };
      },
    };
    const rows: Row[] = [];
    for (const [what, call] of Object.entries(calls)) {
      const rounds = new Map<Side, Round[]>(sides.map((side) => [side, []]));
      for (let turn = 0; turn <= turns; turn++) {
        // By turns, and each goes first as often as the other.
        for (const side of turn % 2 === 0 ? sides : sides.toReversed()) {
          const one = await call(side);
          // The first turn warms up.
          if (turn > 0) rounds.get(side)?.push(one);
        }
      }
      const of = (side: Side, key: keyof Round) => median((rounds.get(side) ?? []).map((one) => one[key]));
      for (const side of sides)
        rows.push({
          database: side.store.database.name,
          what,
          sessions: side.sessions,
          'calls/s': rounded(of(side, 'calls')),
          'p50 ms': rounded(of(side, 'p50')),
          'p99 ms': rounded(of(side, 'p99')),
          'p99 / p99 of few': rounded(of(side, 'p99') / of(sides[0] ?? side, 'p99')),
        });
      progress(
        rows
          .map((row) => Object.values(row).join('  '))
          .slice(-2)
          .join('\n'),
      );
    }
    const [, large] = sides;
    const ended = large === undefined ? undefined : await endAll(large.store, large.url);
    const note = `${sides[0]?.store.database.name}: all of ${OF_ONE.toLocaleString('en-US')} sessions of one identity ended in ${rounded(ended?.ms ?? Number.NaN)} ms, with ${ended?.rows} row of the change feed.`;
    return { rows, notes: [note] };
  } finally {
    for (const { server, store } of sides) {
      await server.remove();
      await store.close();
    }
  }
}

/** `args`: names of databases, or pairs of empty ones by URL, for few and for many sessions; without any, all that can be had here. */
export async function run({ quick, args }: Options): Promise<Report> {
  const many = quick ? 100_000 : 1_000_000;
  const folder = mkdtempSync(join(tmpdir(), 'trust_bench_'));
  const notes = [
    `${IN_FLIGHT} calls in flight, by turns among few and many, medians of the rounds; the goal is ${GOAL} times the p99 of few.`,
  ];
  const rows: Row[] = [];
  const load = buildGo('load');
  const add = async (pair: readonly [string, string]) => {
    const report = await measure(pair, many, { quick, folder, load });
    rows.push(...report.rows);
    notes.push(...(report.notes ?? []));
  };
  try {
    if (args[0]?.includes(':')) {
      for (let place = 0; place + 1 < args.length; place += 2) await add([args[place] ?? '', args[place + 1] ?? '']);
      return { rows, notes };
    }
    for (const name of args.length > 0 ? args : ['libsql', ...Object.keys(SERVERS)]) {
      const server = SERVERS[name];
      const absence = server?.absence();
      if (absence !== undefined) notes.push(`${name} was not measured: ${absence}.`);
      else if (server !== undefined) await add([await server.create(), await server.create()]);
      else if (name === 'libsql') await add([`file:${join(folder, 'few.db')}`, `file:${join(folder, 'many.db')}`]);
      else throw new Error(`There is no database ${name}; there are libsql, ${Object.keys(SERVERS).join(', ')}.`);
    }
    return { rows, notes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
