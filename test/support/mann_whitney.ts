/**
 * The two-sided Mann-Whitney U test by its normal approximation, corrected for ties and continuity: the probability that two samples of one
 * distribution differ in rank as much as these do. For samples of 20 and more; NaN where one is empty. (H. B. Mann, D. R. Whitney, 1947.)
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): { readonly u: number; readonly p: number } {
  const [m, n] = [a.length, b.length];
  const all = [...a.map((value) => ({ value, first: true })), ...b.map((value) => ({ value, first: false }))];
  all.sort((x, y) => x.value - y.value);
  let rankSum = 0;
  let ties = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]?.value === all[from]?.value) to++;
    const count = to - from;
    // Who is alike shares the middle rank.
    const rank = (from + 1 + to) / 2;
    for (let at = from; at < to; at++) if (all[at]?.first) rankSum += rank;
    ties += count ** 3 - count;
    from = to;
  }
  const u = rankSum - (m * (m + 1)) / 2;
  const size = m + n;
  const deviation = Math.sqrt(((m * n) / 12) * (size + 1 - ties / (size * (size - 1))));
  if (deviation === 0) return { u, p: 1 };
  const z = Math.max(0, Math.abs(u - (m * n) / 2) - 0.5) / deviation;
  return { u, p: Math.min(1, erfc(z / Math.SQRT2)) };
}

/** The complement of the error function for x >= 0: its series below 3, its continued fraction above; off by less than 1e-12. */
function erfc(x: number): number {
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let k = 1; k < 200 && Math.abs(term) > 1e-17; k++) {
      term *= -(x * x) / k;
      sum += term / (2 * k + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}
