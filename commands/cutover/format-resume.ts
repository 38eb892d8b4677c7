import type { CutoverPlan, ResumePlan } from '../../src/cutover/index.ts';
import type { Output } from '../term/io.ts';
import { type CellValue, formatFields } from '../term/table.ts';

const FOUND = {
  done: 'is found to be done',
  undone: 'is done anew',
  unknown: 'is done again, which does no harm',
};
const WAY = { forward: 'goes on', back: 'goes on with its way back', nothing: 'nothing: it is over' };

/** What taking a run up would do, in its order. */
export function formatResume(
  output: Output,
  { way, inFlight, steps }: ResumePlan,
  plan: CutoverPlan,
): string {
  const doing = (id: string): string => {
    const outline = plan.steps.find((step) => step.id === id)?.outline;
    if (way === 'forward' || !outline) return outline?.does ?? id;
    return typeof outline.undo === 'string' ? `undo: ${outline.does}` : outline.undo.does;
  };
  const rows: (readonly [string, CellValue])[] = [
    ['would', WAY[way]],
    ...(inFlight ? [['in hand', `${inFlight.step} ${FOUND[inFlight.found]}`] as const] : []),
    ...steps.map((id, at) => [at === 0 ? 'then' : '', `${id}: ${doing(id)}`] as const),
  ];
  return formatFields(output, rows);
}
