import { findSimilar } from '../config/similar.ts';
import { QctlError } from '../errors.ts';
import { openReturns } from './give-back.ts';
import { HEALTH, planOf } from './run-rollback.ts';
import type { Session } from './session.ts';

type Known = Pick<Session, 'hands' | 'folded'>;

/** Writes down what an operator has undone by hand, before anything is undone: the way back leaves it out. */
export async function vouch(session: Session): Promise<void> {
  const { assumeUndone = [] } = session.hands.options;
  for (const id of openOf(session).filter((one) => assumeUndone.includes(one))) {
    const text =
      id === HEALTH ? 'taken to be healthy, as the operator says' : 'undone by hand, as the operator says';
    await session.write({ event: 'undone', step: id, result: { text }, ms: 0, assumed: true });
    if (id === HEALTH) session.note(`the old side is ${text}: ${HEALTH} was not measured`);
  }
}

/** Throws `usage` NO_SUCH_UNDO, `refused` NOTHING_TO_UNDO where the way back has nothing of that name before it. */
export function requireOpen(session: Known): void {
  const open = openOf(session);
  const wrong = session.hands.options.assumeUndone?.find((id) => !open.includes(id));
  if (wrong === undefined) return;
  const { run, steps } = session.folded;
  const there =
    open.length > 0 ? `what is to be undone: ${open.join(', ')}` : 'nothing is to be undone any more';
  if (steps.has(wrong) || session.hands.plan.steps.some(({ id }) => id === wrong)) {
    const undone = steps.get(wrong)?.state === 'undone';
    throw new QctlError(
      'refused',
      `${wrong} of ${run} ${undone ? 'is undone already' : 'is not to be undone'}`,
      {
        code: 'NOTHING_TO_UNDO',
        hint: [there],
      },
    );
  }
  const near = findSimilar(wrong, open);
  throw new QctlError('usage', `the way back of ${run} has no ${wrong}`, {
    code: 'NO_SUCH_UNDO',
    hint: [...(near ? [`did you mean ${near}?`] : []), there],
  });
}

/** Ids of all that the way back has before it. */
function openOf(session: Known): string[] {
  const { folded, hands } = session;
  if (folded.end?.state === 'rolledBack') return [];
  const { restore, lower, giveBack } = planOf(session);
  const health = hands.plan.rollback.health.length > 0 ? [HEALTH] : [];
  const returns = folded.steps.size > 0 ? openReturns(session).map(([id]) => id) : [];
  return [...restore, ...health, ...lower, ...giveBack, ...returns];
}
