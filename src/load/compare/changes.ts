import { seededRandom } from '../../model/random.ts';
import { MEASURES, measuresOf } from '../measures.ts';
import type { LoadResult } from '../result.ts';
import { intervalsOf, relativeChange } from './interval.ts';
import { type MeasureKind, traitsOf } from './kinds.ts';
import { rankTest } from './rank-test.ts';
import { known, median } from './sample.ts';
import { type BasisSamples, leastUnits } from './test-basis.ts';
import type { MeasureChange } from './types.ts';

/** So that the same files always give the same report. */
const SEED = 1;

/** How sure it has to be, and how often the intervals are drawn. */
export interface ChangeOptions {
  alpha: number;
  draws: number;
}

/** Every measure that either side has. */
export function changesOf(
  base: readonly LoadResult[],
  candidate: readonly LoadResult[],
  basis: BasisSamples,
  options: ChangeOptions,
): MeasureChange[] {
  const [before, after] = [base.map(measuresOf), candidate.map(measuresOf)];
  const raw = MEASURES.map((name) => {
    const { kind, unit } = traitsOf(name);
    return { name, kind, unit, base: sideValue(before, name, kind), candidate: sideValue(after, name, kind) };
  }).filter((one) => one.base !== null || one.candidate !== null);
  const tested = raw.filter(({ kind, name }) => kind !== 'count' && canTest(basis, name));
  const intervals = intervalsFor(
    tested.map(({ name }) => name),
    basis,
    options.draws,
  );
  return raw.map((one) => {
    const p = tested.includes(one) ? pOf(basis, one.name) : null;
    const change = one.base === null || one.candidate === null ? null : one.candidate - one.base;
    const relative = relativeChange(one.base, one.candidate);
    const interval = intervals.get(one.name) ?? null;
    const outcome = outcomeOf(one.name, one.kind, change, p, options.alpha);
    return { ...one, change, relative, p, interval, outcome };
  });
}

/** The median of the runs; of what was lost the run that lost most: a median of them would hide it. */
function sideValue(
  runs: readonly Record<string, number | null>[],
  name: string,
  kind: MeasureKind,
): number | null {
  const values = known(runs.map((run) => run[name] ?? null));
  if (kind !== 'count') return median(values);
  return values.length === 0 ? null : Math.max(...values);
}

function canTest({ unit, samples }: BasisSamples, name: string): boolean {
  return unit !== null && samples!.every((sample) => sample.valuesOf(name).length >= leastUnits(unit));
}

function intervalsFor(
  names: readonly string[],
  { samples }: BasisSamples,
  count: number,
): ReturnType<typeof intervalsOf> {
  if (!samples || count === 0) return new Map();
  return intervalsOf(names, samples[0], samples[1], { count, random: seededRandom(SEED) });
}

function pOf({ samples }: BasisSamples, name: string): number | null {
  const [base, candidate] = samples!;
  return rankTest(base.valuesOf(name), candidate.valuesOf(name));
}

function outcomeOf(
  name: string,
  kind: MeasureKind,
  change: number | null,
  p: number | null,
  alpha: number,
): MeasureChange['outcome'] {
  if (change === null || (kind !== 'count' && p === null)) return null;
  if (p !== null && p >= alpha) return 'noise';
  if (change === 0) return 'same';
  return change > 0 === (traitsOf(name).worse === 'up') ? 'worse' : 'better';
}
