import { breaches, type Range } from './range.ts';
import type { Status } from './status.ts';

/** When a value is a WARNING and when it is CRITICAL; without either it is only shown. */
export interface Thresholds {
  warning?: Range;
  critical?: Range;
}

/** What is known of a whole number: both are the value where it is known, else it lies between them. */
export interface Bounds {
  atLeast: number;
  /** Infinity where nothing limits it. */
  atMost: number;
}

/** What a value means. */
export interface Verdict {
  status: Status;
  /** The range that it breaches; null where it breaches none, or that is not known. */
  breached: Range | null;
}

/**
 * Judges a value, or what is known of it. Where every value that is possible breaches a threshold it is
 * that status, at least: a lag between 6000 and 9000 is CRITICAL above 5000. Where none does it is OK,
 * else UNKNOWN. Without thresholds there is nothing to breach.
 */
export function judge(bounds: Bounds, thresholds: Thresholds): Verdict {
  const possible = new Set(samples(bounds, thresholds).map((value) => statusOf(value, thresholds)));
  if (possible.has('ok')) return { status: possible.size === 1 ? 'ok' : 'unknown', breached: null };
  if (possible.has('warning')) return { status: 'warning', breached: thresholds.warning! };
  return { status: 'critical', breached: thresholds.critical! };
}

function statusOf(value: number, { warning, critical }: Thresholds): 'ok' | 'warning' | 'critical' {
  if (critical && breaches(critical, value)) return 'critical';
  return warning && breaches(warning, value) ? 'warning' : 'ok';
}

/** Enough values to meet every status that is possible: the last whole number before each change, and the ends. */
function samples({ atLeast, atMost }: Bounds, { warning, critical }: Thresholds): number[] {
  const ends = [warning, critical].flatMap((range) => (range ? [range.start, range.end] : []));
  const last = ends.flatMap((end) => [Math.floor(end) - 1, Math.floor(end)]);
  return [atLeast, atMost, ...last.filter((value) => value > atLeast && value < atMost)];
}
