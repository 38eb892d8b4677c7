import { QctlError } from '../errors.ts';
import type { PlannedStep } from './plan-types.ts';
import type { Session } from './session.ts';
import type { StepWorld } from './step.ts';
import { timed } from './timed.ts';
import { worldOf } from './world.ts';

/** How a step stands in the world. */
export type Found = 'done' | 'undone' | 'unknown';

/** Looks whether a step is done; reads only. A command of the plan takes the place of the kind's own look. */
export function probe(session: Session, step: PlannedStep, signal: AbortSignal): Promise<Found> {
  const limits = {
    ...{ timeoutMs: step.timeoutMs, graceMs: session.graceMs, signal },
    what: `the check of step ${step.id}`,
  };
  return timed(limits, (own) => {
    const world = worldOf(session, step, own);
    if (step.check) return byCommand(step.check, step, world);
    return step.kind.check(step.params, world, session.folded.steps.get(step.id)?.memento ?? null);
  });
}

async function byCommand(argv: readonly string[], step: PlannedStep, world: StepWorld): Promise<Found> {
  const { ended, tail } = await world.command({ argv, timeoutMs: step.timeoutMs });
  if (ended === 'ok') return 'done';
  if (ended === 'failed') return 'undone';
  throw new QctlError('failed', `the check of step ${step.id} could not be run: ${ended} ${tail}`.trim(), {
    code: 'STEP_CHECK_FAILED',
    hint: [`the plan says: ${argv.join(' ')}`],
  });
}

/** What an operator has to say of a step that has failed, before its run goes on. */
export function answerFor(run: string): string {
  return `it may not be repeated: qctl cutover resume ${run} --assume done|undone`;
}

/** Nobody knows whether a step was done, and it may not be done twice. */
export function outcomeUnknown(run: string, step: PlannedStep): QctlError {
  return new QctlError('refused', `nobody knows whether step ${step.id} was done: ${step.outline.does}`, {
    code: 'OUTCOME_UNKNOWN',
    hint: [
      'look for yourself; it may not be done twice',
      `if it was: qctl cutover resume ${run} --assume done`,
      `if not: qctl cutover resume ${run} --assume undone`,
      `to go back: qctl rollback ${run}`,
    ],
    details: { run, step: step.id },
  });
}
