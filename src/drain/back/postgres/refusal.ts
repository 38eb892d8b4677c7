import type { Item } from '../destination.ts';
import type { RestorePlan } from './plan.ts';
import { notReadyText, type ReadyValues } from './ready-sql.ts';

/** Entries and why they stay. */
type Reasons = [entry: string, reason: string][];

/** Rows of a batch that no worker would take: nothing of it was written. */
export class NotReady extends Error {
  readonly left: Reasons;

  constructor(left: Reasons) {
    super(left[0]![1]);
    this.left = left;
  }
}

/** A row that stands in the table under the id of a message. */
export interface Found {
  ord: number;
  /** As settling left it. */
  done: boolean;
  ready: boolean;
  values: ReadyValues;
  differing: string[];
}

/** Whether each row is looked at. A library's queue is not: what is not ready there may be so by what others hold. */
export function judgesReady({ spec }: RestorePlan): boolean {
  return spec.format === 'generic' && spec.ready !== undefined;
}

/** Clocks differ, and a message that was due a moment ago need not be ready by the clock of the table. */
const CLOCKS_DIFFER_MS = 300_000;

/** False where nobody expects the row to be ready already, or by this clock it is too close to say. */
export function isDue({ message: { notBefore } }: Item): boolean {
  return notBefore === undefined || !(Date.parse(notBefore) > Date.now() - CLOCKS_DIFFER_MS);
}

/** Why the row that is there is not to be touched, and the message not to be taken for done either. */
export function refusal(plan: RestorePlan, item: Item, found: Found | undefined): string | undefined {
  if (!found) return 'another row of the table has one of its values in a unique column';
  if (found.differing.length > 0)
    return `the row of this id is there and differs in ${found.differing.join(', ')}; it was not overwritten`;
  if (found.done || found.ready || !marks(plan) || !isDue(item)) return undefined;
  return `the row of this id is there, neither as the drain left it nor ready: ${notReadyText(plan, found.values)}; it was not overwritten`;
}

/** Drained rows stay in such a table with a mark, so that one without it and not ready was changed by somebody since. */
function marks({ spec, ...plan }: RestorePlan): boolean {
  return 'set' in spec.done && spec.mode === 'move' && judgesReady({ spec, ...plan });
}
