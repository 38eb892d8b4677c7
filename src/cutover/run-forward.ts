import { isQctlError, QctlError } from '../errors.ts';
import { type Taken, takeStep } from './apply-step.ts';
import { isBegun } from './fold.ts';
import { Freezes } from './freezes.ts';
import { hold, holdAfterLoss, holdIfAsked } from './heed.ts';
import type { PlannedStep } from './plan-types.ts';
import { answerFor } from './probe.ts';
import type { Session } from './session.ts';
import { goBack, Watching } from './watching.ts';

/**
 * Takes the steps of a plan that are not done yet, one after the other, with the checks watched beside them.
 * Returns when all are done, or `session.cause` says why not. Throws where nobody knows whether a step was done.
 */
export async function runForward(session: Session): Promise<void> {
  const watching = new Watching(session);
  const freezes = new Freezes(session);
  try {
    for (const [at, step] of session.hands.plan.steps.entries()) {
      if (isDone(session, step)) continue;
      freezes.look();
      await holdAgain(session);
      if (!session.cause) await holdAfterLoss(session);
      if (session.cause) return;
      await watching.during(at);
      if (session.cause) return;
      await untilDone(session, step, freezes);
      if (session.cause) return;
    }
    await watching.over();
    await holdIfAsked(session);
    if (!session.cause) await holdAfterLoss(session);
  } finally {
    freezes.stop();
    await watching.stop();
  }
}

function isDone({ folded }: Session, { id }: PlannedStep): boolean {
  const state = folded.steps.get(id)?.state;
  return state === 'applied' || state === 'already';
}

/** A run that was held when its process ended is held still, until it is resumed: which has just been done. */
async function holdAgain(session: Session): Promise<void> {
  await holdIfAsked(session);
  const { paused } = session.folded;
  if (paused) await hold(session, paused.by, paused.why);
}

async function untilDone(session: Session, step: PlannedStep, freezes: Freezes): Promise<void> {
  for (let again = false; ; again = true) {
    if (session.hands.options.confirmEach && !(await confirmed(session, step))) return;
    const taken = await (again ? takeAgain : takeStep)(session, step, freezes);
    freezes.look();
    if (taken.kind === 'done' || session.cause) return;
    if (taken.kind === 'failed') await afterFailure(session, step, taken);
    if (session.cause) return;
  }
}

/**
 * Takes a step that has failed, once its pause was lifted. Where that was done without the word that it needs the run
 * is held again, until it is said: the process stays.
 */
async function takeAgain(session: Session, step: PlannedStep, freezes: Freezes): Promise<Taken> {
  for (;;) {
    try {
      return await takeStep(session, step, freezes);
    } catch (error) {
      if (session.cause || !isQctlError(error) || error.code !== 'OUTCOME_UNKNOWN') throw error;
      await hold(session, `step ${step.id}`, `${error.message}; ${answerFor(session.run)}`);
      if (session.cause) return { kind: 'left' };
    }
  }
}

/** Holds the run, which then tries the step again, or sends it back. */
async function afterFailure(
  session: Session,
  step: PlannedStep,
  taken: Taken & { kind: 'failed' },
): Promise<void> {
  const by = `step ${step.id}`;
  const why = `step ${step.id} failed: ${taken.why}`;
  const { reaction, since } = checkOf(taken.error);
  const isHeld = step.onFailure === 'pause' || isUnanswered(step, taken.error);
  const asked = step.repeatable || !isBegun(session, step) ? '' : `; ${answerFor(session.run)}`;
  if (reaction === null && isHeld) return hold(session, by, why + asked);
  return goBack(session, by, session.pastNoReturn ? why + asked : why, since);
}

/** Somebody said no, or nobody said anything: nothing has gone wrong, and nothing goes back by itself. */
function isUnanswered({ outline }: PlannedStep, error: unknown): boolean {
  if (!isQctlError(error)) return false;
  const { kind, code } = error;
  return kind === 'declined' || kind === 'paused' || (outline.asks !== null && code === 'TIMED_OUT');
}

/** A check that failed inside a step says by itself what follows. */
function checkOf(error: unknown): { reaction: string | null; since: string | undefined } {
  const details = isQctlError(error) && error.code === 'CHECK_FAILED' ? error.details : {};
  const { reaction, since } = details as { reaction?: string | null; since?: string | null };
  return { reaction: reaction ?? null, since: since ?? undefined };
}

async function confirmed(session: Session, step: PlannedStep): Promise<boolean> {
  const { ask } = session.hands.host;
  if (!ask)
    throw new QctlError('usage', 'there is no terminal to ask on', {
      code: 'NO_TERMINAL',
      hint: ['leave out --confirm-each, or run it in a terminal'],
    });
  session.waiting('confirm', `asked on the terminal: ${step.outline.does}?`);
  const yes = await ask(`${step.id}: ${step.outline.does}?`, session.signal).catch(() => false);
  if (!yes && !session.cause) session.stop({ kind: 'held' });
  session.waiting('confirm', null);
  return yes;
}
