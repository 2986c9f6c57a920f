// The arithmetic of the cluster on paper, where it can be done by hand.
import assert from 'node:assert/strict';
import { type Cluster, simulate } from '../../bench/fan_out/cluster.ts';

const CLUSTER: Cluster = {
  nodes: 2,
  processes: 100,
  revocationsPerSecond: 10,
  missesPerSecond: 0,
  cost: { row: 0.01, pong: 0.02, poll: 0.5, verdict: 0.006 },
  readMs: 2,
  seconds: 20,
  burst: 0,
  lost: 0,
};
const close = (found: number, expected: number, share: number) =>
  assert.ok(Math.abs(found - expected) <= share * expected, `${found}, by hand ${expected}`);

describe('a cluster on paper', () => {
  it('delivers each row to each process once, but for those of the last poll', () => {
    const { delivered } = simulate(CLUSTER);
    const all = 10 * 20 * 100;
    assert.ok(delivered <= all && delivered > 0.98 * all, `${delivered} of ${all}`);
  });

  it('is busy with rows, pongs and polls, and no more', () => {
    // A second of a node: 10 rows and 2 pongs for 50 processes, 40 polls.
    close(simulate(CLUSTER).busiest, (10 * 50 * 0.01 + 2 * 50 * 0.02 + 40 * 0.5) / 1_000, 0.03);
    const asked = simulate({ ...CLUSTER, missesPerSecond: 20_000 }).busiest - simulate(CLUSTER).busiest;
    close(asked, 10_000 * 0.006 * 1e-3, 0.05);
  });

  it('tells after half a poll and the read on the average, and in twice a poll and a read at most', () => {
    const { told } = simulate(CLUSTER);
    close(told(0.5), 25 / 2 + 0.5 + 2, 0.15);
    assert.ok(told(1) < 2 * 25 && told(1) > 25, `${told(1)} ms`);
    assert.ok(told(0.99) <= told(1) && told(0.5) <= told(0.99));
  });

  it('a burst takes as long as its rows', () => {
    const { told } = simulate({ ...CLUSTER, burst: 5_000 });
    close(told(1), 5_000 * 50 * 0.01, 0.1);
  });

  it('loses leases when there is more work than time, and not before', () => {
    assert.equal(simulate(CLUSTER).leasesLost, 0);
    // 2 pongs a second for 50 processes at 12 ms each: 1.2 cores.
    const slow = simulate({ ...CLUSTER, cost: { ...CLUSTER.cost, pong: 12 } });
    assert.ok(slow.busiest > 0.95 && slow.leasesLost === 0, 'a round of pongs is over within B');
    const lost = simulate({ ...CLUSTER, cost: { ...CLUSTER.cost, pong: 60 } });
    assert.equal(lost.leasesLost, 100);
    assert.equal(simulate({ ...CLUSTER, missesPerSecond: 1e6 }).leasesLost, 100, 'all time goes to verdicts');
  });

  it('the streams of a lost node come to the others', () => {
    const { delivered, leasesLost } = simulate({ ...CLUSTER, lost: 1 });
    const whole = simulate(CLUSTER).delivered;
    assert.ok(delivered < whole && delivered > 0.8 * whole, `${delivered} of ${whole}`);
    assert.equal(leasesLost, 0, 'a stream that is new has B to prove itself');
  });

  it('gives the same figures for the same cluster', () => {
    const [one, two] = [simulate(CLUSTER), simulate(CLUSTER)];
    assert.deepEqual([one.told(0.5), one.busiest, one.delivered], [two.told(0.5), two.busiest, two.delivered]);
  });
});
