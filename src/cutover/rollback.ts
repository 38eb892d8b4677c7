import type { BackDrain } from './host.ts';
import type { StepState } from './run-types.ts';
import type { UndoOrder } from './step.ts';

/** A step as its way back is planned, in the order of the plan. */
export interface Undoable {
  id: string;
  state: StepState;
  order: UndoOrder;
  resource?: string;
}

/** The way back as data: ids of steps, in the order in which they are undone. */
export interface RollbackPlan {
  /** Brings the old side up again. */
  restore: string[];
  /** Stops the new side: once everything is restored, and the old side has been shown to be healthy. */
  lower: string[];
  /** Gives messages back: at the very end. */
  giveBack: string[];
}

const TO_UNDO: readonly StepState[] = ['applied', 'running', 'unknown', 'failed', 'undoing', 'undoFailed'];

/**
 * Plans the way back, as {@link UndoOrder} says. What was never begun, or was so already, is no part of it; what
 * is undone already keeps its place and is left out.
 */
export function planRollback(steps: readonly Undoable[]): RollbackPlan {
  const begun = steps.filter(({ state }) => state === 'undone' || TO_UNDO.includes(state));
  const raised = new Set(begun.flatMap(({ order, resource }) => (order === 'raise' && resource) || []));
  const isHeld = (step: Undoable): boolean =>
    step.order === 'lower' && !(step.resource !== undefined && raised.has(step.resource));
  const open = (some: Undoable[]): string[] =>
    some.filter(({ state }) => state !== 'undone').map(({ id }) => id);
  const backwards = [...begun].reverse();
  return {
    restore: open(filesFirst(backwards.filter((step) => step.order !== 'return' && !isHeld(step)))),
    lower: open(backwards.filter(isHeld)),
    giveBack: open(backwards.filter(({ order }) => order === 'return')),
  };
}

/** Names a return: of two with one name the second would find what the first has left, which is nothing. */
export function returnOf({
  stream,
  group,
  to,
  partitions,
}: Partial<BackDrain> & Pick<BackDrain, 'group' | 'to'>): string {
  return `return:${JSON.stringify([stream ?? null, group, to, partitions ?? null])}`;
}

/** In each unbroken run of files and refreshes: the files as they come, backwards, then the refreshes, forwards. */
function filesFirst(backwards: Undoable[]): Undoable[] {
  const ordered: Undoable[] = [];
  let refreshes: Undoable[] = [];
  const flush = (): void => {
    ordered.push(...refreshes.reverse());
    refreshes = [];
  };
  for (const step of backwards) {
    if (step.order === 'refresh') refreshes.push(step);
    else {
      if (step.order !== 'file') flush();
      ordered.push(step);
    }
  }
  flush();
  return ordered;
}
