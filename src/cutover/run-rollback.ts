import { giveBack, openReturns } from './give-back.ts';
import { errorText } from './redact.ts';
import { byHand } from './return-messages.ts';
import { planRollback, type RollbackPlan } from './rollback.ts';
import type { Session } from './session.ts';
import { fail, undoById, undoTurn, undoWay } from './undo-step.ts';
import { passOnce } from './watch-once.ts';

/** Under this name the journal tells of the health of the old side, and an operator vouches for it. */
export const HEALTH = 'rollback.health';

/**
 * Goes back: brings the old side up, shows that it is healthy, stops the new side, gives messages back. A
 * failing undo does not end it. Returns `rolledBack`, `rollbackFailed`, or `stopped` where the operator wants
 * it to end after the undo in hand.
 *
 * @param sinceMs when what went wrong was measured, or ordered, in ms since 1970
 */
export async function runRollback(
  session: Session,
  sinceMs: number,
  stop: AbortSignal,
): Promise<'rolledBack' | 'rollbackFailed' | 'stopped'> {
  const { host } = session.hands;
  const offset = host.now().getTime() - sinceMs - performance.now();
  const passed = (): number => Math.max(0, Math.round(performance.now() + offset));
  const plan = planOf(session);
  session.tell();
  await closeBrokenOff(session);
  const restored = await undoAll(session, plan.restore, stop);
  if (restored === 'stopped') return restored;
  const healthy = (restored || isUpDespite(session, plan)) && (await isHealthy(session));
  if (healthy && isMeasured(session)) session.healthyMs = passed();
  session.tell();
  const ill = 'the old side is not shown to be healthy: the new side goes on';
  if (!healthy) await leaveOpen(session, [...plan.lower, ...plan.giveBack], ill);
  else {
    const lowered = await undoAll(session, plan.lower, stop);
    if (lowered === 'stopped') return 'stopped';
    // What it has in hand would be done twice: it goes on with what it has.
    if (!lowered) await leaveOpen(session, plan.giveBack, 'the new side is not shown to be stopped');
    else if ((await giveBack(session, plan, stop)) === 'stopped') return 'stopped';
  }
  session.rollbackMs = passed();
  return (session.folded.rollback?.failures.length ?? 0) > 0 ? 'rollbackFailed' : 'rolledBack';
}

/**
 * What failed to be undone is told. Where the plan names a check for the health of the old side that check decides,
 * unless something of the old side itself could not be started.
 */
function isUpDespite({ hands, folded }: Session, { restore }: RollbackPlan): boolean {
  const failed = hands.plan.steps.filter(
    ({ id }) => restore.includes(id) && folded.steps.get(id)?.state !== 'undone',
  );
  return hands.plan.rollback.health.length > 0 && failed.every((step) => undoTurn(step).order !== 'raise');
}

/** What is to be undone, from the journal. */
export function planOf({ hands, folded }: Pick<Session, 'hands' | 'folded'>): RollbackPlan {
  const undoable = hands.plan.steps.flatMap((step) => {
    const known = folded.steps.get(step.id);
    // A step whose first look failed was never begun.
    const begun = known && (known.attempts > 0 || known.state !== 'failed');
    if (!begun || undoWay(step, folded.rehearsal) === 'none') return [];
    return [{ id: step.id, state: known.state, ...undoTurn(step) }];
  });
  return planRollback(undoable);
}

/** A wait or a question that was broken off is not running any more, and nobody need wonder how it ended. */
async function closeBrokenOff(session: Session): Promise<void> {
  const { hands, folded } = session;
  for (const { id, outline, pointOfNoReturn } of hands.plan.steps) {
    if (folded.steps.get(id)?.state !== 'running' || outline.undo !== 'nothing' || pointOfNoReturn) continue;
    await session.write({
      event: 'undone',
      step: id,
      result: { text: 'broken off; nothing is to be undone' },
      ms: 0,
    });
  }
}

async function undoAll(
  session: Session,
  ids: readonly string[],
  stop: AbortSignal,
): Promise<boolean | 'stopped'> {
  let all = true;
  for (const id of ids) {
    if (stop.aborted) return 'stopped';
    if (!(await undoById(session, id))) all = false;
  }
  return all;
}

/** Whether checks are to show that the old side is healthy. */
function isMeasured({ hands: { plan, options } }: Session): boolean {
  return plan.rollback.health.length > 0 && !options.assumeUndone?.includes(HEALTH);
}

async function isHealthy(session: Session): Promise<boolean> {
  const { health, healthTimeoutMs } = session.hands.plan.rollback;
  if (!isMeasured(session)) return true;
  session.waiting('health', `the old side is to be healthy: ${health.join(', ')}`);
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), healthTimeoutMs);
  try {
    const ill = await passOnce(session, health, over.signal).catch((error) => [
      { check: health.join(', '), why: errorText(error, session.redact) },
    ]);
    session.throwIfLost();
    const why = ill.map((one) => `check ${one.check}: ${one.why}`).join('; ');
    if (why) return await fail(session, HEALTH, `the old side is not healthy: ${why}`, 0);
    const result = { text: `the old side is healthy: ${health.join(', ')}` };
    await session.write({ event: 'undone', step: HEALTH, result, ms: 0 });
    return true;
  } finally {
    clearTimeout(timer);
    session.waiting('health', null);
  }
}

/** These, and the returns of the plan, are not done, and everybody is told. */
async function leaveOpen(session: Session, ids: readonly string[], because: string): Promise<void> {
  const why = `not done, since ${because}`;
  for (const id of ids) {
    const step = session.hands.plan.steps.find((one) => one.id === id)!;
    await fail(session, step, why, 0);
  }
  for (const [id, back] of openReturns(session)) await fail(session, id, why, 0, byHand(back));
}
