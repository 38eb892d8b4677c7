/** Up to so many values of both sides together the test is exact. */
const MOST_EXACT = 50;

/**
 * Two-sided Mann-Whitney U test: how likely it is that two samples of one and the same thing differ at least as much in
 * their ranks. Exact for up to 50 values, ties included (every way to deal the ranks to both sides is counted); beyond
 * that the normal approximation, corrected for ties and continuity.
 *
 * @param mostExact values of both sides together up to which it counts instead of approximating
 * @returns null where a side is empty
 */
export function rankTest(
  a: readonly number[],
  b: readonly number[],
  mostExact: number = MOST_EXACT,
): number | null {
  if (a.length === 0 || b.length === 0) return null;
  const doubled = doubledRanks([...a, ...b]);
  const sum = doubled.slice(0, a.length).reduce((total, rank) => total + rank, 0);
  return doubled.length <= mostExact ? exactP(doubled, a.length, sum) : normalP(doubled, a.length, sum);
}

/** The smallest p that so many values a side can come to, when they do not overlap at all. */
export function leastP(a: number, b: number): number {
  let ways = 1;
  for (let at = 1; at <= a; at += 1) ways = (ways * (b + at)) / at;
  return Math.min(1, 2 / ways);
}

/** Ranks times two, so that the mean rank of tied values is a whole number. */
function doubledRanks(values: readonly number[]): number[] {
  const order = values.map((_, at) => at).sort((x, y) => values[x]! - values[y]!);
  const ranks = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]!] === values[order[from]!]) to += 1;
    for (let at = from; at <= to; at += 1) ranks[order[at]!] = from + to + 2;
    from = to + 1;
  }
  return ranks;
}

/** Counts the subsets of that size by the sum of their ranks. */
function exactP(doubled: readonly number[], size: number, sum: number): number {
  const total = doubled.reduce((all, rank) => all + rank, 0);
  const ways = Array.from({ length: size + 1 }, () => new Float64Array(total + 1));
  ways[0]![0] = 1;
  for (const [at, rank] of doubled.entries())
    for (let taken = Math.min(size, at + 1); taken > 0; taken -= 1)
      for (let reached = total; reached >= rank; reached -= 1)
        ways[taken]![reached]! += ways[taken - 1]![reached - rank]!;
  // Times the number of values: the mean is a whole number then.
  const distance = (one: number) => Math.abs(one * doubled.length - total * size);
  let [all, extreme] = [0, 0];
  for (const [reached, count] of ways[size]!.entries()) {
    all += count;
    if (distance(reached) >= distance(sum)) extreme += count;
  }
  return extreme / all;
}

function normalP(doubled: readonly number[], size: number, sum: number): number {
  const n = doubled.length;
  const mean = (size * (n + 1)) / 2;
  const variance = ((size * (n - size)) / 12) * (n + 1 - tiesOf(doubled) / (n * (n - 1)));
  if (variance === 0) return 1;
  const distance = Math.max(0, Math.abs(sum / 2 - mean) - 0.5);
  return twoSidedTail(distance / Math.sqrt(variance));
}

function tiesOf(doubled: readonly number[]): number {
  const sizes = new Map<number, number>();
  for (const rank of doubled) sizes.set(rank, (sizes.get(rank) ?? 0) + 1);
  return [...sizes.values()].reduce((total, size) => total + size ** 3 - size, 0);
}

/** Chance of a standard normal value beyond z on either side: Abramowitz and Stegun 7.1.26, within 1.5e-7. */
function twoSidedTail(z: number): number {
  const x = z / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.min(1, series * Math.exp(-x * x));
}
