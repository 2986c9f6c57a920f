// What the pieces of work of a node cost, by the processor time of a real server that watches a real feed.
import { setTimeout as sleep } from 'node:timers/promises';
import { postgresAbsence, postgresServer } from '../../test/support/postgres.ts';
import { RpcCaller } from '../../test/support/rpc_caller.ts';
import { type ServerProcess, startServer } from '../../test/support/server_process.ts';
import { newIdentity, newSession } from '../../test/support/shared_server.ts';
import { Watcher } from '../../test/support/watch_world.ts';
import { cpuSeconds } from '../processes.ts';
import type { Cost } from './cluster.ts';

const BATCH = 64;

export type UnitCosts = { readonly cost: Cost; readonly database: string };

type Sizes = {
  readonly streams: number;
  readonly seconds: number;
  readonly revocations: number;
  readonly batches: number;
};

/** Milliseconds of one core for a delivered row, a pong, a poll that finds nothing, and a verdict of a batch. */
export async function measure(quick: boolean): Promise<UnitCosts> {
  const sizes = quick
    ? { streams: 100, seconds: 3, revocations: 100, batches: 100 }
    : { streams: 200, seconds: 8, revocations: 300, batches: 500 };
  const postgres = postgresAbsence() === undefined;
  const env = postgres ? { DATABASE_URL: await (await postgresServer()).createDatabase() } : {};
  const server = await startServer({ env: { ...env, TRUST_LOG_LEVEL: 'warn' } });
  try {
    const cost = await costsOf(server, sizes);
    const none = Object.entries(cost).filter(([, ms]) => !(ms > 0));
    // Ticks of the processor's clock are 10 ms, and other work may weigh more than what is measured.
    if (none.length > 0)
      throw new Error(`No cost of a ${none[0]?.[0]} could be seen; give it as a number, or measure for longer.`);
    return { cost, database: postgres ? 'PostgreSQL' : 'the embedded file' };
  } finally {
    await server.remove();
  }
}

async function costsOf(server: ServerProcess, { streams, seconds, revocations, batches }: Sizes): Promise<Cost> {
  const rpc = new RpcCaller(server.grpcAddress, server.serviceKey);
  const pid = server.pid() ?? 0;
  const used = async (work: () => Promise<unknown>) => {
    const before = cpuSeconds(pid);
    await work();
    return (cpuSeconds(pid) - before) * 1_000;
  };
  const watchers: Watcher[] = [];
  const rows = () => watchers.reduce((sum, { changes }) => sum + changes.length, 0);
  const pongs = () =>
    watchers.reduce((sum, { messages }) => sum + messages.filter(({ $case }) => $case === 'pong').length, 0);
  try {
    const identityId = await newIdentity(rpc);
    const make = (count: number) => Promise.all(Array.from({ length: count }, () => newSession(rpc, identityId)));
    const revoke = async (sessions: readonly { readonly handle: string }[]) => {
      for (const { handle } of sessions)
        await rpc.ok('SessionService', 'revokeSession', { target: { $case: 'handle', value: handle } });
    };
    // What runs first pays for compiling.
    await revoke(await make(50));
    const [alone, watched, kept] = [await make(revocations), await make(revocations), await make(BATCH)];
    const sessionIds = kept.map(({ sessionId }) => sessionId);
    const ask = async () => {
      for (let round = 0; round < batches; round++) await rpc.ok('SessionService', 'batchVerify', { sessionIds });
    };
    await ask();
    const verdicts = await used(ask);
    const rest = await used(() => sleep(seconds * 1_000));
    const writes = await used(() => revoke(alone));
    while (watchers.length < streams) {
      const some = Array.from({ length: 20 }, () => new Watcher(server.grpcAddress, server.serviceKey));
      watchers.push(...some);
      await Promise.all(some.map((watcher) => watcher.started()));
    }
    await sleep(1_000);
    const polls = (await used(() => sleep(seconds * 1_000))) - rest;
    const before = rows();
    const began = performance.now();
    const delivering = await used(async () => {
      await revoke(watched);
      while (rows() - before < revocations * streams) await sleep(20);
    });
    const pollsMeanwhile = (polls / seconds) * ((performance.now() - began) / 1_000);
    const ponged = pongs();
    const pinging = await used(async () => {
      const until = performance.now() + seconds * 1_000;
      const ping = async (watcher: Watcher) => {
        await sleep(Math.random() * 500);
        while (performance.now() < until) await Promise.all([watcher.ping(), sleep(500)]);
      };
      await Promise.all(watchers.map(ping));
    });
    return {
      row: (delivering - writes - pollsMeanwhile) / (rows() - before),
      pong: (pinging - polls) / (pongs() - ponged),
      poll: polls / (seconds * 40),
      verdict: verdicts / (batches * BATCH),
    };
  } finally {
    for (const watcher of watchers) watcher.close();
    rpc.close();
  }
}
