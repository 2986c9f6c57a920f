// An organisation of 10^4 members and an identity of 10^3 sessions against small ones, on the embedded database, through the whole server.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createHasher } from '../server/src/features/password/hasher.ts';
import { openDatabase } from '../server/src/store/database.ts';
import { openDialect } from '../server/src/store/dialects/dialect.ts';
import { IdentifierEntity, IdentityEntity, PasswordEntity } from '../server/src/store/entities/identity.ts';
import { MembershipEntity } from '../server/src/store/entities/organisation.ts';
import { SessionEntity } from '../server/src/store/entities/session.ts';
import { openStore } from '../server/src/store/store.ts';
import { RpcCaller } from '../test/support/rpc_caller.ts';
import { startServer } from '../test/support/server_process.ts';
import { newIdentity, newSession } from '../test/support/shared_server.ts';
import { accountBrowser, PAGES } from './account_browser.ts';
import { median, type Options, progress, type Report, type Row, rounded } from './report.ts';
import { withFolder } from './servers.ts';

const GOAL_MS = 100;
const SMALL = 10;
const PASSWORD = 'lantern-quarry-thistle';
const NO_TRAIL = { changes: [], events: [] };
const hex = () => randomBytes(16).toString('hex');

/** An organisation of `members` and an identity of `sessions`, straight into the tables, while no server runs. */
async function fill(databaseUrl: string, members: number, sessions: number) {
  const [organisationId, owner, at] = [`org_${hex()}`, `idn_${hex()}`, Date.now()];
  const roles = [
    { number: 1, name: 'owner', permissions: ['orders:read', 'orders:write'] },
    { number: 2, name: 'reader', permissions: ['orders:read'] },
  ];
  const organisation = { tenantId: 'default', id: organisationId, displayName: 'Acme', roles, metadata: {} };
  const store = await openStore({ databaseUrl });
  await store.migrate();
  await store.organisations.insert({ ...organisation, version: 1, createdAt: at, updatedAt: at }, NO_TRAIL);
  await store.close();
  const database = await openDatabase(await openDialect(databaseUrl, () => {}), () => {});
  const [tenantId, now] = ['default', Date.now()];
  const batches = <T>(count: number, make: (place: number) => T) =>
    Array.from({ length: Math.ceil(count / 500) }, (_, batch) =>
      Array.from({ length: Math.min(500, count - batch * 500) }, (_, at) => make(batch * 500 + at)),
    );
  try {
    const ids = Array.from({ length: members }, (_, n) => (n === 0 ? owner : `idn_${hex()}`));
    const facts = { displayName: 'Member', roles: '[]', metadata: '{}', active: true, epoch: 1, version: 1 };
    for (const rows of batches(members, (n) => ({
      identity: { tenantId, id: ids[n] ?? '', ...facts, createdAt: now - n, updatedAt: now },
      membership: { tenantId, organisationId, identityId: ids[n] ?? '', roles: '[1,2]', createdAt: now - n },
    })))
      await database.write(async (tx) => {
        await tx.insertMany(
          IdentityEntity,
          rows.map(({ identity }) => identity),
        );
        await tx.insertMany(
          MembershipEntity,
          rows.map(({ membership }) => membership),
        );
      });
    const session = {
      tenantId,
      identityId: owner,
      version: 1,
      epoch: 1,
      authenticatedAt: now,
      acr: 'aal1',
      amr: '["pwd"]',
      lastUsedAt: now,
      expiresAt: now + 86_400_000,
      idleTimeout: 86_400_000,
      revokedAt: null,
      userAgent: 'Mozilla/5.0',
      ipAddress: '',
      label: '',
      organisationId,
    };
    for (const rows of batches(sessions, (n) => ({
      ...session,
      handle: `ses_${hex()}`,
      digest: hex() + hex(),
      createdAt: now - n,
    })))
      await database.write((tx) => tx.insertMany(SessionEntity, rows));
    const cost = { memoryKib: 19_456, passes: 2, concurrency: 1, queue: 1, random: randomBytes };
    const hash = await (await createHasher(cost)).hash(PASSWORD);
    const [name, ofOwner] = [`owner-${hex().slice(0, 8)}`, { tenantId, identityId: owner }];
    await database.write(async (tx) => {
      await tx.insert(IdentifierEntity, { ...ofOwner, type: 'username', value: name, verified: false, place: 0 });
      await tx.insert(PasswordEntity, { ...ofOwner, hash });
    });
    return { organisationId, owner, name, members: ids.slice(1) };
  } finally {
    await database.close();
  }
}

type Timings = Map<string, number[]>;

/** Every call on one organisation and one identity, so often. */
async function measure(rpc: RpcCaller, publicUrl: string, filled: Awaited<ReturnType<typeof fill>>, rounds: number) {
  const { organisationId, owner, name, members } = filled;
  const timings: Timings = new Map();
  const timed = async <T>(what: string, call: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    const answer = await call();
    const spent = performance.now() - began;
    timings.set(what, [...(timings.get(what) ?? []), spent]);
    return answer;
  };
  const org = { organisationId };
  const page = async (what: string, ask: (pageToken: string) => Promise<{ nextPageToken: string }>) => {
    let pageToken = '';
    do ({ nextPageToken: pageToken } = await timed(what, () => ask(pageToken)));
    while (pageToken !== '');
  };
  for (let round = 0; round < rounds; round++) {
    const [identityId, member = ''] = [await newIdentity(rpc), members[round % members.length]];
    const { sessionId } = await newSession(rpc, identityId);
    await timed('GetOrganisation', () => rpc.ok('OrganisationService', 'getOrganisation', org));
    await timed('UpdateOrganisation', () =>
      rpc.ok('OrganisationService', 'updateOrganisation', { ...org, displayName: `Acme ${round}` }),
    );
    await timed('PutRole', () =>
      rpc.ok('OrganisationService', 'putRole', { ...org, role: { name: 'owner', permissions: [`p${round}`] } }),
    );
    await timed('AddMember', () =>
      rpc.ok('OrganisationService', 'addMember', { ...org, identityId, roles: ['reader'] }),
    );
    await timed('SetActiveOrganisation', () =>
      rpc.ok('OrganisationService', 'setActiveOrganisation', { ...org, sessionId }),
    );
    await timed('Verify', () => rpc.ok('SessionService', 'verify', { sessionId, consistency: 2 }));
    await timed('IssueTrustToken', () =>
      rpc.ok('TrustTokenService', 'issueTrustToken', { sessionId, audience: 'orders' }),
    );
    await timed('UpdateMember', () =>
      rpc.ok('OrganisationService', 'updateMember', { ...org, identityId: member, roles: ['owner'] }),
    );
    await timed('ListMemberships', () => rpc.ok('OrganisationService', 'listMemberships', { identityId }));
    await timed('RemoveMember', () => rpc.ok('OrganisationService', 'removeMember', { ...org, identityId }));
    await timed('CreateSession', () => newSession(rpc, owner));
  }
  await page('ListMembers, each page of 100', (pageToken) =>
    rpc.ok('OrganisationService', 'listMembers', { ...org, pageSize: 100, pageToken }),
  );
  await page('ListSessions, each page of 100', (pageToken) =>
    rpc.ok('SessionService', 'listSessions', { identityId: owner, pageSize: 100, pageToken }),
  );
  const open = await accountBrowser(publicUrl, name, PASSWORD);
  for (let round = 0; round < rounds; round++) for (const path of PAGES) await timed(`page ${path}`, () => open(path));
  await timed('RemoveMember, of all sessions', () =>
    rpc.ok('OrganisationService', 'removeMember', { ...org, identityId: owner }),
  );
  await timed('RevokeIdentitySessions', () =>
    rpc.ok('SessionService', 'revokeIdentitySessions', { identityId: owner }),
  );
  await timed('DeleteIdentity', () => rpc.ok('IdentityService', 'deleteIdentity', { identityId: owner }));
  await timed('DeleteOrganisation', () => rpc.ok('OrganisationService', 'deleteOrganisation', org));
  return timings;
}

export async function run({ quick }: Options): Promise<Report> {
  const [members, sessions, rounds] = quick ? [1_000, 100, 5] : [10_000, 1_000, 30];
  return await withFolder(async (folder) => {
    const databaseUrl = `file:${join(folder, 'trust.db')}`;
    progress(`making ${members.toLocaleString('en-US')} members and ${sessions.toLocaleString('en-US')} sessions`);
    const [few, many] = [await fill(databaseUrl, SMALL, SMALL), await fill(databaseUrl, members, sessions)];
    const server = await startServer({ dataDir: folder, env: { DATABASE_URL: databaseUrl, TRUST_LOG_LEVEL: 'warn' } });
    const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
    try {
      const [small, large] = [
        await measure(rpc, server.publicUrl, few, rounds),
        await measure(rpc, server.publicUrl, many, rounds),
      ];
      const rows: Row[] = [...large].map(([what, spent]) => ({
        call: what,
        'small, p50 ms': rounded(median(small.get(what) ?? [])),
        'large, p50 ms': rounded(median(spent)),
        'large, longest ms': rounded(Math.max(...spent)),
        calls: spent.length,
      }));
      const longest = Math.max(...[...large.values()].flat());
      const notes = [
        `Large: ${members.toLocaleString('en-US')} members and ${sessions.toLocaleString('en-US')} sessions of one identity; small: ${SMALL} of each. One call at a time.`,
        `The goal is ${GOAL_MS} ms for every page and call; the longest took ${rounded(longest)} ms.`,
      ];
      return { rows, notes };
    } finally {
      await server.remove();
    }
  });
}
