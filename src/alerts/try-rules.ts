import { type CheckOutcome, type CheckValue, judgeOf, measureOnce } from '../checks/index.ts';
import { createMeasure, type MetricDoors } from '../metrics/index.ts';
import type { AlertPlan, AlertRule, Severity } from './rule.ts';

/** What a rule gives at this instant. */
export interface RuleTrial {
  rule: string;
  metric: string;
  severity: Severity;
  outcome: CheckOutcome;
  value: CheckValue;
  why: string;
  to: string[];
}

/** Measures every rule once. Nothing is kept, so that there is no baseline either. */
export async function measureRules(
  plan: AlertPlan,
  doors: MetricDoors,
  signal: AbortSignal,
): Promise<RuleTrial[]> {
  const measure = createMeasure(doors);
  const trials = plan.rules.map(async (rule) => {
    const found = await measureOnce(rule, measure, signal);
    return found && { ...factsOf(rule), ...judged(rule, found) };
  });
  const all = await Promise.all(trials);
  signal.throwIfAborted();
  return all.filter((one) => one !== undefined);
}

function factsOf({ name, metric, severity, to }: AlertRule) {
  return { rule: name, metric, severity, to };
}

function judged(rule: AlertRule, found: { value: CheckValue } | { error: string }) {
  if ('error' in found) return { outcome: 'error' as const, value: null, why: found.error };
  return { value: found.value, ...judgeOf(rule)(found.value, null) };
}
