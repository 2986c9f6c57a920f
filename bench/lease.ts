// node bench/lease.ts    how many local answers a second of one core gives, with 100,000 sessions in memory
import { createHash, randomBytes } from 'node:crypto';
import { entryKey } from '../sdks/node/src/lease/facts.ts';
import { LeaseMachine } from '../sdks/node/src/lease/machine.ts';
import { SDK_LEASE } from '../sdks/node/src/lease/settings.ts';

const SESSIONS = 100_000;
const ROUNDS = 2_000_000;

const now = () => ({ mono: performance.now(), wall: Date.now() });
const digest = (id: string) => createHash('sha256').update(id).digest('base64url');
const ids = Array.from({ length: SESSIONS }, () => `ts_${randomBytes(36).toString('base64url')}0`);

const CASES: readonly { readonly name: string; readonly keyOf: (id: string) => string; readonly clocks: boolean }[] = [
  { name: 'machine alone, sessions at random', keyOf: (id) => id, clocks: false },
  { name: 'and both clocks read at each answer', keyOf: (id) => id, clocks: true },
  { name: 'and the tenant put into the key', keyOf: (id) => entryKey('default', id), clocks: true },
  { name: 'and SHA-256 of the session_id as key', keyOf: digest, clocks: true },
];

for (const { name, keyOf, clocks } of CASES) {
  const machine = new LeaseMachine<object>(SDK_LEASE, 'default');
  const stream = machine.open();
  const renew = () => machine.pong(stream, machine.ping(stream, now()) ?? 0, Date.now());
  machine.ready(stream, SDK_LEASE.boundMs, SDK_LEASE.windowMs, now());
  renew();
  const times = { expiresAt: Date.now() + 3_600_000, lastUsedAt: Date.now(), idleTimeoutMs: 3_600_000 };
  for (const [index, id] of ids.entries()) {
    const names = { handle: `ses_${index}`, identityId: `idn_${index >> 1}`, version: 1, epoch: 1, identityVersion: 1 };
    machine.answered(machine.ask(now()), keyOf(id), { ...names, ...times, value: {} }, now());
  }
  const given = now();
  let [hits, place] = [0, 0];
  const begun = process.cpuUsage().user;
  for (let round = 0; round < ROUNDS; round++) {
    place = (place + 7_919) % SESSIONS;
    if (round % 100_000 === 0) {
      renew();
      Object.assign(given, now());
    }
    if (machine.verify(keyOf(ids[place] ?? ''), clocks ? now() : given) !== undefined) hits += 1;
  }
  const rate = ROUNDS / (process.cpuUsage().user - begun);
  console.log(`${name.padEnd(40)} ${rate.toFixed(2)} M/s, ${((100 * hits) / ROUNDS).toFixed(1)} % from memory`);
}
