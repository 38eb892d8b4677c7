import { conduct, type Way } from './conduct.ts';
import { forgetPause } from './control.ts';
import { type FoldedRun, isBegun } from './fold.ts';
import type { CutoverHost } from './host.ts';
import { sameRun } from './known-run.ts';
import { type Call, draftOf, lockFor, resumedSession } from './open-session.ts';
import type { CutoverEvents, CutoverOptions, CutoverReport } from './options.ts';
import type { CutoverPlan } from './plan-types.ts';
import { type Found, outcomeUnknown, probe } from './probe.ts';
import { reportFrom } from './report.ts';
import { planOf } from './run-rollback.ts';
import { findRun, isOver } from './store.ts';

/** What resuming a run would do. */
export interface ResumePlan {
  run: string;
  /** `nothing`: it is over. */
  way: 'forward' | 'back' | 'nothing';
  /** The step that was begun, in flight or failed, and how it was found; null: none was. */
  inFlight: { step: string; found: Found } | null;
  /** Ids of the steps that would be done, or undone, in this order. */
  steps: string[];
}

/**
 * Takes a run up again after its process has ended, however that was: on its way forward or on its way back.
 * The step that was begun is looked at first. Throws as `startCutover`, `usage` RUN_NOT_FOUND, `refused`
 * PLAN_CHANGED, OTHER_REDIS.
 */
export async function resumeCutover(
  run: string,
  plan: CutoverPlan,
  host: CutoverHost,
  options: CutoverOptions,
  events: CutoverEvents,
  signal: AbortSignal,
): Promise<CutoverReport> {
  const call: Call = { plan, host, options, events, signal };
  const { read, folded } = await sameRun(call, run);
  const record = await findRun(host, run);
  if (folded.end && record && isOver(record.status.state)) return reportFrom(record.status, read.path);
  const lock = await lockFor(call, run, folded.fence, false);
  await forgetPause(host, run);
  const session = await resumedSession(call, run, lock);
  const way = wayOf(session.folded);
  if (way.kind !== 'tidy') await session.write({ event: 'resume' });
  if (way.kind === 'forward' && session.folded.paused)
    await session.write({ event: 'resumed', by: host.operator.by });
  return conduct(session, way, signal);
}

function wayOf(folded: FoldedRun): Way {
  if (folded.end) return { kind: 'tidy' };
  return folded.rollback ? { kind: 'back' } : { kind: 'forward' };
}

/** Finds out what {@link resumeCutover} would do. Reads only: no line, no lock, no file. Throws as that does. */
export async function planResume(
  run: string,
  plan: CutoverPlan,
  host: CutoverHost,
  options: CutoverOptions,
): Promise<ResumePlan> {
  const signal = new AbortController().signal;
  const call: Call = { plan, host, options, events: {}, signal };
  const { read, folded } = await sameRun(call, run);
  const draft = draftOf(call, run, read);
  if (folded.end) return { run, way: 'nothing', inFlight: null, steps: [] };
  if (folded.rollback) {
    const { restore, lower, giveBack } = planOf(draft);
    return { run, way: 'back', inFlight: null, steps: [...restore, ...lower, ...giveBack] };
  }
  const stateOf = (id: string) => folded.steps.get(id)?.state ?? 'pending';
  const open = plan.steps.filter(({ id }) => !['applied', 'already'].includes(stateOf(id)));
  const step = open.find((one) => isBegun(draft, one));
  const found = step && (options.assume ?? (await probe(draft, step, signal)));
  if (step && found === 'unknown' && !step.repeatable) throw outcomeUnknown(run, step);
  const steps = open.filter((one) => one !== step || found !== 'done').map(({ id }) => id);
  return { run, way: 'forward', inFlight: step ? { step: step.id, found: found! } : null, steps };
}
