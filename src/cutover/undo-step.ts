import { isQctlError } from '../errors.ts';
import { pause } from '../model/patience.ts';
import { isFenced } from './fence.ts';
import type { PlannedStep } from './plan-types.ts';
import { probe } from './probe.ts';
import { errorText, redactResult } from './redact.ts';
import type { Session } from './session.ts';
import type { Json, StepResult, UndoOrder } from './step.ts';
import { timed } from './timed.ts';
import { worldOf } from './world.ts';

/** What undoes a step. `none`: nothing is to be done. `missing`: something is, and nothing is known that does it. */
export type UndoWay = 'none' | 'missing' | 'kind' | readonly PlannedStep[];

/** How the undo of a step is done, as plan and kind say. */
export function undoWay(step: PlannedStep, rehearsal: boolean): UndoWay {
  if (step.undo === 'none') return 'none';
  if (step.undo !== 'auto') return step.undo;
  // What only a rehearsal has done in its place touched nothing that `undo` knows of.
  if (step.outline.undo === 'nothing' || (rehearsal && step.kind.rehearse)) return 'none';
  return step.outline.undo === 'missing' || !step.kind.undo ? 'missing' : 'kind';
}

/** The turn of an undo. Where the plan has its own steps for it they take the turn of what they replace. */
export function undoTurn({ outline: { undo } }: PlannedStep): { order: UndoOrder; resource?: string } {
  return typeof undo === 'string' ? { order: 'plain' } : { order: undo.order, resource: undo.resource };
}

/** Undoes one step, and writes down how that went: a failure is told, with what to do by hand, and goes no further. */
export async function undoStep(session: Session, step: PlannedStep): Promise<boolean> {
  const way = undoWay(step, session.folded.rehearsal);
  if (way === 'none') return true;
  if (way === 'missing') return fail(session, step, 'nothing is known that would undo it', 0);
  return undoThing(session, step.id, step, async () => {
    if (way === 'kind') return undoByKind(session, step);
    return undoByPlan(session, step, way);
  });
}

/** Undoes one step of the plan. */
export function undoById(session: Session, id: string): Promise<boolean> {
  return undoStep(session, session.hands.plan.steps.find((one) => one.id === id)!);
}

/** Does something of the way back under the name of a step, or of something like one. */
export async function undoThing(
  session: Session,
  id: string,
  step: PlannedStep | undefined,
  act: () => Promise<StepResult>,
): Promise<boolean> {
  session.step = id;
  const began = performance.now();
  const ms = (): number => Math.round(performance.now() - began);
  try {
    const result = await act();
    await session.write({
      event: 'undone',
      step: id,
      result: redactResult(result, session.redact),
      ms: ms(),
    });
    return true;
  } catch (error) {
    session.throwIfLost();
    if (isFenced(error)) throw error;
    const hints = isQctlError(error) ? error.hint.map((hint) => session.redact(hint)) : [];
    hints.push(...elsewhere(session, id, error));
    return await fail(session, step ?? id, errorText(error, session.redact), ms(), hints);
  } finally {
    session.waiting(`step ${id}`, null);
    session.step = null;
  }
}

/** Backups lie where the step was begun. */
function elsewhere({ run, hands }: Session, id: string, error: unknown): string[] {
  const begun = hands.journal.lines.findLast((line) => line.event === 'intent' && line.step === id);
  const away = begun !== undefined && begun.host !== hands.host.operator.host;
  if (!away || !isQctlError(error) || error.code !== 'BACKUP_DAMAGED') return [];
  return [`the step was begun on ${begun.host}, where its backup lies: there, qctl rollback ${run}`];
}

/** Tells a failure, and what is to be done by hand. */
export async function fail(
  session: Session,
  what: PlannedStep | string,
  why: string,
  ms: number,
  hints: readonly string[] = [],
): Promise<false> {
  const step = typeof what === 'string' ? what : what.id;
  const byHand = [...(typeof what === 'string' ? [] : byHandOf(what)), ...hints];
  await session.write({ event: 'undoFailed', step, why, byHand, ms });
  return false;
}

function byHandOf(step: PlannedStep): string[] {
  const { undo, does } = step.outline;
  if (step.undo !== 'auto' && step.undo !== 'none') return step.undo.map(({ outline }) => outline.does);
  if (typeof undo !== 'string') return [undo.does];
  return [`undo by hand what step ${step.id} has done: ${does}`];
}

async function undoByKind(session: Session, step: PlannedStep): Promise<StepResult> {
  await session.write({ event: 'undo', step: step.id, part: 0 });
  const memento = session.folded.steps.get(step.id)?.memento ?? null;
  const { undoTimeoutMs: most } = step;
  return retried(session, step, { most, end: performance.now() + most }, (signal) =>
    undoOnce(session, step, memento, signal),
  );
}

function undoOnce(
  session: Session,
  step: PlannedStep,
  memento: Json,
  signal: AbortSignal,
): Promise<StepResult> {
  return step.kind.undo!(step.params, worldOf(session, step, signal), memento);
}

async function undoByPlan(
  session: Session,
  step: PlannedStep,
  parts: readonly PlannedStep[],
): Promise<StepResult> {
  const texts: string[] = [];
  const left: string[] = [];
  const end = performance.now() + step.undoTimeoutMs;
  for (const [part, own] of parts.entries()) {
    await session.write({ event: 'undo', step: step.id, part });
    const time = { most: own.timeoutMs, end };
    if ((await limited(session, own, time, (signal) => probe(session, own, signal))) === 'done') continue;
    const result = await retried(session, own, time, (signal) => applyPart(session, own, signal));
    texts.push(result.text);
    left.push(...(result.left ?? []));
  }
  return { text: texts.join('; ') || 'was undone already', ...(left.length > 0 && { left }) };
}

async function applyPart(session: Session, part: PlannedStep, signal: AbortSignal): Promise<StepResult> {
  const world = worldOf(session, part, signal);
  if (session.folded.rehearsal && part.kind.rehearse) return part.kind.rehearse(part.params, world);
  return part.kind.apply(part.params, world, await part.kind.capture(part.params, world));
}

/** The time of one try, and when the whole undo is to be over, by `performance.now()`: all tries of all its parts. */
interface UndoTime {
  most: number;
  end: number;
}

async function retried(
  session: Session,
  step: PlannedStep,
  time: UndoTime,
  act: (signal: AbortSignal) => Promise<StepResult>,
): Promise<StepResult> {
  for (let retry = 0; ; retry += 1) {
    await session.guard(NEVER);
    try {
      return await limited(session, step, time, act);
    } catch (error) {
      session.throwIfLost();
      const again = retry < step.retries && performance.now() + step.retryDelayMs < time.end;
      if (isFenced(error) || !again) throw error;
      await pause(step.retryDelayMs, NEVER);
    }
  }
}

function limited<T>(
  session: Session,
  step: PlannedStep,
  { most, end }: UndoTime,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeoutMs = Math.max(0, Math.min(most, Math.round(end - performance.now())));
  const limits = { timeoutMs, graceMs: session.graceMs, signal: NEVER };
  return timed({ ...limits, what: `undoing step ${step.id}` }, act);
}

/** An undo is not broken off but by its own time. */
const NEVER = new AbortController().signal;
