import { QctlError } from '../errors.ts';
import { formatDuration } from '../model/duration.ts';
import type { CutoverPlan, PlannedCheck } from './plan-types.ts';

/** How long a plan takes at least, and its way back at most. In ms. */
export interface PlanArithmetic {
  /** What it waits for on purpose, one after the other; the window and approvals come on top. */
  earliestMs: number;
  /** Every undo and every return as long as it may take, one after the other, and the old side's health. */
  worstRollbackMs: number;
  /** Until the slowest of the checks that lead back has made up its mind; not in `worstRollbackMs`. */
  noticeMs: number;
  /** What `worstRollbackMs` is made of, the longest first; a step by its id. */
  parts: { step: string; ms: number }[];
  overBudget: boolean;
}

/** Name of the part that is no step. */
const HEALTH = 'rollback.healthTimeout';

/** See {@link PlanArithmetic}. */
export function arithmetic(plan: CutoverPlan): PlanArithmetic {
  const { rollback, steps, checks, baseline } = plan;
  const health = rollback.health.length > 0 ? [{ step: HEALTH, ms: rollback.healthTimeoutMs }] : [];
  const undone = steps.map(({ id, undoTimeoutMs }) => ({ step: id, ms: undoTimeoutMs }));
  const returned = rollback.returns.map((_, at) => ({
    step: `rollback.returns/${at + 1}`,
    ms: rollback.returnTimeoutMs,
  }));
  const parts = [...undone, ...returned, ...health]
    .filter(({ ms }) => ms > 0)
    .toSorted((a, b) => b.ms - a.ms);
  const worstRollbackMs = sumOf(parts.map(({ ms }) => ms));
  return {
    earliestMs: (baseline?.durationMs ?? 0) + sumOf(steps.map(({ outline }) => outline.earliestMs)),
    worstRollbackMs,
    noticeMs: Math.max(0, ...checks.filter(leadsBack).map(noticeOf)),
    parts,
    overBudget: rollback.budgetMs !== null && worstRollbackMs > rollback.budgetMs,
  };
}

function leadsBack({ onFailure, dryRun }: PlannedCheck): boolean {
  return onFailure === 'rollback' && !dryRun;
}

/** From the trouble to the failing measurement. */
function noticeOf({ initialDelayMs, intervalMs, failureLimit, timeoutMs }: PlannedCheck): number {
  return initialDelayMs + intervalMs * (failureLimit + 1) + timeoutMs;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

const MOST_NAMED = 3;

/**
 * Refuses a plan whose way back may take longer than its budget.
 *
 * @throws QctlError `refused` ROLLBACK_OVER_BUDGET that names the longest parts
 */
export function requireBudget(plan: CutoverPlan): void {
  const { worstRollbackMs, parts, overBudget } = arithmetic(plan);
  if (!overBudget) return;
  const budget = formatDuration(plan.rollback.budgetMs!);
  const longest = parts.slice(0, MOST_NAMED).map(({ step, ms }) => `${step} ${formatDuration(ms)}`);
  throw new QctlError(
    'refused',
    `the way back may take ${formatDuration(worstRollbackMs)}, and rollback.budget is ${budget}: ${longest.join(', ')}`,
    {
      code: 'ROLLBACK_OVER_BUDGET',
      hint: [
        'give these steps a shorter undoTimeout, where their undo is quicker than that',
        'or raise rollback.budget to what you can bear',
      ],
      details: { worstRollbackMs, budgetMs: plan.rollback.budgetMs, parts },
    },
  );
}
