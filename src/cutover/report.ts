import type { CutoverReport } from './options.ts';
import type { CutoverStatus } from './run-types.ts';
import type { Session } from './session.ts';

/** How a run stands when its process is done with it. */
export function reportOf(session: Session): CutoverReport {
  const { status, notes, cause, hands } = session;
  const why = cause?.kind === 'interrupt' && status.why === null ? 'interrupted' : status.why;
  const from = reportFrom(status, hands.journal.path);
  return {
    ...from,
    left: [...from.left, ...stays(session)],
    why: why ?? status.waitingFor,
    notes,
    nothingDone: false,
  };
}

/** What a rollback leaves as the plan says, and nobody should take for undone. */
function stays({ folded, hands }: Session): string[] {
  if (folded.end?.state !== 'rolledBack' && folded.end?.state !== 'rollbackFailed') return [];
  return hands.plan.steps
    .filter(({ id, undo, outline }) => {
      const state = folded.steps.get(id)?.state;
      const done = state === 'applied' || state === 'unknown' || state === 'failed';
      return done && undo === 'none' && outline.undo !== 'nothing';
    })
    .map(({ id, outline }) => `${id} is not undone, as the plan says: ${outline.does}`);
}

/** How a run stood already. */
export function reportFrom(status: CutoverStatus, journal: string): CutoverReport {
  const { run, plan, state, why, startedAt, endedAt, steps, checks, rollback } = status;
  const ended = state === 'completed' || state === 'rolledBack' || state === 'rollbackFailed';
  return {
    ...{ run, plan, state, why, startedAt, endedAt, steps, checks, rollback, journal },
    ending: ended ? state : 'stopped',
    nothingDone: true,
    left: [
      ...steps.flatMap(({ left }) => left),
      ...(rollback?.failures.flatMap(({ byHand }) => byHand) ?? []),
    ].filter((text, at, all) => all.indexOf(text) === at),
    notes: [],
  };
}
