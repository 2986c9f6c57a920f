// Resident memory of a server with very many sessions and some of them in its memory, and what the SDKs keep theirs in.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildGo, runLoad } from './load.ts';
import { inEachSdk } from './local_verify.ts';
import { cores, residentMb } from './processes.ts';
import { type Options, progress, type Report, type Row, rounded } from './report.ts';
import { startFilled, warm, withFolder } from './servers.ts';

const CACHED = 100_000;
const SERVER_GOAL = 300;
const SDK_GOAL = 60;

export async function run({ quick }: Options): Promise<Report> {
  const sessions = quick ? CACHED : 1_000_000;
  const seconds = quick ? 3 : 15;
  const program = buildGo('load');
  const rows: Row[] = [];
  await withFolder(async (folder) => {
    const filled = await startFilled(folder, sessions, undefined);
    try {
      const seen = (what: string) => {
        const status = readFileSync(`/proc/${filled.pid}/status`, 'utf8');
        const most = (Number(/VmHWM:\s*(\d+)/.exec(status)?.[1]) * 1_024) / 1e6;
        rows.push({ what, MB: rounded(residentMb(filled.pid)), 'at most': rounded(most), goal: SERVER_GOAL });
      };
      const n = (count: number) => count.toLocaleString('en-US');
      await sleep(5_000);
      seen(`server, ${n(sessions)} sessions in the database`);
      const some = join(folder, 'some');
      const ids = readFileSync(filled.sessionIds, 'utf8').split('\n').slice(0, CACHED);
      writeFileSync(some, ids.join('\n'), { mode: 0o600 });
      progress(`asking about ${n(CACHED)} sessions`);
      await warm({ ...filled, sessionIds: some });
      seen(`and ${n(CACHED)} in memory`);
      const { grpcAddress: address, serviceKey } = filled.server;
      await runLoad(program, {
        address,
        serviceKey,
        input: some,
        rpc: 'verify',
        inFlight: 64,
        seconds,
        core: cores()?.load,
      });
      seen(`and ${seconds} s of Verify about them, 64 in flight`);
    } finally {
      await filled.server.stop();
    }
  });
  for (const { language, result } of await inEachSdk(1, 0.05))
    rows.push({
      what: `${language} SDK, ${CACHED.toLocaleString('en-US')} sessions in memory`,
      MB: rounded(result.bytes / 1e6),
      'at most': '',
      goal: SDK_GOAL,
    });
  return {
    rows,
    notes: [
      'Megabytes are of 10^6 bytes. Server: resident memory, with the engine of the embedded file and its page cache; at most: its peak so far, the start included.',
      'SDKs: the live heap in Node and Go, the resident set in Python, beyond what they had before.',
    ],
  };
}
