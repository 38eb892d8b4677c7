import { isQctlError } from '../errors.ts';
import { pause } from '../model/patience.ts';
import { isFenced } from './fence.ts';
import { isBegun } from './fold.ts';
import type { Freezes } from './freezes.ts';
import type { PlannedStep } from './plan-types.ts';
import { type Found, outcomeUnknown, probe } from './probe.ts';
import { errorText, redactResult } from './redact.ts';
import type { Session } from './session.ts';
import type { Json, StepResult } from './step.ts';
import { timed } from './timed.ts';
import { worldOf } from './world.ts';

/** How a step came out. `left`: the run is to end, and whether it was done is to be looked at. */
export type Taken = { kind: 'done' } | { kind: 'left' } | { kind: 'failed'; error: unknown; why: string };

/** Not worth another try: somebody or something has decided. */
const DECIDED: readonly string[] = [
  'threshold',
  'declined',
  'paused',
  'refused',
  'usage',
  'config',
  'auth',
  'locked',
];

/**
 * Brings a step to its end: looks whether it is done, reads what its undo will need, writes that down, does it,
 * writes that down. One that was begun before is looked at, and repeated only where that does no harm. Throws
 * `refused` OUTCOME_UNKNOWN, and where nothing may be touched any more.
 */
export async function takeStep(session: Session, step: PlannedStep, freezes: Freezes): Promise<Taken> {
  session.step = step.id;
  try {
    // Without Redis nothing would be done anyway, and a look at the step may well need it.
    await session.guard(session.signal);
    const begun = isBegun(session, step);
    const memento = begun ? await takeUp(session, step) : await begin(session, step, freezes);
    if (memento === undefined) return { kind: 'done' };
    return await attempts(session, step, memento.value);
  } catch (error) {
    session.throwIfLost();
    if (session.cause) return { kind: 'left' };
    if (isQctlError(error) && error.code === 'OUTCOME_UNKNOWN') throw error;
    return await failed(session, step, error, 0);
  } finally {
    session.waiting(`step ${step.id}`, null);
    session.step = null;
  }
}

/** What stands in the journal for the undo; undefined: the step is done. */
type Memento = { value: Json } | undefined;

async function begin(session: Session, step: PlannedStep, freezes: Freezes): Promise<Memento> {
  freezes.begins(step);
  if ((await probe(session, step, session.signal)) === 'done') {
    await session.write({ event: 'already', step: step.id });
    return undefined;
  }
  const limits = { ...limitsOf(session, step), what: `reading what undoes step ${step.id}` };
  const value = await timed(limits, (signal) =>
    step.kind.capture(step.params, worldOf(session, step, signal)),
  );
  return { value: value ?? null };
}

/**
 * A step that was begun, by this process or one that is gone. One that has failed may be done all the same, or half
 * done: it is looked at as well, and what an operator says of it counts.
 */
async function takeUp(session: Session, step: PlannedStep): Promise<Memento> {
  const { assume } = session;
  const known = session.folded.steps.get(step.id)!;
  const found: Found = assume ?? (await probe(session, step, session.signal));
  if (found === 'done') {
    const text = assume ? 'taken to be done, as the operator says' : 'found to be done';
    await session.write({
      event: 'applied',
      step: step.id,
      result: { text },
      ms: 0,
      assumed: assume !== undefined,
    });
    return undefined;
  }
  if (found === 'unknown' && !step.repeatable) throw outcomeUnknown(session.run, step);
  return { value: known.memento };
}

async function attempts(session: Session, step: PlannedStep, memento: Json): Promise<Taken> {
  for (let retry = 0; ; retry += 1) {
    const taken = await attempt(session, step, memento);
    if (taken.kind !== 'failed') return taken;
    const decided = isQctlError(taken.error) && DECIDED.includes(taken.error.kind);
    if (retry >= step.retries || decided) return taken;
    session.waiting(`step ${step.id}`, `${taken.why}; tried again ${retry + 1} of ${step.retries} times`);
    await pause(step.retryDelayMs, session.signal);
    session.waiting(`step ${step.id}`, null);
    if (session.cause) return { kind: 'left' };
    const found = await probe(session, step, session.signal);
    if (found === 'done') {
      await session.write({ event: 'applied', step: step.id, result: { text: 'found to be done' }, ms: 0 });
      return { kind: 'done' };
    }
    if (found === 'unknown' && !step.repeatable) return taken;
  }
}

async function attempt(session: Session, step: PlannedStep, memento: Json): Promise<Taken> {
  const { repeatable } = step;
  const number = (session.folded.steps.get(step.id)?.attempts ?? 0) + 1;
  await session.write({ event: 'intent', step: step.id, memento, attempt: number, repeatable });
  await session.guard(session.signal);
  const began = performance.now();
  try {
    const result = await timed(limitsOf(session, step), (signal, clock) => {
      const world = worldOf(session, step, signal, clock);
      return doIt(session, step, world, memento);
    });
    const ms = Math.round(performance.now() - began);
    await session.write({
      event: 'applied',
      step: step.id,
      result: redactResult(result, session.redact),
      ms,
    });
    return { kind: 'done' };
  } catch (error) {
    session.throwIfLost();
    if (isFenced(error)) throw error;
    if (session.cause) return { kind: 'left' };
    return await failed(session, step, error, Math.round(performance.now() - began));
  }
}

function doIt(
  session: Session,
  { kind, params }: PlannedStep,
  world: ReturnType<typeof worldOf>,
  memento: Json,
): Promise<StepResult> {
  if (session.folded.rehearsal && kind.rehearse) return kind.rehearse(params, world);
  return kind.apply(params, world, memento);
}

function limitsOf(session: Session, step: PlannedStep) {
  const { signal, graceMs } = session;
  return { timeoutMs: step.timeoutMs, graceMs, signal, what: `step ${step.id}` };
}

async function failed(session: Session, step: PlannedStep, error: unknown, ms: number): Promise<Taken> {
  const why = errorText(error, session.redact);
  await session.write({ event: 'failed', step: step.id, why, tail: tailOf(error, session.redact), ms });
  return { kind: 'failed', error, why };
}

/** What a command printed last, where the error carries it. */
function tailOf(error: unknown, redact: (text: string) => string): string | null {
  const tail = isQctlError(error) ? error.details.tail : undefined;
  return typeof tail === 'string' ? redact(tail).slice(-2048) : null;
}
