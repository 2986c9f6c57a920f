// Verify from memory in each SDK, with 100,000 sessions, against the offline verification of a JWT in the same language.
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { SignJWT } from 'jose';
import { pythonSdk } from '../scripts/tools.ts';
import { newSessionId } from '../server/src/kernel/secret.ts';
import { buildGo } from './load.ts';
import { cores, runJson } from './processes.ts';
import { median, type Options, progress, type Report, type Row, rounded } from './report.ts';

/** What the programs of bench/local_verify get on standard input. */
export type LocalVerifyTask = {
  /** Of bench/local_verify/server.ts. */
  readonly address: string;
  readonly sessionIds: readonly string[];
  /** A JWT of the size of a Trust Token, and its public key. */
  readonly token: string;
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly issuer: string;
  readonly audience: string;
  readonly seconds: number;
  readonly rounds: number;
};

/** What they write: calls a second of CPU time, one figure a round; bytes that the sessions take; answers by memory and by the server while measuring. */
export type LocalVerifyResult = {
  readonly verify: readonly number[];
  readonly local: readonly number[];
  readonly library: readonly number[];
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
};

const SESSIONS = 100_000;
const [ISSUER, AUDIENCE] = ['https://trust.example', 'orders'];

export async function run({ quick }: Options): Promise<Report> {
  const rows: Row[] = [];
  for (const { language, library, result } of await inEachSdk(quick ? 1 : 5, quick ? 0.3 : 1)) {
    if (result.misses > result.hits / 100) throw new Error(`${language}: ${result.misses} were not from memory`);
    const size = rounded(result.bytes / 1e6);
    const baseRate = median(result.library);
    rows.push(row(`verify, ${language} SDK`, median(result.verify), library, baseRate, size));
    rows.push(row(`verifyLocal, ${language} SDK`, median(result.local), library, baseRate, size));
  }
  const notes = [
    `${SESSIONS.toLocaleString('en-US')} sessions in memory, asked about at random under a lease that a server in another process proves; medians, by the CPU time of the SDK's process.`,
    'Memory: the live heap in Node and Go, the resident set in Python.',
  ];
  return { rows, notes };
}

/** What each SDK answers and takes with 100,000 sessions in memory. */
export async function inEachSdk(
  rounds: number,
  seconds: number,
): Promise<readonly { readonly language: string; readonly library: string; readonly result: LocalVerifyResult }[]> {
  const bound = cores();
  const sessionIds = Array.from({ length: SESSIONS }, () => newSessionId(randomBytes));
  const signed = await sign();
  const { server, address } = await startServer();
  try {
    const results: { language: string; library: string; result: LocalVerifyResult }[] = [];
    for (const { language, library, command } of programs()) {
      progress(`${SESSIONS.toLocaleString('en-US')} sessions, ${language}`);
      const whose = { issuer: ISSUER, audience: AUDIENCE };
      const task: LocalVerifyTask = { address, sessionIds, ...signed, ...whose, seconds, rounds };
      const result = await runJson<LocalVerifyResult>(command, { input: task, core: bound?.load });
      results.push({ language, library, result });
    }
    return results;
  } finally {
    server.kill();
  }
}

/** Those that are there. */
function programs() {
  const all = [
    {
      language: 'Node',
      library: 'jose jwtVerify',
      file: 'bench/local_verify/local_verify.ts',
      command: () => [process.execPath, '--expose-gc', 'bench/local_verify/local_verify.ts'],
    },
    {
      language: 'Python',
      library: 'joserfc decode',
      file: 'bench/local_verify/local_verify.py',
      command: () => [pythonSdk(), 'bench/local_verify/local_verify.py'],
    },
    {
      language: 'Go',
      library: 'go-jose ParseSigned',
      file: 'bench/local_verify/local_verify.go',
      command: () => [buildGo('local_verify')],
    },
  ];
  return all.filter(({ file }) => existsSync(file)).map(({ command, ...rest }) => ({ ...rest, command: command() }));
}

async function sign(): Promise<{ readonly token: string; readonly jwk: Readonly<Record<string, unknown>> }> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const claims = {
    sub: `idn_${randomBytes(16).toString('hex')}`,
    sid: `ses_${randomBytes(16).toString('hex')}`,
    tid: 'default',
    auth_time: Math.floor(Date.now() / 1_000),
    acr: 'aal1',
    amr: ['pwd'],
    txn: `txn_${randomBytes(16).toString('hex')}`,
    jti: randomBytes(16).toString('hex'),
    ver: 1,
    epoch: 1,
    req_wl: 'edge',
  };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ typ: 'trust+jwt', alg: 'EdDSA', kid: 'bench' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);
  return { token, jwk: { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'EdDSA', use: 'sig' } };
}

async function startServer(): Promise<{ readonly server: ChildProcess; readonly address: string }> {
  const server = spawn(process.execPath, ['bench/local_verify/server.ts'], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: server.stdout })) return { server, address: `127.0.0.1:${line}` };
  throw new Error('the server did not start');
}

const row = (what: string, rate: number, baseline: string, baseRate: number, size: number): Row => ({
  what,
  'per second': rounded(rate),
  baseline,
  'its per second': rounded(baseRate),
  'times baseline': rounded(rate / baseRate),
  'MB in memory': size,
});
