// Fills a database with sessions and their identities, past the features: one transaction for each thousand.
import type { AbstractSqlDriver, SqlEntityManager } from '@mikro-orm/sql';
import { type Database, openDatabase } from '../server/src/store/database.ts';
import { openDialect } from '../server/src/store/dialects/dialect.ts';
import { IdentityEntity } from '../server/src/store/entities/identity.ts';
import { SessionEntity } from '../server/src/store/entities/session.ts';

export const TENANT = 'default';

const SESSIONS_OF_AN_IDENTITY = 5;
const STEP = 1_000;
const DAY = 86_400_000;

export const handle = (n: number) => `ses_${n.toString(16).padStart(32, '0')}`;
export const identityId = (n: number) => `idn_${n.toString(16).padStart(32, '0')}`;

const session = (n: number, digest: string, identities: number, now: number) => ({
  tenantId: TENANT,
  handle: handle(n),
  digest,
  identityId: identityId(n % identities),
  version: 1,
  epoch: 1,
  authenticatedAt: now,
  acr: 'aal1',
  amr: '["pwd"]',
  createdAt: now,
  lastUsedAt: now,
  expiresAt: now + 100 * DAY,
  idleTimeout: 10 * DAY,
  revokedAt: null,
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)',
  ipAddress: '203.0.113.9',
  label: '',
});

const identity = (n: number, now: number) => ({
  tenantId: TENANT,
  id: identityId(n),
  displayName: 'Ada Lovelace',
  roles: '["admin"]',
  metadata: '{"plan":"pro"}',
  active: true,
  epoch: 1,
  version: 1,
  createdAt: now,
  updatedAt: now,
});

/** Adds the identities of these numbers. */
export async function addIdentities(database: Database, from: number, to: number): Promise<void> {
  const now = Date.now();
  for (let first = from; first < to; first += STEP) {
    const some = Array.from({ length: Math.min(STEP, to - first) }, (_, place) => identity(first + place, now));
    await database.write((em) => em.insertMany(IdentityEntity, some));
  }
}

/** Sees that a migrated database holds a session for each digest, and a fifth as many identities; one that holds so many is left alone. */
export async function fill(databaseUrl: string, digests: readonly string[]): Promise<void> {
  const database = await openDatabase(await openDialect(databaseUrl, () => {}), () => {});
  const now = Date.now();
  const identities = Math.ceil(digests.length / SESSIONS_OF_AN_IDENTITY);
  const insert = (work: (em: SqlEntityManager<AbstractSqlDriver>) => Promise<unknown>) => database.write(work);
  try {
    if ((await database.read((em) => em.count(SessionEntity))) >= digests.length) return;
    await addIdentities(database, 0, identities);
    for (let from = 0; from < digests.length; from += STEP) {
      const some = digests.slice(from, from + STEP);
      const rows = some.map((digest, place) => session(from + place, digest, identities, now));
      await insert((em) => em.insertMany(SessionEntity, rows));
    }
  } finally {
    await database.close();
  }
}
