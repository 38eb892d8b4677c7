import type { Sample } from './sample.ts';

const LOW = 0.025;
const HIGH = 0.975;
/** Where more of the draws than this say nothing, there is no interval. */
const MOST_WITHOUT = 0.05;

/** How often it is drawn, and by which dice: the same numbers give the same interval. */
export interface Draws {
  count: number;
  random: () => number;
}

/**
 * 95 % confidence intervals of the relative change of each measure: percentiles of what it comes to when the units of
 * both sides are drawn again and again.
 */
export function intervalsOf(
  measures: readonly string[],
  base: Sample,
  candidate: Sample,
  { count, random }: Draws,
): Map<string, [number, number]> {
  const changes = new Map(measures.map((name) => [name, [] as number[]]));
  for (let draw = 0; draw < count; draw += 1) {
    const [before, after] = [base.draw(random), candidate.draw(random)];
    for (const [name, found] of changes) {
      const change = relativeChange(before(name), after(name));
      if (change !== null) found.push(change);
    }
  }
  const enough = (found: readonly number[]) => found.length > 0 && found.length >= count * (1 - MOST_WITHOUT);
  return new Map(
    [...changes].flatMap(([name, found]) => (enough(found) ? [[name, middle(found)] as const] : [])),
  );
}

/** Null where it is not known: of 0 there is no part, but nothing stays nothing. */
export function relativeChange(base: number | null, candidate: number | null): number | null {
  if (base === null || candidate === null) return null;
  if (base === 0) return candidate === 0 ? 0 : null;
  return (candidate - base) / Math.abs(base);
}

function middle(found: readonly number[]): [number, number] {
  const sorted = Float64Array.from(found).sort();
  const at = (part: number) => sorted[Math.round(part * (sorted.length - 1))]!;
  return [at(LOW), at(HIGH)];
}
