import type { PlannedCheck, PlannedStep } from './plan-types.ts';

/** Whether a step is the one of that id, or one of those that it became: `live` is `live/5` and `live/25`. */
export function isStep(step: PlannedStep, id: string): boolean {
  return step.id === id || step.id.startsWith(`${id}/`);
}

/** Index of the first step of that id; -1: there is none. */
export function firstOf(steps: readonly PlannedStep[], id: string): number {
  return steps.findIndex((step) => isStep(step, id));
}

/** Index of the last step of that id; -1: there is none. */
export function lastOf(steps: readonly PlannedStep[], id: string): number {
  return steps.findLastIndex((step) => isStep(step, id));
}

/** Whether a check is watched in the background during the step of that index. */
export function isWatched(check: PlannedCheck, steps: readonly PlannedStep[], at: number): boolean {
  if (check.from === 'never') return false;
  const from = check.from === null ? 0 : firstOf(steps, check.from);
  const until = check.until === null ? steps.length - 1 : lastOf(steps, check.until);
  return at >= from && at <= until;
}
