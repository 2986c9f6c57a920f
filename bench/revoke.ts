// From the answer of RevokeSession at one node to the no of an SDK at another, in each SDK.

import { pythonSdk } from '../scripts/tools.ts';
import { postgresAbsence, postgresServer } from '../test/support/postgres.ts';
import { RpcCaller } from '../test/support/rpc_caller.ts';
import { startServer } from '../test/support/server_process.ts';
import { newIdentity } from '../test/support/shared_server.ts';
import { buildGo } from './load.ts';
import { runJson } from './processes.ts';
import { type Options, progress, type Report, type Row, rounded } from './report.ts';
import { withFolder } from './servers.ts';

/** What the programs of bench/revoke get on standard input. */
export type RevokeTask = {
  /** Where sessions are revoked, and where they are asked about. */
  readonly revoking: string;
  readonly asking: string;
  readonly serviceKey: string;
  readonly sessions: readonly { readonly sessionId: string; readonly handle: string }[];
};

/** What they write: for each session the milliseconds from the answer of its revocation to the first no. */
export type RevokeResult = { readonly ms: readonly number[] };

const GOALS = { PostgreSQL: 50, 'embedded file': 10 } as const;

export async function run({ quick }: Options): Promise<Report> {
  const count = quick ? 50 : 500;
  const absence = postgresAbsence();
  const rows: Row[] = [];
  await withFolder(async (folder) => {
    const env = { TRUST_LOG_LEVEL: 'warn' };
    const embedded = await startServer({ env });
    try {
      rows.push(
        ...(await rowsOf('embedded file', embedded.grpcAddress, embedded.grpcAddress, embedded.serviceKey, count)),
      );
    } finally {
      await embedded.remove();
    }
    if (absence !== undefined) return;
    const shared = { ...env, DATABASE_URL: await (await postgresServer()).createDatabase() };
    const a = await startServer({ dataDir: folder, env: shared });
    try {
      const b = await startServer({ dataDir: folder, env: { ...shared, TRUST_PUBLIC_URL: a.publicUrl } });
      try {
        rows.push(...(await rowsOf('PostgreSQL', a.grpcAddress, b.grpcAddress, a.serviceKey, count)));
      } finally {
        await b.stop();
      }
    } finally {
      await a.stop();
    }
  });
  const notes = [
    `${count} sessions, one after the other. The SDK has each in memory and asks every millisecond; the time ends with its first no.`,
    'On PostgreSQL one node revokes and the SDK asks another; with the embedded file there is one node, and another client revokes.',
    ...(absence === undefined ? [] : [absence]),
  ];
  return { rows, notes };
}

async function rowsOf(
  database: keyof typeof GOALS,
  revoking: string,
  asking: string,
  serviceKey: string,
  count: number,
): Promise<readonly Row[]> {
  const programs = {
    Node: [process.execPath, 'bench/revoke/revoke.ts'],
    Python: [pythonSdk(), 'bench/revoke/revoke.py'],
    Go: [buildGo('revoke')],
  };
  const rows: Row[] = [];
  for (const [language, command] of Object.entries(programs)) {
    progress(`${language}, ${database}`);
    const sessions = await newSessions(revoking, serviceKey, count);
    const task: RevokeTask = { revoking, asking, serviceKey, sessions };
    const ms = [...(await runJson<RevokeResult>(command, { input: task })).ms].sort((a, b) => a - b);
    if (ms.length !== count) throw new Error(`${language} answered for ${ms.length} of ${count} sessions.`);
    const at = (share: number) => rounded(ms[Math.ceil(share * ms.length) - 1] ?? Number.NaN);
    rows.push({
      database,
      SDK: language,
      'p50 ms': at(0.5),
      'p95 ms': at(0.95),
      'p99 ms': at(0.99),
      'longest ms': at(1),
      'goal p99 ms': GOALS[database],
    });
  }
  return rows;
}

async function newSessions(address: string, serviceKey: string, count: number): Promise<RevokeTask['sessions']> {
  const rpc = new RpcCaller(address, serviceKey);
  try {
    const identityId = await newIdentity(rpc);
    const sessions: { sessionId: string; handle: string }[] = [];
    while (sessions.length < count) {
      const { sessionId, session } = await rpc.ok('SessionService', 'createSession', { identityId });
      sessions.push({ sessionId, handle: session?.handle ?? '' });
    }
    return sessions;
  } finally {
    rpc.close();
  }
}
