import assert from 'node:assert/strict';
import { memoryRateLimits } from '../../../../test/support/memory_rate_limits.ts';
import { fakeWork, reason, testWorld, WIDE_LIMITS } from '../../../../test/support/world.ts';
import { HOUR, MINUTE } from '../../kernel/clock.ts';
import { askForWork, limitAttempts } from './limit_attempts.ts';
import { pass, type RateLimits } from './rate_limit.ts';

function limited(limits: Partial<RateLimits>) {
  const world = testWorld();
  world.tenant.settings = { ...world.tenant.settings, rateLimits: { ...WIDE_LIMITS, ...limits } };
  const limit = limitAttempts({ ...world, rateLimits: world.stores.rateLimits, proofOfWork: fakeWork });
  const attempt = { tenantId: 'default', address: '192.0.2.1', account: 'email ada@example.com' };
  return { world, limit, attempt };
}

const refused = (wait: number) => (error: unknown) =>
  reason('RATE_LIMITED')(error) && (error as { retryAfterMs?: number }).retryAfterMs === wait;

describe('rate limit', () => {
  it('LIM-1 lets a burst through, then one for each interval, and says how long to wait', () => {
    const limit = { burst: 3, perHour: 60 };
    let arrival = 0;
    let passed = 0;
    for (let second = 0; second < 600; second += 1) {
      const now = HOUR + second * 1_000;
      const passage = pass(limit, arrival, now);
      if (passage.passes) [arrival, passed] = [passage.arrival, passed + 1];
      else
        assert.ok(
          pass(limit, arrival, now + passage.wait).passes && !pass(limit, arrival, now + passage.wait - 1).passes,
        );
    }
    assert.equal(passed, 3 + 9);
  });

  it('LIM-1 a clock that was set back keeps nobody out, and lets one through, not a burst', () => {
    const limit = { burst: 3, perHour: 60 };
    const passage = pass(limit, HOUR + 365 * 24 * HOUR, HOUR);
    assert.deepEqual(passage, { passes: true, arrival: HOUR + 3 * MINUTE });
    assert.deepEqual(pass(limit, HOUR + 3 * MINUTE, HOUR), { passes: false, wait: MINUTE });
  });

  it('LIM-1 LIM-2 counts by name, by address block and by tenant; each alone refuses', async () => {
    const two = { burst: 2, perHour: 60 };
    const other = { account: 'email bob@example.com', address: '198.51.100.1' };
    for (const [name, same] of [
      ['account', { account: 'email ada@example.com' }],
      ['address', { address: '::ffff:192.0.2.1' }],
      ['tenant', {}],
    ] as const) {
      const { limit, attempt } = limited({ [name]: two });
      await limit(attempt);
      await limit(attempt);
      await assert.rejects(limit({ ...attempt, ...other, ...same }), refused(MINUTE), name);
      if (name !== 'tenant') assert.equal(await limit({ ...attempt, ...other }), 'open');
    }
  });

  it('LIM-1 an attempt that one limit refuses is counted for none', async () => {
    const { limit, attempt } = limited({ account: { burst: 1, perHour: 60 }, address: { burst: 3, perHour: 1 } });
    await limit(attempt);
    for (let round = 0; round < 9; round += 1) await assert.rejects(limit(attempt), refused(MINUTE));
    await limit({ ...attempt, account: 'email bob@example.com' });
    await limit({ ...attempt, account: 'email eve@example.com' });
    await assert.rejects(limit({ ...attempt, account: 'email joe@example.com' }), refused(HOUR));
  });

  it('LIM-4 names of one identity share its limit in silence: nobody is told that they are one', async () => {
    const { limit, attempt } = limited({ account: { burst: 2, perHour: 60 } });
    const answers = [];
    for (const name of ['email a@example.com', 'username a', 'phone +4912345678']) {
      for (let round = 0; round < 2; round += 1) {
        answers.push(await limit({ ...attempt, account: name, identityId: 'idn_1' }));
      }
      await assert.rejects(limit({ ...attempt, account: name, identityId: 'idn_1' }), refused(MINUTE));
    }
    assert.deepEqual(answers, ['open', 'open', 'silenced', 'silenced', 'silenced', 'silenced']);
  });

  it('P7 takes the same steps for a known and an unknown name', async () => {
    const { world, limit, attempt } = limited({});
    const subjects: number[] = [];
    const { update } = world.stores.rateLimits;
    const counting = limitAttempts({
      ...world,
      proofOfWork: fakeWork,
      rateLimits: {
        update: (tenantId, asked, decide) => {
          subjects.push(asked.length);
          return update(tenantId, asked, decide);
        },
      },
    });
    await limit(attempt);
    await counting({ ...attempt, identityId: 'idn_1' });
    await counting({ ...attempt, account: 'email nobody@example.com' });
    assert.deepEqual(subjects, [4, 4]);
  });

  const asksForWork = (wait: number) => (error: unknown) => {
    const { retryAfterMs, metadata } = error as { retryAfterMs?: number; metadata?: { challenge?: string } };
    assert.deepEqual([retryAfterMs, metadata?.challenge], [wait, 'challenge of default']);
    return reason('PROOF_OF_WORK_REQUIRED')(error);
  };

  it('LIM-5 beyond what is free, what begins something must prove work: each proof is good once, and counts for none that is free', async () => {
    for (const [name, same] of [
      ['freeAddress', { address: '::ffff:192.0.2.1' }],
      ['freeTenant', { address: '198.51.100.1' }],
    ] as const) {
      const { world, attempt } = limited({ [name]: { burst: 2, perHour: 60 } });
      const rateLimits = memoryRateLimits(() => world.time.now);
      const limit = limitAttempts({ ...world, rateLimits, proofOfWork: fakeWork });
      const begin = (proofOfWork: string) => limit({ ...attempt, ...same, account: undefined, proofOfWork });
      for (let round = 0; round < 9; round += 1) await limit(attempt);
      await begin('');
      await begin('solves: kept for later, since none is needed yet');
      for (const none of ['', 'solved?', 'solved by somebody']) await assert.rejects(begin(none), asksForWork(MINUTE));
      await begin('solves: kept for later, since none is needed yet');
      await assert.rejects(begin('solves: kept for later, since none is needed yet'), asksForWork(MINUTE), 'spent');
      await begin('solves: another');
      assert.equal(await limit(attempt), 'open', 'what begins nothing is not asked');
      world.time.now += MINUTE;
      await begin('');
      await assert.rejects(begin(''), asksForWork(MINUTE));
    }
  });

  it('LIM-5 of 50 uses of one proof at once, one passes', async () => {
    const { limit, attempt } = limited({ freeTenant: { burst: 1, perHour: 1 } });
    await limit({ ...attempt, proofOfWork: '' });
    const uses = Array.from({ length: 50 }, () => limit({ ...attempt, proofOfWork: 'solves: it' }));
    const passed = (await Promise.allSettled(uses)).filter(({ status }) => status === 'fulfilled');
    assert.equal(passed.length, 1);
  });

  it('LIM-5 LIM-1 no proof gets past a limit, and behind one none is looked at', async () => {
    const { world, attempt } = limited({ freeTenant: { burst: 1, perHour: 1 }, address: { burst: 3, perHour: 1 } });
    let looked = 0;
    const solved = async (tenantId: string, solution: string) => {
      looked += 1;
      return fakeWork.solved(tenantId, solution);
    };
    const limit = limitAttempts({
      ...world,
      rateLimits: world.stores.rateLimits,
      proofOfWork: { ...fakeWork, solved },
    });
    for (let round = 0; round < 3; round += 1) await limit({ ...attempt, proofOfWork: `solves: ${round}` });
    assert.equal(looked, 2, 'the first was free');
    for (let round = 0; round < 9; round += 1)
      await assert.rejects(limit({ ...attempt, proofOfWork: `solves: more ${round}` }), refused(HOUR));
    assert.equal(looked, 2);
  });

  it('LIM-5 a page asks for work where it would be needed just now, and counts nothing by that', async () => {
    const { world, attempt } = limited({ freeAddress: { burst: 1, perHour: 60 } });
    const rateLimits = memoryRateLimits(() => world.time.now);
    const limit = limitAttempts({ ...world, rateLimits, proofOfWork: fakeWork });
    const asks = askForWork({ ...world, rateLimits, proofOfWork: fakeWork });
    for (let round = 0; round < 9; round += 1) assert.equal(await asks('default', attempt.address), undefined);
    await limit({ ...attempt, proofOfWork: '' });
    assert.equal(await asks('default', attempt.address), 'challenge of default');
    assert.equal(await asks('default', '198.51.100.1'), undefined, 'another address');
    world.time.now += MINUTE;
    assert.equal(await asks('default', attempt.address), undefined);
    world.tenant.settings = { ...world.tenant.settings, rateLimits: WIDE_LIMITS };
    const update = () => assert.fail('no look at the limits where none is asked for');
    const quiet = askForWork({ ...world, rateLimits: { update }, proofOfWork: fakeWork });
    assert.equal(await quiet('default', attempt.address), undefined);
  });

  it('LIM-3 refuses when the limits cannot be read', async () => {
    const { world, limit, attempt } = limited({});
    world.stores.control.failure = new Error('gone');
    await assert.rejects(limit(attempt), /gone/);
  });
});
