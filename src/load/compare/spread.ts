import type { Histogram, JsHistogram } from 'hdr-histogram-js';
import { PERCENTILES, type Percentile } from '../result.ts';

/** Values in µs, ascending, and how often each is in every block. */
interface Grid {
  values: Float64Array;
  counts: Float64Array[];
}

/** What a draw of blocks comes to as a whole, in ms. */
export type Drawn = Record<Percentile, number> & { mean: number };

/**
 * The blocks of one stage, to be drawn from again and again: adding their histograms each time would take minutes.
 * `draw` gets how often each block is taken; null where nothing is in those.
 */
export function spreadOf(
  histograms: readonly (Histogram | null)[],
): (times: readonly number[]) => Drawn | null {
  const { values, counts } = gridOf(histograms);
  const sums = new Float64Array(values.length);
  return (times) => {
    sums.fill(0);
    for (const [block, weight] of times.entries()) {
      if (weight === 0) continue;
      const own = counts[block]!;
      for (let at = 0; at < sums.length; at += 1) sums[at]! += weight * own[at]!;
    }
    return drawnOf(values, sums);
  };
}

function gridOf(histograms: readonly (Histogram | null)[]): Grid {
  const recorded = histograms.map((one) =>
    one ? recordedOf(one as JsHistogram) : new Map<number, number>(),
  );
  const values = Float64Array.from(new Set(recorded.flatMap((one) => [...one.keys()]))).sort();
  const counts = recorded.map((one) => Float64Array.from(values, (value) => one.get(value) ?? 0));
  return { values, counts };
}

/** Counts by the value that stands for their bucket in percentiles: the highest one. */
function recordedOf(histogram: JsHistogram): Map<number, number> {
  const found = new Map<number, number>();
  let left = histogram.totalCount;
  for (let at = 0; left > 0; at += 1) {
    const count = histogram.getCountAtIndex(at);
    if (count > 0) found.set(histogram.highestEquivalentValue(histogram.valueFromIndex(at)), count);
    left -= count;
  }
  return found;
}

const NAMES = Object.entries(PERCENTILES) as [Percentile, number][];
/** 0.999 times 1000 is a little more than 999. */
const ROUNDING = 1e-9;

function drawnOf(values: Float64Array, sums: Float64Array): Drawn | null {
  let [total, weighted] = [0, 0];
  for (let at = 0; at < sums.length; at += 1) {
    total += sums[at]!;
    weighted += sums[at]! * values[at]!;
  }
  if (total === 0) return null;
  const drawn: Partial<Drawn> = { mean: weighted / total / 1000 };
  let [at, reached] = [0, sums[0]!];
  for (const [name, percentile] of NAMES) {
    const needed = Math.max(1, Math.ceil((percentile / 100) * total * (1 - ROUNDING)));
    while (reached < needed) {
      at += 1;
      reached += sums[at]!;
    }
    drawn[name] = values[at]! / 1000;
  }
  return drawn as Drawn;
}
