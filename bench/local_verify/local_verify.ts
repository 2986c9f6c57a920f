// Fills the memory of a client with sessions and asks about them at random, by turns with an offline verification of a
// JWT by jose; prints rates a second and the size of the memory as JSON. Its input is one line of JSON;
// bench/local_verify.ts writes it. Run it with --expose-gc.
import { createPublicKey } from 'node:crypto';
import { json } from 'node:stream/consumers';
import { TrustClient } from '@trust-layer/sdk';
import { jwtVerify } from 'jose';
import type { LocalVerifyResult, LocalVerifyTask } from '../local_verify.ts';

const task = (await json(process.stdin)) as LocalVerifyTask;
const { address, sessionIds, token, jwk, issuer, audience, seconds, rounds } = task;
const key = createPublicKey({ key: jwk as never, format: 'jwk' });
const client = new TrustClient({ address });
const BLOCK = 1_000;
const collect = (globalThis as { readonly gc?: () => void }).gc ?? (() => {});

function held(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The ids that are asked about are not those that memory holds: they came with another request. */
const copyOf = (ids: readonly string[]) => ids.map((id) => Buffer.from(id).toString('latin1'));

async function fill(): Promise<void> {
  for (let from = 0; from < sessionIds.length; from += 256) {
    await client.batchVerify(copyOf(sessionIds.slice(from, from + 256)));
  }
}

if (!(await client.awaitLease(10_000))) throw new Error('there is no lease');
await client.batchVerify(sessionIds.slice(0, 1));
const before = held();
await fill();
const bytes = held() - before;

let place = 0;
const next = () => {
  place = (place + 7_919) % sessionIds.length;
  return sessionIds[place] ?? '';
};
let misses = 0;
const ways: Readonly<Record<'verify' | 'local' | 'library', () => unknown>> = {
  verify: () => client.verify(next()),
  local: () => {
    if (client.verifyLocal(next()) === undefined) misses += 1;
  },
  library: () => jwtVerify(token, key, { issuer, audience, algorithms: ['EdDSA'], typ: 'trust+jwt' }),
};

/** Lets pings and pongs through now and then, as any process does. */
async function breathe(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await client.awaitLease();
}

/** Calls a second of this process's CPU time, so that what else the machine does counts for little. */
async function measure(way: () => unknown): Promise<number> {
  const begun = process.cpuUsage();
  const spent = () => {
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1e6;
  };
  let calls = 0;
  while (spent() < seconds) {
    for (let index = 0; index < BLOCK; index += 1) {
      const answer = way();
      if (answer !== undefined) await answer;
    }
    calls += BLOCK;
    await breathe();
  }
  return calls / spent();
}

const rates: { verify: number[]; local: number[]; library: number[] } = { verify: [], local: [], library: [] };
await measure(ways.verify);
const { hits } = client.metrics();
for (let round = 0; round < rounds; round += 1) {
  for (const name of ['verify', 'local', 'library'] as const) rates[name].push(await measure(ways[name]));
}
const all = client.metrics();
misses += all.misses - sessionIds.length - 1;
const result: LocalVerifyResult = { ...rates, bytes, hits: all.hits - hits, misses };
process.stdout.write(`${JSON.stringify(result)}\n`);
client.close();
