import type { CheckValue } from '../checks/index.ts';
import type { AlertRule } from './rule.ts';
import type { RuleState } from './state.ts';

type Samples = RuleState['samples'];

/** Cron is a second early or late. */
const EARLY_PART = 0.1;
const LATE_PART = 0.5;
const MOST_SAMPLES = 120;

/**
 * What the same rule measured as long ago as `against` says, by the sample that comes closest; null where there is
 * none: nobody looked then, or not for so long yet.
 */
export function baselineOf(samples: Samples, rule: AlertRule, nowMs: number): number | null {
  const { againstMs, intervalMs } = rule;
  if (againstMs === null) return null;
  const youngest = nowMs - againstMs * (1 - EARLY_PART);
  const oldest = nowMs - againstMs * (1 + LATE_PART) - 2 * intervalMs;
  const usable = samples.filter(([at]) => at >= oldest && at <= youngest);
  const distance = ([at]: [number, number]): number => Math.abs(nowMs - againstMs - at);
  return usable.toSorted((a, b) => distance(a) - distance(b))[0]?.[1] ?? null;
}

/** The samples with one more, as many as `against` needs. */
export function withSample(samples: Samples, rule: AlertRule, nowMs: number, value: CheckValue): Samples {
  const { againstMs, intervalMs } = rule;
  if (againstMs === null) return [];
  const oldest = nowMs - againstMs * (1 + LATE_PART) - 2 * intervalMs;
  const kept = samples.filter(([at]) => at >= oldest && at <= nowMs);
  const gap = nowMs - (kept.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY);
  const dense = gap < againstMs / MOST_SAMPLES;
  return typeof value === 'number' && Number.isFinite(value) && !dense ? [...kept, [nowMs, value]] : kept;
}
