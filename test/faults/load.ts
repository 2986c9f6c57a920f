// Load on a server while its database misbehaves, with a ledger outside of what was acknowledged.
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { RpcCaller } from '../support/rpc_caller.ts';
import type { ServerProcess } from '../support/server_process.ts';
import { type Ledger, Writer } from './ledger.ts';

const WRITERS = 4;
const PATIENCE_MS = 60_000;

/** Resolves when it holds; fails after a while. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await wait(50)) if (await holds()) return;
  assert.fail(`not within ${PATIENCE_MS} ms: ${what}`);
}

/** Writes from several sides through failures, until told to stop; tells the reasons of the failures. */
export function load(server: ServerProcess, key: string, ledger: Ledger, seed: number) {
  let stopped = false;
  const reasons = new Set<string>();
  const run = async (place: number) => {
    const rpc = new RpcCaller(server.grpcAddress, key);
    for (let turn = 0; !stopped; turn++) {
      const reason = await new Writer(rpc, ledger, seed + 100 * turn + place).run(() => stopped);
      if (reason !== undefined) reasons.add(reason);
      if (!stopped) await wait(50);
    }
    rpc.close();
  };
  const running = Promise.all(Array.from({ length: WRITERS }, (_, place) => run(place)));
  const stop = async () => {
    stopped = true;
    await running;
  };
  const acknowledges = async (more: number, what: string) => {
    const goal = ledger.acknowledged + more;
    await until(what, () => ledger.acknowledged >= goal);
  };
  return { stop, reasons, acknowledges };
}
