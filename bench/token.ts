// Trust Tokens: issued by the server against a bare signature, and verified offline by each SDK against the usual library of its language.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt, SignJWT } from 'jose';
import { pythonSdk } from '../scripts/tools.ts';
import { readConfig } from '../server/src/config/config.ts';
import { IssueTrustTokenRequest } from '../server/src/contract/gen/trust/v1/trust_token.ts';
import type { Caller } from '../server/src/contract/rpc.ts';
import { digestOf, newSessionId } from '../server/src/kernel/secret.ts';
import { createLog } from '../server/src/log.ts';
import { openNode } from '../server/src/node.ts';
import { fill, TENANT } from './fill.ts';
import { buildGo, runLoad } from './load.ts';
import { cores, coresNote, runJson } from './processes.ts';
import { median, type Options, progress, type Report, type Row, rounded } from './report.ts';
import { startFilled, withFolder } from './servers.ts';

/** What the programs of bench/token get on standard input. */
export type VerifyTask = {
  readonly token: string;
  readonly jwks: { readonly keys: readonly Record<string, string>[] };
  readonly issuer: string;
  readonly audience: string;
  readonly seconds: number;
  readonly rounds: number;
};

type Rates = { readonly sdk: readonly number[]; readonly library: readonly number[] };

const SESSIONS = 1_000;
const IN_FLIGHT = 64;
const AUDIENCE = 'orders';
const CALLER: Caller = { tenantId: TENANT, service: 'bench', scopes: new Set(), audiences: new Set([AUDIENCE]) };

export async function run({ quick }: Options): Promise<Report> {
  const [rounds, seconds] = quick ? [1, 0.5] : [5, 2];
  const bound = cores();
  return withFolder(async (folder) => {
    const issued = await issue(folder, rounds, seconds);
    progress('issue, over gRPC');
    const load = buildGo('load');
    const filled = await startFilled(folder, SESSIONS, bound?.served);
    const overGrpc: number[] = [];
    try {
      for (let round = 0; round < rounds; round++) {
        const { calls, seconds: counted } = await runLoad(load, {
          rpc: 'issue',
          address: filled.server.grpcAddress,
          serviceKey: filled.server.serviceKey,
          input: filled.sessionIds,
          inFlight: IN_FLIGHT,
          seconds: seconds * 2,
          core: bound?.load,
        });
        overGrpc.push(calls / counted);
      }
    } finally {
      await filled.server.stop();
    }
    const rows = [
      row('issue, all but the transport', median(issued.server), 'jose SignJWT', median(issued.library)),
      row('issue, over gRPC', median(overGrpc), 'jose SignJWT', median(issued.library)),
    ];
    const task: VerifyTask = { ...issued.sample(), seconds, rounds };
    for (const { language, library, command } of verifiers()) {
      progress(`verify, ${language}`);
      const rates = await runJson<Rates>(command, { input: task, core: bound?.load });
      rows.push(row(`verify, ${language} SDK`, median(rates.sdk), library, median(rates.library)));
    }
    const notes = [
      coresNote(bound),
      'All on one core, EdDSA, by turns; medians. The SDKs check more than the libraries: strict JSON, every claim and its type.',
    ];
    return { rows, notes };
  });
}

function verifiers() {
  return [
    { language: 'Node', library: 'jose jwtVerify', command: [process.execPath, 'bench/token/verify_token.ts'] },
    { language: 'Python', library: 'joserfc decode', command: [pythonSdk(), 'bench/token/verify_token.py'] },
    { language: 'Go', library: 'go-jose ParseSigned', command: [buildGo('token')] },
  ];
}

const row = (what: string, rate: number, baseline: string, baseRate: number): Row => ({
  what,
  'per second': rounded(rate),
  baseline,
  'its per second': rounded(baseRate),
  'of baseline': rounded(rate / baseRate),
});

/** Issues through the handler on a store of its own, by turns with jose signing the same claims. */
async function issue(folder: string, rounds: number, seconds: number) {
  const dataDir = join(folder, 'issue');
  mkdirSync(dataDir);
  const databaseUrl = `file:${join(dataDir, 'trust.db')}`;
  const config = readConfig({ TRUST_DATA_DIR: dataDir, DATABASE_URL: databaseUrl }, { dev: true });
  const node = await openNode(config, createLog({ level: 'silent' }));
  // The timers of a node keep no process alive; in a server its listeners do.
  const alive = setInterval(() => undefined, 1_000);
  try {
    const ids = Array.from({ length: SESSIONS }, () => newSessionId(randomBytes));
    await fill(
      databaseUrl,
      ids.map((id) => digestOf('session_id', id)),
    );
    const { issueTrustToken } = node.handlers.TrustTokenService;
    let calls = 0;
    const one = () => {
      const sessionId = ids[calls++ % ids.length] ?? '';
      const request = IssueTrustTokenRequest.create({ sessionId, audience: AUDIENCE, lifetimeSeconds: 300 });
      return issueTrustToken(request, { tenantId: TENANT, caller: CALLER });
    };
    const { trustToken: token } = await one();
    const { privateKey } = generateKeyPairSync('ed25519');
    const claims = decodeJwt(token);
    const header = { typ: 'trust+jwt', alg: 'EdDSA', kid: 'bench' };
    const bare = () => new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
    const server: number[] = [];
    const library: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      progress(`issue, round ${round} of ${rounds}`);
      // What the server writes on a schedule belongs to its time.
      server.push(await measure(one, seconds, () => Promise.all([node.flushes.uses(), node.flushes.audit()])));
      library.push(await measure(bare, seconds));
    }
    const jwks = JSON.parse(await node.pages.jwks(TENANT));
    const fresh = (await one()).trustToken;
    return { server, library, sample: () => ({ token: fresh, jwks, issuer: config.publicUrl, audience: AUDIENCE }) };
  } finally {
    clearInterval(alive);
    await node.close();
  }
}

async function measure(call: () => Promise<unknown>, seconds: number, after?: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  let calls = 0;
  const caller = async () => {
    while (performance.now() - begun < seconds * 1_000) {
      await call();
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
  await after?.();
  return (calls / (performance.now() - begun)) * 1_000;
}
