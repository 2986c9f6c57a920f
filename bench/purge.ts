// Verify while 2 x 10^5 expired sessions are deleted, against the same server with nothing to delete: same load, by turns.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../server/src/store/database.ts';
import { openDialect } from '../server/src/store/dialects/dialect.ts';
import { SessionEntity } from '../server/src/store/entities/session.ts';
import { startServer } from '../test/support/server_process.ts';
import { buildGo, type LoadAnswer, runLoad } from './load.ts';
import { bind, cores, coresNote } from './processes.ts';
import { median, type Options, progress, type Report, type Row, rounded } from './report.ts';
import { startFilled, withFolder } from './servers.ts';

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

export async function run({ quick }: Options): Promise<Report> {
  const expired = quick ? QUICK_EXPIRED : EXPIRED;
  const bound = cores();
  const load = buildGo('load');
  return await withFolder(async (folder) => {
    const filled = await startFilled(folder, LIVE, bound?.served);
    await filled.server.stop();
    const source = join(folder, `data_${LIVE}`, 'trust.db');
    progress(`making ${expired.toLocaleString('en-US')} expired sessions`);
    await addExpired(`file:${source}`, expired);

    /** One server on a fresh copy; the first turn of a purge begins 10 s after the start. */
    async function turn(name: string, days: number): Promise<Measured> {
      progress(`${name}`);
      const dataDir = join(folder, name);
      mkdirSync(dataDir);
      copyFileSync(source, join(dataDir, 'trust.db'));
      for (const file of ['master-key', 'service-key', 'service-key.orders'])
        copyFileSync(join(folder, `data_${LIVE}`, file), join(dataDir, file));
      const databaseUrl = `file:${join(dataDir, 'trust.db')}`;
      const before = await count(databaseUrl);
      const env = {
        DATABASE_URL: databaseUrl,
        TRUST_LOG_LEVEL: 'warn',
        TRUST_SESSION_RETENTION_DAYS: String(days),
        TRUST_PUBLIC_URL: filled.server.publicUrl,
        TRUST_HTTP_ADDRESS: new URL(filled.server.publicUrl).host,
      };
      const server = await startServer({ dataDir, env });
      try {
        bind(server.pid() ?? 0, bound?.served);
        const answer = await runLoad(load, {
          rpc: 'verify',
          address: server.grpcAddress,
          serviceKey: server.serviceKey,
          input: filled.sessionIds,
          inFlight: IN_FLIGHT,
          rate: RATE,
          warm: 12,
          seconds: quick ? 5 : 15,
          core: bound?.load,
        });
        await server.stop();
        return { ...answer, gone: before - (await count(databaseUrl)) };
      } finally {
        await server.remove();
      }
    }

    const turns = quick ? 1 : 2;
    const [quiet, purging]: [Measured[], Measured[]] = [[], []];
    for (let n = 0; n < turns; n++) {
      quiet.push(await turn(`quiet_${n}`, 0));
      purging.push(await turn(`purging_${n}`, 1));
    }
    const p99 = (of: readonly Measured[]) => median(of.map((one) => one.p99_ms));
    const row = (what: string, of: readonly Measured[]): Row => ({
      what,
      'calls/s': rounded(median(of.map((one) => one.calls / one.seconds))),
      'p50 ms': rounded(median(of.map((one) => one.p50_ms))),
      'p99 ms': rounded(p99(of)),
      'p99 / quiet': rounded(p99(of) / p99(quiet)),
      'rows deleted': Math.round(median(of.map((one) => one.gone))),
    });
    const notes = [
      coresNote(bound),
      `${RATE} calls/s while ${expired.toLocaleString('en-US')} expired sessions are there; the goal is ${GOAL} times the quiet p99. Deleting begins 10 s after the start and takes a tenth of the time at most.`,
    ];
    return { rows: [row('Verify, nothing deleted', quiet), row('Verify, while deleting', purging)], notes };
  });
}
