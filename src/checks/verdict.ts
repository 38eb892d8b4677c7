import type { CheckOutcome, CheckSpec, CheckValue } from './check.ts';
import { type Expression, explain, holdsFor, parseExpression } from './expression.ts';

/** What a measured value means. */
export interface CheckVerdict {
  outcome: Exclude<CheckOutcome, 'error'>;
  /** As a clause. */
  why: string;
}

/** Judges the values of one check; its expressions are read once. */
export type JudgeValue = (value: CheckValue, baseline: number | null) => CheckVerdict;

/**
 * The judge of a check. `failure` goes first; what neither expression holds for is inconclusive. That there is no
 * number may be a failure (`isNull(value)`), and is never a pass.
 */
export function judgeOf({ success, failure }: Pick<CheckSpec, 'success' | 'failure'>): JudgeValue {
  const good = success === null ? null : parseExpression(success);
  const bad = failure === null ? null : parseExpression(failure);
  return (value, baseline) => {
    const failed = verdictOf(bad, value, baseline);
    if (failed?.holds === true) return { outcome: 'fail', why: failed.why };
    if (missing(value)) return { outcome: 'inconclusive', why: 'there is no number' };
    const passed = verdictOf(good, value, baseline);
    if (passed?.holds === true) return { outcome: 'pass', why: passed.why };
    if (good && bad) return { outcome: 'inconclusive', why: `${passed!.why}, and ${failed!.why}` };
    const only = (passed ?? failed)!;
    if (only.holds === null) return { outcome: 'inconclusive', why: only.why };
    return { outcome: good ? 'fail' : 'pass', why: only.why };
  };
}

function missing(value: CheckValue): boolean {
  return value === null || (typeof value === 'number' && Number.isNaN(value));
}

function verdictOf(
  expression: Expression | null,
  value: CheckValue,
  baseline: number | null,
): { holds: boolean | null; why: string } | null {
  if (!expression) return null;
  const holds = holdsFor(expression, value, baseline);
  return { holds, why: explain(expression, value, baseline, holds) };
}
