import { QctlError } from '../errors.ts';
import { pause } from '../model/patience.ts';
import { notify, untilTold } from './notify.ts';
import type { CutoverReport } from './options.ts';
import { baseline, preflight } from './preflight.ts';
import { reportOf } from './report.ts';
import { runForward } from './run-forward.ts';
import { runRollback } from './run-rollback.ts';
import type { Session } from './session.ts';
import { vouch } from './vouch.ts';
import { openingOf } from './window.ts';

/** What a process is to do with a run. */
export type Way =
  | { kind: 'forward' }
  /** A new order to go back, or (without one) more of what was begun. */
  | { kind: 'back'; order?: { by: string; why: string; since: string } }
  /** It is over, and only not everybody knows. */
  | { kind: 'tidy' };

/** Runs what a session has in hand to its end, and lets go of it. */
export async function conduct(session: Session, way: Way, signal: AbortSignal): Promise<CutoverReport> {
  const interrupted = (): void => session.stop({ kind: 'interrupt' });
  signal.addEventListener('abort', interrupted);
  if (signal.aborted) interrupted();
  session.start();
  try {
    if (way.kind === 'forward') await forward(session, signal);
    if (way.kind === 'back') await back(session, way.order, signal);
    session.throwIfLost();
  } finally {
    signal.removeEventListener('abort', interrupted);
    await untilTold(session);
    await session.close();
  }
  return reportOf(session);
}

async function forward(session: Session, signal: AbortSignal): Promise<void> {
  if (isUntouched(session) && !session.cause && !(await admitted(session))) return stopped(session);
  if (!session.cause) await runForward(session);
  session.throwIfLost();
  const { cause } = session;
  if (!cause) return complete(session);
  if (cause.kind === 'rollback') return back(session, cause, signal);
  if (cause.kind !== 'interrupt' || !session.hands.plan.rollback.onInterrupt) return stopped(session);
  const { by } = session.hands.host.operator;
  const order = { by, why: 'interrupted', since: session.hands.host.now().toISOString() };
  return back(session, order, new AbortController().signal);
}

function isUntouched({ folded }: Session): boolean {
  return folded.steps.size === 0;
}

/** Waits for the window, and looks once more. False: it was stopped meanwhile. */
async function admitted(session: Session): Promise<boolean> {
  try {
    const waited = await awaitWindow(session);
    if (waited) await preflight(session, session.signal);
    await baseline(session, session.signal);
    void notify(session, 'started');
    return true;
  } catch (error) {
    session.throwIfLost();
    if (session.cause) return session.cause.kind === 'rollback';
    // It stays on record that it was tried, and that nothing was touched.
    if (error instanceof QctlError && error.kind === 'refused')
      await session.write({ event: 'end', state: 'rolledBack', why: `not begun: ${error.message}` });
    throw error;
  }
}

async function awaitWindow(session: Session): Promise<boolean> {
  const { plan, host, options } = session.hands;
  const now = host.now().getTime();
  const opening = openingOf(plan.window, now, options.random?.() ?? Math.random());
  if (opening.kind === 'past') throw pastWindow(opening.notAfter);
  if (opening.atMs <= now) return false;
  session.notBefore = new Date(opening.atMs).toISOString();
  session.waiting('window', `the window opens at ${session.notBefore}`);
  while (!session.signal.aborted && host.now().getTime() < opening.atMs)
    await pause(Math.min(opening.atMs - host.now().getTime(), 60_000), session.signal);
  session.notBefore = null;
  session.waiting('window', null);
  session.signal.throwIfAborted();
  return true;
}

/** It is too late for the plan. */
export function pastWindow(notAfter: string): QctlError {
  return new QctlError('refused', `the plan must not begin after ${notAfter}`, {
    code: 'WINDOW_PAST',
    hint: ['start it earlier, or change the window of the plan'],
  });
}

async function complete(session: Session): Promise<void> {
  // While Redis is waited for an abort still counts; Ctrl-C leaves the run one line before its end.
  try {
    await session.guard(session.signal);
  } catch (error) {
    session.throwIfLost();
    const { cause } = session;
    if (cause?.kind === 'rollback') return back(session, cause, new AbortController().signal);
    if (cause) return stopped(session);
    throw error;
  }
  await session.write({ event: 'end', state: 'completed', why: null });
  await notify(session, 'completed');
}

async function stopped(session: Session): Promise<void> {
  session.throwIfLost();
  const { cause } = session;
  if (cause?.kind === 'rollback') return back(session, cause, new AbortController().signal);
  await session.write({
    event: 'note',
    text: cause?.kind === 'held' ? 'left while it was held' : 'interrupted',
  });
}

async function back(
  session: Session,
  order: { by: string; why: string; since: string } | undefined,
  stop: AbortSignal,
): Promise<void> {
  session.goingBack = true;
  session.hands.journal.lenient = true;
  await session.guard(new AbortController().signal);
  if (order) await session.write({ event: 'rollback', by: order.by, why: session.redact(order.why) });
  await vouch(session);
  const told = notify(session, 'rollingBack');
  const since = Date.parse(order?.since ?? session.folded.rollback?.startedAt ?? '') || Date.now();
  const ending = await runRollback(session, since, stop);
  if (ending === 'stopped') await session.write({ event: 'note', text: 'interrupted on the way back' });
  else await session.write({ event: 'end', state: ending, why: session.folded.rollback?.why ?? null });
  await told;
  if (ending !== 'stopped') await notify(session, ending === 'rolledBack' ? 'rolledBack' : 'failed');
}
