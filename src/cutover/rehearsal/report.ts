import type { CheckSummary } from '../../checks/index.ts';
import { arithmetic } from '../arithmetic.ts';
import type { CutoverReport } from '../options.ts';
import type { CutoverPlan, PlannedStep } from '../plan-types.ts';

/** What a rehearsal has shown. Times in ms. */
export interface RehearsalReport {
  plan: string;
  /** Each step, how long it took, and how long its undo. Null: it was not reached, or not undone. */
  steps: { id: string; does: string; ms: number | null; undoMs: number | null; text: string | null }[];
  /** Ids of steps that found things as they would make them: neither they nor their undos were rehearsed. */
  already: string[];
  forwardMs: number;
  rollbackMs: number | null;
  /** By the timeouts of the plan. */
  worstRollbackMs: number;
  budgetMs: number | null;
  /** Steps that change something which nothing would undo. `wanted`: the plan says so itself. */
  missingUndos: { step: string; does: string; wanted: boolean }[];
  /** Checks of which no measurement gave a value. `allowed`: by name, where the new side is not there yet. */
  withoutData: { check: string; why: string | null; allowed: boolean }[];
  /** Checks that fail as things are, and why: told, and no reason not to pass, since the new side is not up. */
  failing: { check: string; why: string }[];
  /** Commands that were only noted, because nothing stands in for them. */
  noted: readonly string[];
  /** What went wrong. */
  problems: string[];
  passed: boolean;
}

/** What was seen in a rehearsal. */
export interface Rehearsed {
  forward: CutoverReport;
  back: CutoverReport;
  /** Several may be of one check. */
  checks: readonly CheckSummary[];
  noted: readonly string[];
}

/** Puts it together from a run and its way back. */
export function rehearsalReport(
  plan: CutoverPlan,
  { forward, back, checks, noted }: Rehearsed,
): RehearsalReport {
  const missingUndos = plan.steps.filter(lacksUndo).map(({ id, outline, undo, pointOfNoReturn }) => ({
    step: id,
    does: outline.does,
    wanted: undo === 'none' || pointOfNoReturn,
  }));
  const withoutData = plan.checks.flatMap(({ name, allowFailing }) => {
    const own = checks.filter(({ check }) => check === name);
    if (own.some(hasData)) return [];
    return [{ check: name, why: own.at(-1)?.last.at(-1)?.why ?? null, allowed: allowFailing }];
  });
  const failing = plan.checks.flatMap(({ name: check }) => {
    const last = checks.findLast((one) => one.check === check && hasData(one))?.last.at(-1);
    return last?.outcome === 'fail' ? [{ check, why: last.why }] : [];
  });
  const problems = problemsOf(forward, back, new Set(missingUndos.map(({ step }) => step)));
  const unwanted = missingUndos.filter(({ wanted }) => !wanted).length;
  const unknown = withoutData.filter(({ allowed }) => !allowed).length;
  return {
    plan: plan.name,
    steps: forward.steps.map(({ id, does, ms, text }) => {
      const undone = back.steps.find((step) => step.id === id);
      return { id, does, ms, text, undoMs: undone?.state === 'undone' ? undone.ms : null };
    }),
    already: forward.steps.flatMap(({ id, state }) => (state === 'already' ? [id] : [])),
    forwardMs: forward.steps.reduce((sum, { ms }) => sum + (ms ?? 0), 0),
    rollbackMs: back.rollback?.ms ?? null,
    worstRollbackMs: arithmetic(plan).worstRollbackMs,
    budgetMs: plan.rollback.budgetMs,
    missingUndos,
    withoutData,
    failing,
    noted,
    problems,
    passed: problems.length + unwanted + unknown === 0,
  };
}

function lacksUndo({ outline, undo }: PlannedStep): boolean {
  return outline.undo === 'missing' && typeof undo === 'string';
}

/** Whether one measurement at least gave a value. */
export function hasData({ passed, failed, last }: CheckSummary): boolean {
  return passed + failed > 0 || last.some(({ value }) => value !== null);
}

function problemsOf(forward: CutoverReport, back: CutoverReport, known: ReadonlySet<string>): string[] {
  const stopped = forward.ending === 'completed' ? [] : [forward.why ?? `it ended ${forward.ending}`];
  const failed = (back.rollback?.failures ?? [])
    .filter(({ step }) => !known.has(step))
    .map(({ step, why }) => `undo of ${step}: ${why}`);
  return [...stopped, ...failed];
}
