// Servers that are killed in the middle of writes, and what is left of what they acknowledged (P4).
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { chance } from '../support/message_mutator.ts';
import { RpcCaller } from '../support/rpc_caller.ts';
import type { ServerProcess } from '../support/server_process.ts';
import { broken, type Ledger, newLedger, unrecorded, Writer } from './ledger.ts';

const WRITERS = 6;
const SEED = 9;

/** Writes from all sides, and kills after a while. */
export async function killedRound(server: ServerProcess, ledger: Ledger, seed: number): Promise<void> {
  const callers = Array.from({ length: WRITERS }, () => new RpcCaller(server.grpcAddress, server.serviceKey));
  const begun = ledger.acknowledged;
  let killed = false;
  const running = callers.map((rpc, place) => new Writer(rpc, ledger, seed * 100 + place).run(() => killed));
  for (let wait = 0; ledger.acknowledged < begun + 10 && wait < 300; wait += 1) await sleep(20);
  await sleep(20 + chance(seed)() * 250);
  await server.kill9();
  const reasons = await Promise.all(running);
  killed = true;
  for (const rpc of callers) rpc.close();
  assert.deepEqual([...new Set(reasons)], ['UNREACHABLE'], 'every writer was in the middle of its work');
  await server.restart();
}

/** Kills it `count` times; every acknowledged write must be there after each `checkEvery`-th, and at the end. */
export async function rounds(server: ServerProcess, count: number, checkEvery = 1): Promise<void> {
  const ledger = newLedger();
  const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
  for (let round = 1; round <= count; round += 1) {
    await killedRound(server, ledger, SEED + round);
    if (round % checkEvery === 0 || round === count) assert.deepEqual(await broken(ledger, rpc), [], `round ${round}`);
  }
  assert.deepEqual(await unrecorded(ledger, rpc), [], 'AUD-1 the audit trail is of the same transaction');
  const states = [...ledger.sessions.values()];
  const counted = (state: string) => states.filter((one) => one === state).length;
  console.log(
    `      ${count} kills, ${ledger.acknowledged} acknowledged writes: ${counted('active')} sessions active, ${counted('ended')} ended, ${counted('open')} undecided`,
  );
  assert.ok(counted('active') > count && counted('ended') > count && ledger.identities.size > count);
  assert.ok(counted('open') <= count * WRITERS * 20);
  rpc.close();
}
