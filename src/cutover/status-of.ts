import type { CheckSummary } from '../checks/index.ts';
import type { FoldedRun, FoldedStep } from './fold.ts';
import type { CutoverPlan, PlannedStep } from './plan-types.ts';
import type { CutoverStatus, RollbackStatus, RunState, StepStatus } from './run-types.ts';

/** What only the process at work knows of a run. */
export interface LiveRun {
  host: string;
  pid: number;
  /** Id of the step in hand. */
  step: string | null;
  waitingFor: string | null;
  waitingSince: string | null;
  /** Who has ordered a pause, and why. */
  pauseOrdered: string | null;
  /** RFC 3339; when the first step begins. */
  notBefore: string | null;
  checks: CheckSummary[];
  healthyMs: number | null;
  rollbackMs: number | null;
  goingBack: boolean;
  nowMs: number;
}

/** One look at a run, from its journal and the process at work. */
export function statusOf(plan: CutoverPlan, folded: FoldedRun, live: LiveRun): CutoverStatus {
  const steps = plan.steps.map((step) => stepStatus(step, folded.steps.get(step.id)));
  const ahead = folded.rollback ? [] : plan.steps.filter((_, at) => steps[at]!.state === 'pending');
  const next = ahead.find(({ id }) => id !== live.step);
  const at = plan.steps.findIndex(({ id }) => id === live.step);
  return {
    run: folded.run,
    plan: folded.plan,
    hash: folded.hash,
    state: stateOf(folded, live),
    rehearsal: folded.rehearsal,
    startedAt: folded.startedAt,
    endedAt: folded.end?.at ?? null,
    by: folded.by,
    host: live.host,
    pid: live.pid,
    alive: true,
    step: live.step,
    stepIndex: at,
    stepCount: plan.steps.length,
    waitingFor: live.waitingFor ?? folded.paused?.why ?? null,
    waitingSince: live.waitingSince,
    pauseOrdered: folded.end || folded.rollback || folded.paused ? null : live.pauseOrdered,
    next: next && !folded.end ? { step: next.id, does: next.outline.does } : null,
    nextAt: next && !folded.end ? nextAt(plan, folded, live) : null,
    earliestEnd: folded.end || folded.rollback ? null : earliestEnd(plan, ahead, folded, live),
    why: folded.end?.why ?? folded.rollback?.why ?? null,
    pastNoReturn: isPastNoReturn(plan, folded),
    steps,
    checks: live.checks,
    rollback: rollbackStatus(plan, folded, live),
  };
}

/** True once a step without way back was begun: it may have been done. */
export function isPastNoReturn(plan: CutoverPlan, folded: FoldedRun): boolean {
  return plan.steps.some(({ id, pointOfNoReturn }) => {
    const state = folded.steps.get(id)?.state ?? 'pending';
    return pointOfNoReturn && state !== 'pending' && state !== 'already' && state !== 'undone';
  });
}

function stateOf(folded: FoldedRun, live: LiveRun): RunState {
  if (folded.end) return folded.end.state;
  if (live.goingBack || folded.rollback) return 'rollingBack';
  if (folded.paused) return 'paused';
  return live.waitingFor === null ? 'running' : 'waiting';
}

function stepStatus(step: PlannedStep, folded: FoldedStep | undefined): StepStatus {
  const { id, stage, kind, outline } = step;
  const { state = 'pending', startedAt = null, ms = null, text = null, left = [] } = folded ?? {};
  const does = state === 'undoing' ? (undoes(step) ?? outline.does) : outline.does;
  return { id, stage, kind: kind.name, does, state, startedAt, ms, text, left };
}

/** What takes a step back, as a clause; undefined: nothing does. */
export function undoes({ undo, outline }: PlannedStep): string | undefined {
  if (typeof undo !== 'string') return undo.map((step) => step.outline.does).join(', then ');
  return typeof outline.undo === 'string' ? undefined : outline.undo.does;
}

/** How much longer the step in hand takes at the least. */
function leftMs(plan: CutoverPlan, folded: FoldedRun, live: LiveRun): number {
  const step = plan.steps.find(({ id }) => id === live.step);
  const began = step && folded.steps.get(step.id)?.startedAt;
  return step && began ? Math.max(0, Date.parse(began) + step.outline.earliestMs - live.nowMs) : 0;
}

function nextAt(plan: CutoverPlan, folded: FoldedRun, live: LiveRun): string | null {
  if (live.notBefore) return live.notBefore;
  const step = plan.steps.find(({ id }) => id === live.step);
  if (!step || step.outline.earliestMs === 0 || folded.paused) return null;
  return new Date(live.nowMs + leftMs(plan, folded, live)).toISOString();
}

function earliestEnd(plan: CutoverPlan, ahead: PlannedStep[], folded: FoldedRun, live: LiveRun): string {
  const from = live.notBefore ? Math.max(live.nowMs, Date.parse(live.notBefore)) : live.nowMs;
  const rest = ahead.reduce((sum, { outline }) => sum + outline.earliestMs, 0);
  return new Date(from + leftMs(plan, folded, live) + rest).toISOString();
}

function rollbackStatus(plan: CutoverPlan, folded: FoldedRun, live: LiveRun): RollbackStatus | null {
  if (!folded.rollback) return null;
  const { by, why, startedAt, failures } = folded.rollback;
  const undone = plan.steps.filter(({ id }) => folded.steps.get(id)?.state === 'undone').length;
  const { healthyMs, rollbackMs: ms } = live;
  return { by, why, startedAt, healthyMs, ms, budgetMs: plan.rollback.budgetMs, undone, failures };
}
