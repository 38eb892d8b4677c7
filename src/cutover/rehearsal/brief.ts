import type { CutoverPlan, PlannedCheck, PlannedStep } from '../plan-types.ts';

/** What waits on purpose waits no longer than this in a rehearsal. */
export const SHORT_MS = 1000;
/** As often as that a check is measured in it. */
const OFTEN_MS = 250;
/** The old side has not been touched: it is healthy by now, or not at all. */
const HEALTH_MS = 5000;

/** Where the kinds keep how long they wait. */
const WAITS: Readonly<Record<string, readonly string[]>> = {
  route: ['hold'],
  monitor: ['for'],
  wait: ['for'],
  compare: ['for'],
};

/**
 * A plan for a rehearsal: the same steps, under a lock of its own, without window, notifications and long
 * waits. What a failing check would do is only told, so that every step has its turn.
 */
export function brief(plan: CutoverPlan, lock: string): CutoverPlan {
  const { rollback } = plan;
  return {
    ...plan,
    lock,
    window: { notBefore: null, notAfter: null, timezone: null, jitterMs: 0 },
    baseline: plan.baseline && { durationMs: Math.min(plan.baseline.durationMs, SHORT_MS) },
    checks: plan.checks.map(briefCheck),
    steps: plan.steps.map(briefStep),
    freezes: [],
    // Ctrl-C takes away what was made, in place of playing on.
    rollback: {
      ...rollback,
      onInterrupt: false,
      healthTimeoutMs: Math.min(rollback.healthTimeoutMs, HEALTH_MS),
    },
    notify: [],
  };
}

function briefCheck(check: PlannedCheck): PlannedCheck {
  return {
    ...check,
    intervalMs: Math.min(check.intervalMs, OFTEN_MS),
    initialDelayMs: 0,
    dryRun: true,
    allowFailing: true,
  };
}

function briefStep(step: PlannedStep): PlannedStep {
  return {
    ...step,
    params: withShortWaits(step),
    retryDelayMs: Math.min(step.retryDelayMs, SHORT_MS),
    // The command that knows is not run; whether it is so already is not asked.
    check: null,
    undo: typeof step.undo === 'string' ? step.undo : step.undo.map(briefStep),
  };
}

function withShortWaits({ kind, params }: PlannedStep): unknown {
  const fields = WAITS[kind.name];
  if (!fields) return params;
  const short = { ...(params as Record<string, unknown>) };
  for (const field of fields) {
    const waits = short[field];
    if (typeof waits === 'number') short[field] = Math.min(waits, SHORT_MS);
  }
  return short;
}
