import assert from 'node:assert/strict';
import { DAY } from '../../kernel/clock.ts';
import type { Timer } from '../../kernel/timer.ts';
import { type Purge, purgeExpired, type Retention, SHORT_LIVED } from './purge_expired.ts';

type Perishable = keyof Retention;
const KINDS = [...Object.keys(SHORT_LIVED), 'known_device', 'session', 'sign_in_code', 'audit_event'] as Perishable[];
type Asked = { readonly kind: Perishable; readonly before: number; readonly limit: number };

const KEPT = Object.fromEntries(Object.keys(SHORT_LIVED).map((kind) => [kind, undefined])) as Record<
  keyof typeof SHORT_LIVED,
  undefined
>;

/** A store of so many ended rows, whose every batch takes `took` ms, under a clock that only it and the timer move. */
function world(rows: Partial<Record<Perishable, number>>, took: number, auditRetention?: number, short: object = KEPT) {
  let elapsed = 0;
  const asked: Asked[] = [];
  const rests: number[] = [];
  const left = { ...(Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<Perishable, number>), ...rows };
  let during: (purge: Purge) => void = () => {};
  const timer: Timer = (after, run) => {
    rests.push(after);
    elapsed += after;
    setImmediate(run);
    return () => {};
  };
  const take = async (kind: Perishable, before: number, limit: number) => {
    asked.push({ kind, before, limit });
    elapsed += took;
    const gone = Math.min(limit, left[kind]);
    left[kind] -= gone;
    during(purge);
    return gone;
  };
  const purge = purgeExpired({
    purges: { purge: take },
    cutEvents: (before) => take('audit_event', before, 128),
    retention: {
      ...KEPT,
      ...short,
      known_device: undefined,
      session: 30 * DAY,
      sign_in_code: DAY,
      audit_event: auditRetention,
    },
    clock: () => 100 * DAY,
    monotonic: () => elapsed,
    timer,
  });
  const on = (act: (purge: Purge) => void) => {
    during = act;
  };
  return { purge, asked, rests, left, on, elapsed: () => elapsed };
}

describe('purging what has expired', () => {
  it('asks for what was over for its retention, in small batches, and for nothing that is kept for ever', async () => {
    const { purge, asked, left } = world({ session: 120, sign_in_code: 7, audit_event: 500 }, 1);
    assert.equal(await purge.run(), 127);
    assert.deepEqual([left.session, left.sign_in_code, left.audit_event], [0, 0, 500]);
    assert.deepEqual(
      [...new Set(asked.map(({ kind, before, limit }) => `${kind} ${before / DAY} ${limit}`))],
      ['session 70 50', 'sign_in_code 99 50'],
    );
  });

  it('deletes what is short-lived as soon as its time is over, before all else', async () => {
    const { purge, asked, left } = world({ pending_sign_in: 130, passkey_challenge: 60, mail: 5 }, 1, 0, SHORT_LIVED);
    assert.equal(await purge.run(), 195);
    assert.deepEqual([left.pending_sign_in, left.passkey_challenge, left.mail], [0, 0, 0]);
    const first = new Map(asked.map(({ kind, before }) => [kind, before / DAY]));
    assert.deepEqual(
      [...first],
      [
        ['pending_sign_in', 100],
        ['mail_proof', 100],
        ['oauth_attempt', 100],
        ['passkey_challenge', 100],
        ['remembered_device', 100],
        ['mail', 99],
        ['invitation', 70],
        ['session', 70],
        ['sign_in_code', 99],
        ['audit_event', 100],
      ],
    );
  });

  it('cuts the audit trail piece by piece, where it is not kept for ever', async () => {
    const { purge, asked, left } = world({ audit_event: 300 }, 1, 10 * DAY);
    assert.equal(await purge.run(), 300);
    assert.equal(left.audit_event, 0);
    assert.deepEqual(
      asked.slice(2).map(({ kind, before }) => `${kind} ${before / DAY}`),
      Array(4).fill('audit_event 90'),
    );
  });

  it('rests several times as long as a batch took, so that it never takes more than a tenth of the time', async () => {
    for (const [took, rest] of [
      [0, 5],
      [3, 27],
      [400, 3_600],
    ] as const) {
      const { purge, rests } = world({ session: 200 }, took);
      await purge.run();
      assert.deepEqual([...new Set(rests)], [rest]);
    }
  });

  it('ends a turn after a while, and goes on with the next', async () => {
    const { purge, left, elapsed } = world({ session: 10_000 }, 100);
    await purge.run();
    assert.ok(elapsed() < 52_000 && left.session > 0 && left.session < 10_000);
    const before = left.session;
    await purge.run();
    assert.ok(left.session < before);
  });

  it('ends with the batch under way when it is stopped', async () => {
    const { purge, asked, on } = world({ session: 10_000 }, 1);
    on((running) => asked.length === 3 && running.stop());
    assert.equal(await purge.run(), 150);
    assert.equal(await purge.run(), 0);
  });
});
