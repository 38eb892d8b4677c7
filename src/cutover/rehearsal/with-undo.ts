import type { PlannedStep } from '../plan-types.ts';

/** A step, and those that the plan names for its undo. */
export function withUndo(step: PlannedStep): PlannedStep[] {
  return typeof step.undo === 'string' ? [step] : [step, ...step.undo];
}
