import { brought } from './fold.ts';
import type { ReturnWorld } from './return-messages.ts';
import { type RollbackPlan, returnOf } from './rollback.ts';
import type { Session } from './session.ts';
import { timed } from './timed.ts';
import { undoById, undoThing, undoTurn } from './undo-step.ts';

const NEVER = new AbortController().signal;

/** The returns of the plan itself that are still to be done, each with the name it has in the journal. */
export function openReturns(session: Pick<Session, 'hands' | 'folded'>) {
  return session.hands.plan.rollback.returns
    .map((back, at) => [`rollback.returns/${at + 1}`, back] as const)
    .filter(([id]) => session.folded.steps.get(id)?.state !== 'undone');
}

/**
 * Gives messages back, each group of a stream once: what its second return would find is what the first has left, and
 * its consumers would be watched for nothing. `stopped`: the operator wants it to end after the undo in hand.
 */
export async function giveBack(
  session: Session,
  plan: RollbackPlan,
  stop: AbortSignal,
): Promise<boolean | 'stopped'> {
  const given = new Map<string, string>();
  let all = true;
  for (const id of plan.giveBack) {
    if (stop.aborted) return 'stopped';
    const name = returnNameOf(session, id);
    if (await isGiven(session, id, given.get(name))) continue;
    if (await undoById(session, id)) given.set(name, id);
    else all = false;
  }
  // Where no step was begun there is nothing on the new side.
  const { folded, hands } = session;
  if (!hands.plan.steps.some(({ id }) => (folded.steps.get(id)?.attempts ?? 0) > 0)) return all;
  const { returnMessages } = session.hands.options.parts;
  const { returnTimeoutMs: timeoutMs } = session.hands.plan.rollback;
  for (const [id, back] of openReturns(session)) {
    if (stop.aborted) return 'stopped';
    const whole = back.from === undefined && back.minIdleMs === undefined;
    if (whole && (await isGiven(session, id, given.get(returnOf(back))))) continue;
    const limits = { timeoutMs, graceMs: session.graceMs, signal: NEVER, what: id };
    await undoThing(session, id, undefined, async () => {
      await session.write({ event: 'undo', step: id, part: 0 });
      await session.guard(NEVER);
      return timed(limits, (signal) => returnMessages(back, worldOfReturn(session, id, signal)));
    });
  }
  return all;
}

function worldOfReturn(session: Session, id: string, signal: AbortSignal): ReturnWorld {
  return {
    host: session.hands.host,
    startedAt: session.folded.startedAt,
    brought: (stream) => brought(session.hands.journal.lines, stream),
    signal,
    guard: () => session.guard(signal),
    note: (text) => session.note(text),
    waiting: (reason) => session.waiting(`step ${id}`, reason),
  };
}

/** What the undo of a step gives back; a name of its own where the plan says by itself how it is undone. */
function returnNameOf({ hands }: Session, id: string): string {
  const step = hands.plan.steps.find((one) => one.id === id)!;
  return (step.undo === 'auto' && undoTurn(step).resource) || id;
}

/** Whether another has just given the same back. The consumers have stopped: looking again would only take time. */
async function isGiven(session: Session, id: string, by: string | undefined): Promise<boolean> {
  if (by === undefined) return false;
  await session.write({ event: 'undone', step: id, result: { text: `given back with ${by}` }, ms: 0 });
  return true;
}
