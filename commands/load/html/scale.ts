import type { ScaleKind, Unit } from './chart.ts';

/** From values to places: 0 is the bottom, 1 the top. */
export interface Scale {
  place: (value: number) => number;
  /** Values with a line and a text. */
  ticks: readonly number[];
}

const TICKS = 4;

/** A scale with room for all of the values. */
export function scaleOf(kind: ScaleKind, unit: Unit, values: readonly (number | null)[]): Scale {
  const [low, high] = extent(values);
  if (kind === 'linear') return linear(high, unit);
  return kind === 'log' ? logarithmic(low, high) : counts(high);
}

/** The lowest above 0, and the highest: without arguments of Math.max, of which there can be too many. */
function extent(values: readonly (number | null)[]): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const value of values) {
    if (value === null) continue;
    if (value > 0 && value < low) low = value;
    if (value > high) high = value;
  }
  return [Math.min(low, high), high];
}

/** From 0, in steps of 1, 2 or 5; of bytes in steps of 1, 2, 4, … of a power of 1024. */
function linear(high: number, unit: Unit): Scale {
  const step =
    unit === 'bytes' ? 2 ** Math.ceil(Math.log2(Math.max(high, 1) / TICKS)) : niceStep(high / TICKS);
  const count = Math.max(1, Math.ceil(high / step - 1e-9));
  const ticks = Array.from({ length: count + 1 }, (_, at) => at * step);
  return { place: (value) => value / (count * step), ticks };
}

function niceStep(rough: number): number {
  if (rough <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * (1 - 1e-9))!;
}

/** Whole powers of ten; what is 0 stands at the bottom. */
function logarithmic(low: number, high: number): Scale {
  const from = Math.floor(Math.log10(low || 1));
  const to = Math.max(from + 1, Math.ceil(Math.log10(high || 1) - 1e-9));
  const ticks = Array.from({ length: to - from + 1 }, (_, at) => 10 ** (from + at));
  const place = (value: number) => (value <= 0 ? 0 : Math.max(0, (Math.log10(value) - from) / (to - from)));
  return { place, ticks: thinned(ticks) };
}

/** 0, 1, 10, 100, …: what is small is seen beside what is large. */
function counts(high: number): Scale {
  const to = Math.max(1, Math.ceil(Math.log10(high || 1) - 1e-9));
  const place = (value: number) => Math.log10(1 + value) / Math.log10(1 + 10 ** to);
  return { place, ticks: thinned([0, ...Array.from({ length: to + 1 }, (_, at) => 10 ** at)]) };
}

/** Every second one, from the top, where there are too many. */
function thinned(ticks: readonly number[]): number[] {
  if (ticks.length <= 7) return [...ticks];
  return ticks.filter((_, at) => (ticks.length - 1 - at) % 2 === 0);
}
