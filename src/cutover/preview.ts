import { isQctlError, type QctlError } from '../errors.ts';
import type { Finding } from '../model/finding.ts';
import { arithmetic } from './arithmetic.ts';
import { openReturns } from './give-back.ts';
import type { BackDrain, CutoverHost } from './host.ts';
import { sameRun } from './known-run.ts';
import { draftOf } from './open-session.ts';
import type { CutoverOptions } from './options.ts';
import type { CutoverPlan, PlannedStep } from './plan-types.ts';
import { lookFirst, requireRedis } from './run-cutover.ts';
import { HEALTH, planOf } from './run-rollback.ts';
import type { CutoverStatus } from './run-types.ts';
import { undoes } from './status-of.ts';
import { requireOpen } from './vouch.ts';

/** The way back, before it is gone. Times in ms. */
export interface RollbackPreview {
  status: CutoverStatus;
  /** In the order in which they are undone. */
  undo: { step: string; does: string; timeoutMs: number }[];
  /** Steps that cannot be undone, and what they have done. */
  stays: { step: string; does: string }[];
  /** What is taken to be undone by hand, or healthy, as the operator says. */
  assumed: string[];
  worstMs: number;
  budgetMs: number | null;
}

/** What speaks against a plan at present: preflights of all steps, and its checks. Changes nothing. */
export async function previewCutover(
  plan: CutoverPlan,
  host: CutoverHost,
  options: CutoverOptions,
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const events = { finding: (finding: Finding) => findings.push(finding) };
  const away = await requireRedis(host).catch((error: unknown) => error);
  try {
    await lookFirst({ plan, host, options, events, signal }, `${plan.name}-preview`);
  } catch (error) {
    if (!isQctlError(error) || error.kind !== 'refused') throw error;
    // What was not told as a finding, as a window that is past.
    if (!findings.some(({ level }) => level === 'blocker')) findings.push(blockerOf(error));
  }
  // No run begins without it, whatever its steps want.
  if (isQctlError(away) && !findings.some(({ text }) => text === away.message))
    findings.push(blockerOf(away));
  return findings;
}

function blockerOf({ code, message, hint }: QctlError): Finding {
  return { level: 'blocker', code, text: message, remedy: hint[0] };
}

/** What a rollback would undo, in its order. Changes nothing. Throws as `rollbackCutover`. */
export async function previewRollback(
  run: string,
  plan: CutoverPlan,
  host: CutoverHost,
  options: CutoverOptions,
): Promise<RollbackPreview> {
  const signal = new AbortController().signal;
  const call = { plan, host, options, events: {}, signal };
  const { read } = await sameRun(call, run);
  const draft = draftOf(call, run, read);
  requireOpen(draft);
  const { assumeUndone = [] } = options;
  const { restore, lower, giveBack } = planOf(draft);
  const order = [...restore, ...lower, ...giveBack]
    .filter((id) => !assumeUndone.includes(id))
    .map((id) => plan.steps.find((step) => step.id === id)!);
  const undo = order.filter((step) => undoes(step) !== undefined);
  const open = openReturns(draft).filter(([id]) => !assumeUndone.includes(id));
  const undone = [...undo.map(undoOf), ...open.map(([step, back]) => returnOf(step, back, plan))];
  const measured = !assumeUndone.includes(HEALTH);
  const health = arithmetic(plan).parts.find(({ step }) => measured && step === 'rollback.healthTimeout');
  return {
    status: draft.status,
    undo: undone,
    stays: order
      .filter((step) => !undo.includes(step))
      .map(({ id, outline }) => ({ step: id, does: outline.does })),
    assumed: [...assumeUndone],
    worstMs: undone.reduce((sum, { timeoutMs }) => sum + timeoutMs, health?.ms ?? 0),
    budgetMs: plan.rollback.budgetMs,
  };
}

type Undone = RollbackPreview['undo'][number];

function undoOf(step: PlannedStep): Undone {
  return { step: step.id, does: undoes(step)!, timeoutMs: step.undoTimeoutMs };
}

function returnOf(step: string, { to, group, stream }: BackDrain, { rollback }: CutoverPlan): Undone {
  const does = `give back to ${to} what ${group} has not finished of ${stream}`;
  return { step, does, timeoutMs: rollback.returnTimeoutMs };
}
