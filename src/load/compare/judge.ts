import { type ChangeCondition, type FailCondition, isBeyond, type PlainCondition } from './condition.ts';
import { traitsOf } from './kinds.ts';
import type { ConditionResult, LoadComparison, MeasureChange, TestBasis } from './types.ts';
import { changeText, percentText, pText, valueText } from './words.ts';

/** How each condition went. */
export function judgeConditions(
  conditions: readonly FailCondition[],
  measures: readonly MeasureChange[],
  basis: TestBasis,
): ConditionResult[] {
  const found = new Map(measures.map((one) => [one.name, one]));
  return conditions.map((condition) =>
    condition.kind === 'plain'
      ? { ...judgePlain(condition, found), measures: [...condition.expression.names] }
      : { ...judgeChange(condition, found.get(condition.measure), basis), measures: [condition.measure] },
  );
}

/** One that failed settles it; without any there is nothing to pass. */
export function verdictOf(conditions: readonly ConditionResult[]): LoadComparison['verdict'] {
  if (conditions.length === 0) return 'compared';
  const outcomes = new Set(conditions.map(({ outcome }) => outcome));
  if (outcomes.has('failed')) return 'failed';
  return outcomes.has('inconclusive') ? 'inconclusive' : 'passed';
}

type Judged = Omit<ConditionResult, 'measures'>;

function judgePlain({ text, expression }: PlainCondition, found: ReadonlyMap<string, MeasureChange>): Judged {
  const scope = Object.fromEntries(
    [...expression.names].map((name) => [name, found.get(name)?.candidate ?? null]),
  );
  const holds = expression.holds(scope);
  const values = Object.entries(scope).map(([name, value]) =>
    value === null ? `${name} is not known` : `${name} is ${valueText(value, traitsOf(name).unit)}`,
  );
  const outcome = holds === null ? 'inconclusive' : holds ? 'failed' : 'passed';
  const remedy = holds === null ? 'ask for a measure that the candidate has: -o json lists them' : null;
  return { text, outcome, why: values.join(', ') || 'it asks for nothing', remedy };
}

function judgeChange(condition: ChangeCondition, found: MeasureChange | undefined, basis: TestBasis): Judged {
  const { text, measure, relative } = condition;
  const change = (relative ? found?.relative : found?.change) ?? null;
  if (!found || change === null) return { text, outcome: 'inconclusive', ...unknown(measure, found) };
  const why = whatChanged(found);
  if (!isBeyond(condition, change)) return { text, outcome: 'passed', why, remedy: null };
  if (found.kind === 'count') return { text, outcome: 'failed', why, remedy: null };
  const remedy = moreRuns(basis);
  if (found.p === null) return { text, outcome: 'inconclusive', why: `${why}; not enough to tell`, remedy };
  const tested = `${why}, p ${pText(found.p)}`;
  if (found.p < basis.alpha) return { text, outcome: 'failed', why: tested, remedy: null };
  return { text, outcome: 'inconclusive', why: `${tested}: it may be chance`, remedy };
}

function unknown(measure: string, found: MeasureChange | undefined): Pick<ConditionResult, 'why' | 'remedy'> {
  if (found?.base === 0)
    return {
      why: `${measure} was 0 in base, and of 0 there is no percentage`,
      remedy: `write a number without one: ${measure} > 0`,
    };
  const missing = [found?.base ?? null, found?.candidate ?? null]
    .flatMap((value, at) => (value === null ? [['base', 'candidate'][at]!] : []))
    .join(' and ');
  return {
    why: `${measure} is not known of ${missing}`,
    remedy: 'ask for a measure that both have: -o json lists them',
  };
}

function moreRuns({ unit, base, candidate }: TestBasis): string {
  const runs = unit === 'runs' ? 2 * Math.min(base, candidate) : 4;
  return `run both sides with --repeat ${runs}, and compare again`;
}

/** `p99 12.1 ms -> 14.7 ms (+21.5 %)`. */
function whatChanged({ name, unit, base, candidate, change, relative }: MeasureChange): string {
  const by = relative === null ? changeText(change, unit) : percentText(relative);
  return `${name} ${valueText(base, unit)} -> ${valueText(candidate, unit)} (${by})`;
}
