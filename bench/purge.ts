// Verify while 2 x 10^5 expired sessions are deleted, against the same server with nothing to delete: same load, by turns.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, newSessionId } from '../server/src/kernel/secret.ts';
import { openDatabase } from '../server/src/store/database.ts';
import { openDialect } from '../server/src/store/dialects/dialect.ts';
import { SessionEntity } from '../server/src/store/entities/session.ts';
import { openStore } from '../server/src/store/store.ts';
import { startServer } from '../test/support/server_process.ts';
import { SERVERS } from './database_servers.ts';
import { fill } from './fill.ts';
import { buildGo, type LoadAnswer, runLoad } from './load.ts';
import { bind, cores, coresNote } from './processes.ts';
import { median, type Options, progress, type Report, type Row, rounded } from './report.ts';
import { withFolder } from './servers.ts';

const LIVE = 1_000;
const EXPIRED = 200_000;
const QUICK_EXPIRED = 60_000;
const RATE = 300;
const IN_FLIGHT = 16;
const GOAL = 2;
const DAY = 86_400_000;

const count = async (databaseUrl: string): Promise<number> => {
  const database = await openDatabase(await openDialect(databaseUrl, () => {}), () => {});
  return await database.read((em) => em.count(SessionEntity)).finally(database.close);
};

/** Sessions that ended long ago, of nobody. */
async function addExpired(databaseUrl: string, rows: number): Promise<void> {
  const database = await openDatabase(await openDialect(databaseUrl, () => {}), () => {});
  try {
    const then = Date.now() - 100 * DAY;
    for (let from = 0; from < rows; from += 1_000) {
      const some = Array.from({ length: 1_000 }, (_, place) => {
        const name = `ff${(from + place).toString(16).padStart(30, '0')}`;
        return {
          tenantId: 'default',
          handle: `ses_${name}`,
          digest: name.repeat(2),
          identityId: `idn_${name}`,
          version: 1,
          epoch: 1,
          authenticatedAt: then,
          acr: 'aal1',
          amr: '["pwd"]',
          createdAt: then,
          lastUsedAt: then,
          expiresAt: then + from,
          idleTimeout: DAY,
          revokedAt: null,
          userAgent: 'Mozilla/5.0',
          ipAddress: '',
          label: '',
        };
      });
      await database.write((tx) => tx.insertMany(SessionEntity, some));
    }
  } finally {
    await database.close();
  }
}

type Measured = LoadAnswer & { readonly gone: number };

/** `args`: names of databases; without any, the embedded file. */
export async function run({ quick, args }: Options): Promise<Report> {
  const expired = quick ? QUICK_EXPIRED : EXPIRED;
  const bound = cores();
  const load = buildGo('load');
  return await withFolder(async (folder) => {
    const ids = Array.from({ length: LIVE }, () => newSessionId(randomBytes));
    const input = join(folder, 'sessions');
    writeFileSync(input, ids.join('\n'), { mode: 0o600 });

    /** One server on a database of its own; the first turn of a purge begins 10 s after the start. */
    async function turn(name: string, databaseUrl: string, days: number): Promise<Measured> {
      progress(`${name}: ${expired.toLocaleString('en-US')} expired sessions, ${days === 0 ? 'kept' : 'deleted'}`);
      const store = await openStore({ databaseUrl });
      await store.migrate();
      await store.close();
      await fill(
        databaseUrl,
        ids.map((id) => digestOf('session_id', id)),
      );
      await addExpired(databaseUrl, expired);
      const before = await count(databaseUrl);
      const env = { DATABASE_URL: databaseUrl, TRUST_LOG_LEVEL: 'warn', TRUST_SESSION_RETENTION_DAYS: String(days) };
      const server = await startServer({ env });
      try {
        bind(server.pid() ?? 0, bound?.served);
        const { grpcAddress: address, serviceKey } = server;
        const plan = { rpc: 'verify', address, serviceKey, input, inFlight: IN_FLIGHT, rate: RATE } as const;
        const answer = await runLoad(load, { ...plan, warm: 12, seconds: quick ? 5 : 15, core: bound?.load });
        await server.stop();
        return { ...answer, gone: before - (await count(databaseUrl)) };
      } finally {
        await server.remove();
      }
    }

    const rows: Row[] = [];
    for (const name of args.length > 0 ? args : ['libsql']) {
      let files = 0;
      const create = async () => (await SERVERS[name]?.create()) ?? `file:${join(folder, `${name}_${files++}.db`)}`;
      if (name !== 'libsql' && SERVERS[name] === undefined)
        throw new Error(`There is no database ${name}; there are libsql, ${Object.keys(SERVERS).join(', ')}.`);
      const [quiet, purging]: [Measured[], Measured[]] = [[], []];
      for (let n = 0; n < (quick ? 1 : 2); n++) {
        quiet.push(await turn(name, await create(), 0));
        purging.push(await turn(name, await create(), 1));
      }
      const p99 = (of: readonly Measured[]) => median(of.map((one) => one.p99_ms));
      const row = (what: string, of: readonly Measured[]): Row => ({
        database: name,
        what,
        'calls/s': rounded(median(of.map((one) => one.calls / one.seconds))),
        'p50 ms': rounded(median(of.map((one) => one.p50_ms))),
        'p99 ms': rounded(p99(of)),
        'p99 / quiet': rounded(p99(of) / p99(quiet)),
        'rows deleted': Math.round(median(of.map((one) => one.gone))),
      });
      rows.push(row('Verify, nothing deleted', quiet), row('Verify, while deleting', purging));
    }
    const notes = [
      coresNote(bound),
      `${RATE} calls/s while ${expired.toLocaleString('en-US')} expired sessions are there; the goal is ${GOAL} times the quiet p99. Deleting begins 10 s after the start and takes a tenth of the time at most.`,
    ];
    return { rows, notes };
  });
}
