import { measuresOf } from '../measures.ts';
import type { LoadResult } from '../result.ts';

/** What one side is judged by: units that stand for themselves, each with a number for most measures. */
export interface Sample {
  /** Of each unit that has one. */
  valuesOf(measure: string): number[];
  /** As many units as there are, drawn with replacement: what each measure then comes to, null where that says nothing. */
  draw(random: () => number): (measure: string) => number | null;
}

/** Each run is a unit, a draw of several their median. */
export function runSample(runs: readonly LoadResult[]): Sample {
  const units = runs.map(measuresOf);
  return {
    valuesOf: (measure) => known(units.map((unit) => unit[measure] ?? null)),
    draw: (random) => {
      const drawn = units.map(() => units[Math.floor(random() * units.length)]!);
      return (measure) => median(known(drawn.map((unit) => unit[measure] ?? null)));
    },
  };
}

/** Without what is not known. */
export function known(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}

/** The middle one, or the mean of the two; null of nothing. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  // Of a handful of numbers a plain array is sorted ten times as fast as a typed one.
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
