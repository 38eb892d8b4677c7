import type { CheckOutcome, CheckSpec, CheckValue, Measure } from './check.ts';
import { measureOnce } from './measure-once.ts';
import { judgeOf } from './verdict.ts';
import { sleepUnless } from './wait.ts';

/** What was measured before the first step. */
export interface Baseline {
  /** Mean by the name of the check; null where nothing was a number. */
  values: Record<string, number | null>;
  /** Checks that do not pass as things are, dry runs left out. */
  failing: { check: string; outcome: Exclude<CheckOutcome, 'pass'>; why: string }[];
}

/** How {@link takeBaseline} measures. */
export interface BaselineOptions {
  /** How long; each check is measured once at least. */
  forMs: number;
  signal: AbortSignal;
}

/**
 * Measures each check for a time by its interval, its delay left out, and judges the mean; of what is no number the
 * last value. A check that compares with the baseline is compared with this one.
 */
export async function takeBaseline(
  specs: readonly CheckSpec[],
  measure: Measure,
  options: BaselineOptions,
): Promise<Baseline> {
  const baseline: Baseline = { values: {}, failing: [] };
  const all = await Promise.all(specs.map((spec) => collect(spec, measure, options)));
  for (const [nth, spec] of specs.entries()) {
    const { values, error } = all[nth]!;
    const mean = meanOf(values);
    baseline.values[spec.name] = mean;
    const failure = failureOf(spec, mean ?? values.at(-1) ?? null, mean, error);
    if (failure && !spec.dryRun) baseline.failing.push({ check: spec.name, ...failure });
  }
  return baseline;
}

interface Collected {
  /** What was measured, null left out. */
  values: CheckValue[];
  /** Why it could not be measured, the last time that it could not. */
  error: string | undefined;
}

async function collect(
  spec: CheckSpec,
  measure: Measure,
  { forMs, signal }: BaselineOptions,
): Promise<Collected> {
  const from = performance.now();
  const found: Collected = { values: [], error: undefined };
  for (let due = 0; due === 0 || due < forMs; ) {
    await sleepUnless(signal, from + due - performance.now());
    const result = await measureOnce(spec, measure, signal);
    if (!result) break;
    if ('error' in result) found.error = result.error;
    else if (result.value !== null && !Number.isNaN(result.value)) found.values.push(result.value);
    const elapsed = performance.now() - from;
    due = spec.intervalMs * (Math.floor(elapsed / spec.intervalMs) + 1);
  }
  return found;
}

function meanOf(values: readonly CheckValue[]): number | null {
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.length === 0) return null;
  return numbers.reduce((sum, value) => sum + value / numbers.length, 0);
}

function failureOf(
  spec: CheckSpec,
  value: CheckValue,
  mean: number | null,
  error: string | undefined,
): Omit<Baseline['failing'][number], 'check'> | undefined {
  if (value === null)
    return error === undefined
      ? { outcome: 'inconclusive', why: 'it had no data' }
      : { outcome: 'error', why: `it could not be measured: ${error}` };
  const { outcome, why } = judgeOf(spec)(value, mean);
  return outcome === 'pass' ? undefined : { outcome, why };
}
