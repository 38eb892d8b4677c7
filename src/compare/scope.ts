import type { Comparison, Counts, Spread } from './types.ts';

const COUNTS = [
  'compared',
  'matched',
  'ignored',
  'mismatched',
  'noise',
  'missing',
  'extra',
  'pending',
  'late',
] as const satisfies readonly (keyof Counts)[];
const BY_SIDE = ['records', 'keys', 'duplicate', 'unreadable', 'errors', 'rate'] as const;
const SPREAD = ['p50', 'p90', 'p95', 'p99', 'max'] as const satisfies readonly (keyof Spread)[];

/** Counts that a percentage is a part of all keys for. */
export const SHARED_NAMES = [...COUNTS, 'errors'] as const;

/** What a threshold may ask for. */
export const THRESHOLD_NAMES: readonly string[] = [
  ...SHARED_NAMES,
  ...SHARED_NAMES.map((name) => `${name}.share`),
  ...BY_SIDE.flatMap((name) => [`${name}.old`, `${name}.new`]),
  ...SPREAD.flatMap((name) => [`${name}.old`, `${name}.new`, `${name}.behind`]),
];

export type ThresholdScope = Record<string, number | null>;

/** The values of {@link THRESHOLD_NAMES}; null: not known. */
export function scopeOf(comparison: Omit<Comparison, 'thresholds' | 'verdict'>): ThresholdScope {
  const { counts, shares, behindMs } = comparison;
  const unreadable = comparison.old.unreadable + comparison.new.unreadable;
  const errors = counts.errorsOld + counts.errorsNew + unreadable;
  const keys = allKeys(counts) + unreadable;
  const scope: ThresholdScope = { errors, 'errors.share': keys > 0 ? errors / keys : null };
  for (const name of COUNTS) Object.assign(scope, { [name]: counts[name], [`${name}.share`]: shares[name] });
  for (const side of ['old', 'new'] as const) {
    const report = comparison[side];
    const own = {
      records: report.records,
      keys: report.keys,
      duplicate: report.duplicate,
      unreadable: report.unreadable,
      errors: side === 'old' ? counts.errorsOld : counts.errorsNew,
      rate: report.perSecond,
    };
    for (const name of BY_SIDE) scope[`${name}.${side}`] = own[name];
    for (const name of SPREAD) scope[`${name}.${side}`] = report.latencyMs?.[name] ?? null;
  }
  for (const name of SPREAD) scope[`${name}.behind`] = behindMs?.[name] ?? null;
  return scope;
}

/** Keys of either side. */
export function allKeys(counts: Counts): number {
  const { compared, missing, extra, pending, errorsOld, errorsNew } = counts;
  return compared + missing + extra + pending + errorsOld + errorsNew;
}

/** A comparison in which nothing is wrong, whatever its times are. */
export function perfectScope(ms: number): ThresholdScope {
  const many = 1e12;
  const bad = /^(?:ignored|mismatched|noise|missing|extra|pending|late|errors|duplicate|unreadable)\b/;
  const value = (name: string): number => {
    if (bad.test(name) || name.endsWith('.behind')) return 0;
    if (name.endsWith('.share')) return 1;
    return /^(?:p\d+|max|rate)\./.test(name) ? ms : many;
  };
  return Object.fromEntries(THRESHOLD_NAMES.map((name) => [name, value(name)]));
}
