// Revokes sessions at one node and asks a client at another until it says no; prints the times as JSON. Its input is one line of JSON;
// bench/revoke.ts writes it.
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { TrustClient } from '@trust-layer/sdk';
import type { RevokeResult, RevokeTask } from '../revoke.ts';

const { revoking, asking, serviceKey, sessions } = (await json(process.stdin)) as RevokeTask;
const there = new TrustClient({ address: revoking, serviceKey, watch: false });
const here = new TrustClient({ address: asking, serviceKey });
if (!(await here.awaitLease(30_000))) throw new Error('there is no lease');

const ms: number[] = [];
for (const { sessionId, handle } of sessions) {
  while (here.verifyLocal(sessionId) === undefined) await here.verify(sessionId);
  await there.revokeSession({ target: { $case: 'handle', value: handle } });
  const answered = performance.now();
  while ((await here.verify(sessionId)).active) await sleep(1);
  ms.push(performance.now() - answered);
}
const result: RevokeResult = { ms };
process.stdout.write(`${JSON.stringify(result)}\n`);
there.close();
here.close();
