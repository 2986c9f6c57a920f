// The store against the bare driver with the same statements, on each database that can be had here.
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEvent } from '../server/src/features/audit/audit.ts';
import type { Session } from '../server/src/features/session/session.ts';
import { type Database, openDatabase } from '../server/src/store/database.ts';
import { openDialect } from '../server/src/store/dialects/dialect.ts';
import { SessionEntity } from '../server/src/store/entities/session.ts';
import { columnsOf } from '../server/src/store/session_row.ts';
import { openStore, type Store } from '../server/src/store/store.ts';
import { SERVERS } from './database_servers.ts';
import { fill, TENANT } from './fill.ts';
import { median, type Options, progress, type Report, type Row, rounded } from './report.ts';
import { type Bare, bareDriver } from './store/bare.ts';
import * as statements from './store/statements.ts';

const READS_IN_FLIGHT = 16;
const WRITES_IN_FLIGHT = 8;
const GOAL = 1.5;
const PEOPLE = 500;
/** Sessions that wait to be revoked before a round begins. */
const LIVE = 4_000;
const STEP = 500;

const hex = (bytes: number) => randomBytes(bytes).toString('hex');
const digest = (n: number) => createHash('sha256').update(`${n}`).digest('hex');
const pick = <T>(from: readonly T[]): T => from[randomInt(from.length)] as T;

function newSession(): Session {
  const now = Date.now();
  return {
    tenantId: TENANT,
    handle: `ses_${hex(16)}`,
    digest: hex(32),
    identityId: `idn_${'0'.repeat(32)}`,
    organisationId: undefined,
    version: 1,
    epoch: 1,
    authenticatedAt: now,
    acr: 'aal1',
    amr: ['pwd'],
    createdAt: now,
    lastUsedAt: now,
    expiresAt: now + 8_640_000_000,
    idleTimeout: 864_000_000,
    revokedAt: undefined,
    device: { userAgent: 'Mozilla/5.0 (X11; Linux x86_64)', ipAddress: '203.0.113.9', label: '' },
  };
}

const eventOf = ({ tenantId, handle, identityId }: Session, action: AuditEvent['action']): AuditEvent => ({
  id: `aud_${hex(16)}`,
  tenantId,
  at: Date.now(),
  action,
  actor: 'service:bench',
  identityId,
  subject: handle,
  facts: {},
});

/** One kind of call, by the store and by the driver; `ready` makes what a round of it uses up. */
type Kind = {
  readonly what: string;
  readonly inFlight: number;
  readonly ready?: () => Promise<void>;
  readonly store: () => Promise<unknown>;
  readonly bare: () => Promise<unknown>;
};

function kindsOf(store: Store, database: Database, bare: Bare, count: number, names: readonly string[]): Kind[] {
  const { dialect } = database;
  const properties = database.orm.getMetadata().get(SessionEntity).props;
  const cellsOf = (session: Session): statements.Cells => {
    const row = columnsOf(session) as Readonly<Record<string, string | number | null>>;
    return properties.map(({ name, fieldNames }) => [fieldNames[0] ?? name, row[name] ?? null]);
  };
  const live: Session[] = [];
  const taken = () => {
    const session = live.pop();
    if (session === undefined) throw new Error('No session is left to revoke.');
    return session;
  };
  const revoked = (session: Session): Session => ({ ...session, version: 2, revokedAt: Date.now() });
  return [
    {
      what: 'Verify, uncached',
      inFlight: READS_IN_FLIGHT,
      store: () => store.sessions.readByDigest(TENANT, digest(randomInt(count))),
      bare: () => bare.rows(statements.verify(TENANT, digest(randomInt(count)))),
    },
    {
      what: 'sign-in lookup',
      inFlight: READS_IN_FLIGHT,
      store: () => store.identities.readByIdentifier(TENANT, 'email', pick(names)),
      bare: () => bare.rows(statements.lookUp(TENANT, pick(names))),
    },
    {
      what: 'CreateSession',
      inFlight: WRITES_IN_FLIGHT,
      store: async () => {
        const session = newSession();
        await store.sessions.insert(session, { changes: [], events: [eventOf(session, 'session.created')] });
        live.push(session);
      },
      bare: async () => {
        const session = newSession();
        await bare.write(statements.create(cellsOf(session), eventOf(session, 'session.created')));
        live.push(session);
      },
    },
    {
      what: 'RevokeSession',
      inFlight: WRITES_IN_FLIGHT,
      ready: async () => {
        while (live.length < LIVE) {
          const some = Array.from({ length: STEP }, newSession);
          await database.write((tx) => tx.insertMany(SessionEntity, some.map(columnsOf)));
          live.push(...some);
        }
      },
      store: async () => {
        const before = taken();
        const { tenantId, handle } = before;
        const change = { tenantId, kind: 'session', handle, version: 2, revoked: true } as const;
        const events = [eventOf(before, 'session.revoked')];
        if (!(await store.sessions.replace(before, revoked(before), { changes: [change], events })))
          throw new Error('A session of the benchmark was changed by another.');
      },
      bare: () => {
        const before = taken();
        return bare.write(
          statements.revoke(dialect, revoked(before), cellsOf(revoked(before)), eventOf(before, 'session.revoked')),
        );
      },
    },
  ];
}

type Round = { readonly calls: number; readonly p99: number };

async function round(call: () => Promise<unknown>, inFlight: number, ms: number): Promise<Round> {
  const times: number[] = [];
  const begun = performance.now();
  const caller = async () => {
    while (performance.now() < begun + ms) {
      const from = performance.now();
      await call();
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  const seconds = (performance.now() - begun) / 1_000;
  times.sort((a, b) => a - b);
  return { calls: times.length / seconds, p99: times[Math.floor(0.99 * (times.length - 1))] ?? Number.NaN };
}

async function measure(name: string, databaseUrl: string, quick: boolean): Promise<readonly Row[]> {
  const [count, turns, ms] = quick ? [2_000, 2, 200] : [20_000, 6, 500];
  const store = await openStore({ databaseUrl });
  await store.migrate();
  progress(`${name} ${store.database.version}: ${count.toLocaleString('en-US')} sessions`);
  await fill(
    databaseUrl,
    Array.from({ length: count }, (_, n) => digest(n)),
  );
  const names = Array.from({ length: PEOPLE }, (_, n) => `person-${n}@example.com`);
  for (const value of names) await addPerson(store, value);
  const open = await openDialect(databaseUrl, () => {});
  const database = await openDatabase(open, () => {});
  const bare = bareDriver(databaseUrl, open);
  try {
    const rows: Row[] = [];
    for (const { what, inFlight, ready, ...calls } of kindsOf(store, database, bare, count, names)) {
      const rounds: Record<'store' | 'bare', Round[]> = { store: [], bare: [] };
      for (let turn = 0; turn <= turns; turn++) {
        // By turns, and each goes first as often as the other.
        for (const who of turn % 2 === 0 ? (['store', 'bare'] as const) : (['bare', 'store'] as const)) {
          await ready?.();
          const one = await round(calls[who], inFlight, ms);
          // The first turn warms up.
          if (turn > 0) rounds[who].push(one);
        }
      }
      const of = (who: 'store' | 'bare', key: keyof Round) => median(rounds[who].map((one) => one[key]));
      const row = {
        database: name,
        what,
        'calls/s': rounded(of('store', 'calls')),
        'bare calls/s': rounded(of('bare', 'calls')),
        'time / bare': rounded(of('bare', 'calls') / of('store', 'calls')),
        'p99 ms': rounded(of('store', 'p99')),
        'bare p99 ms': rounded(of('bare', 'p99')),
        'p99 / bare': rounded(of('store', 'p99') / of('bare', 'p99')),
      };
      progress(Object.values(row).join('  '));
      rows.push(row);
    }
    return rows;
  } finally {
    await bare.close();
    await database.close();
    await store.close();
  }
}

async function addPerson(store: Store, value: string): Promise<void> {
  const now = Date.now();
  const facts = { displayName: 'Ada', roles: ['reader'], metadata: {}, epoch: 1, version: 1, active: true };
  const identity = { ...facts, tenantId: TENANT, id: `idn_${hex(16)}`, createdAt: now, updatedAt: now };
  const identifiers = [{ type: 'email', value, verified: true } as const];
  await store.identities.insert({ ...identity, identifiers }, { changes: [], events: [] }, 'hash');
}

/** `args`: names of databases, or URLs of empty ones; without any, all that can be had here. */
export async function run({ quick, args }: Options): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'trust_bench_'));
  const rows: Row[] = [];
  const missing: string[] = [];
  try {
    for (const name of args.length > 0 ? args : ['libsql', ...Object.keys(SERVERS)]) {
      const server = SERVERS[name];
      const absence = server?.absence();
      if (absence !== undefined) missing.push(`${name} was not measured: ${absence}.`);
      else if (name === 'libsql') rows.push(...(await measure(name, `file:${join(folder, 'bench.db')}`, quick)));
      else
        rows.push(
          ...(await measure(name.replace(/:.*/, ''), server === undefined ? name : await server.create(), quick)),
        );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const notes = `${READS_IN_FLIGHT} reads or ${WRITES_IN_FLIGHT} writes in flight, store and driver by turns; medians. The goal is ${GOAL} times the driver's time a call.`;
  return { rows, notes: [notes, ...missing] };
}
