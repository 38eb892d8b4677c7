import { QctlError } from '../errors.ts';
import { isBegun } from './apply-step.ts';
import { conduct, type Way } from './conduct.ts';
import { forgetPause } from './control.ts';
import { type FoldedRun, foldJournal } from './fold.ts';
import type { CutoverHost } from './host.ts';
import { isAway } from './journal.ts';
import { type ReadJournal, readJournal } from './open-journal.ts';
import { type Call, draftOf, lockFor, resumedSession } from './open-session.ts';
import type { CutoverEvents, CutoverOptions, CutoverReport } from './options.ts';
import type { CutoverPlan } from './plan-types.ts';
import { type Found, outcomeUnknown, probe } from './probe.ts';
import { reportFrom } from './report.ts';
import { planOf } from './run-rollback.ts';
import { findRun, isOver, missing } from './store.ts';

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
 * PLAN_CHANGED.
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
  const { read, folded } = await knownRun(call, run);
  requireSamePlan(call, folded);
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
  const { read, folded } = await knownRun(call, run);
  requireSamePlan(call, folded);
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

/** A run as its journal tells it. Throws `usage` RUN_NOT_FOUND. */
export async function knownRun(
  { host, options }: Pick<Call, 'host' | 'options'>,
  run: string,
): Promise<{ read: ReadJournal; folded: FoldedRun; offline: boolean }> {
  const { stateFolder, withoutRedis } = options;
  try {
    const read = (await readJournal(host, stateFolder, run)) ?? (await missing(host, run));
    return { read, folded: foldJournal(read.lines), offline: false };
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    const read = withoutRedis && (await readJournal(host, stateFolder, run, { withoutRedis: true }));
    if (read) return { read, folded: foldJournal(read.lines), offline: true };
    throw unreachable(run, error, withoutRedis ?? false);
  }
}

function isUnreachable(error: unknown): boolean {
  return isAway(error) || (error instanceof QctlError && error.kind === 'target');
}

function unreachable(run: string, error: unknown, tried: boolean): QctlError {
  return new QctlError('target', `run ${run} cannot be looked at: ${(error as Error).message}`, {
    code: 'REDIS_AWAY',
    hint: tried
      ? ['this host has no journal of it: go to the host where it was run']
      : [`to go back all the same, on the host where it was run: qctl rollback ${run} --without-redis`],
    cause: error,
  });
}

/** Throws `refused` where the plan is not the one that was begun. */
export function requireSamePlan({ plan, options }: Call, folded: FoldedRun): void {
  if (plan.hash !== folded.hash && !options.acceptPlanChange)
    throw new QctlError('refused', `the plan is not the one that ${folded.run} was begun with`, {
      code: 'PLAN_CHANGED',
      hint: [
        'take the plan as it was (it stands in the journal)',
        'or go on with this one: --accept-plan-change',
      ],
      details: { was: folded.hash, is: plan.hash },
    });
  const known = new Set(plan.steps.map(({ id }) => id));
  const lost = [...folded.steps.keys()].find((id) => !known.has(id) && !id.startsWith('rollback.'));
  if (lost !== undefined)
    throw new QctlError('refused', `the plan has no step ${lost} any more, which ${folded.run} has begun`, {
      code: 'PLAN_LACKS_STEP',
      hint: ['a step that was begun can only be undone by its plan: put it back'],
    });
}
