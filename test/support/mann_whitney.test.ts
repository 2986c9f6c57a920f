import assert from 'node:assert/strict';
import { mannWhitney } from './mann_whitney.ts';

const near = (value: number, expected: number) =>
  assert.ok(Math.abs(value / expected - 1) < 1e-9, `${value} is not ${expected}`);

describe('the Mann-Whitney test', () => {
  it('gives the U and the p of published examples', () => {
    // Documentation of scipy.stats.mannwhitneyu: ages at a diagnosis, asymptotic.
    const { u, p } = mannWhitney([19, 22, 16, 29, 24], [20, 11, 17, 12]);
    assert.equal(u, 17);
    near(p, 0.11134688653314041);
  });

  it('counts ties: the same values again and again are no evidence', () => {
    assert.deepEqual(mannWhitney([1, 1, 1, 1], [1, 1, 1, 1]), { u: 8, p: 1 });
    // By hand: two share a rank, so the variance is 25/12 (11 - 6/90), and z is 11.5 of its root.
    const { u, p } = mannWhitney([1, 2, 3, 4, 5], [5, 6, 7, 8, 9]);
    assert.equal(u, 0.5);
    near(p, 0.015970696353780133);
  });

  it('is the same from both sides, and sees a shift that is small beside the noise', () => {
    const noise = (seed: number) => {
      let state = seed;
      return Array.from({ length: 2_000 }, () => {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        return 10 + 3 * (state / 2_147_483_648);
      });
    };
    const [a, b] = [noise(1), noise(2)];
    const shifted = b.map((value) => value + 0.15);
    assert.equal(mannWhitney(a, b).p, mannWhitney(b, a).p);
    assert.ok(mannWhitney(a, b).p > 0.01);
    assert.ok(mannWhitney(a, shifted).p < 0.01);
  });
});
