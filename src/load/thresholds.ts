import { parseExpression } from '../checks/index.ts';
import { traitsOf } from './compare/kinds.ts';
import { valueText } from './compare/words.ts';
import { MEASURES, type Measured, measuresOf } from './measures.ts';
import type { LoadProfile } from './profile/profile.ts';
import type { Threshold } from './profile/schema.ts';
import type { ThresholdReport } from './result.ts';

/** What must hold where a profile says nothing: no message may be lost or damaged, and none refused. */
const ALWAYS = ['lost == 0', 'corrupted == 0'];
const WITHOUT_CONSUMERS = ['failed == 0'];

/** The thresholds of a run. @param consumed whether anything consumes */
export function thresholdsOf({ thresholds }: LoadProfile, consumed: boolean): readonly Threshold[] {
  if (thresholds.length > 0) return thresholds;
  const checks = consumed ? ALWAYS : WITHOUT_CONSUMERS;
  return checks.map((check) => ({ check, abortOnFail: false, after: 0 }));
}

/** Judges them all. */
export function judgeThresholds(thresholds: readonly Threshold[], measured: Measured): ThresholdReport[] {
  const measures = measuresOf(measured);
  return thresholds.map(({ check }) => {
    const expression = parseExpression(check, MEASURES);
    return {
      text: check,
      holds: expression.holds(measures),
      values: Object.fromEntries([...expression.names].map((name) => [name, measures[name] ?? null])),
    };
  });
}

/** `not p99 < 10ms: p99 is 12.3 ms`. */
export function failureText({ text, values }: ThresholdReport): string {
  const said = Object.entries(values).map(
    ([name, value]) => `${name} is ${value === null ? 'not known' : valueText(value, traitsOf(name).unit)}`,
  );
  return `not ${text}: ${said.join(', ')}`;
}
