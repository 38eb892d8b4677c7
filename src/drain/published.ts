import type { DrainState } from '../events.ts';
import type { Unevaluated } from '../sources/source.ts';
import type { BrakeReason } from './brakes/probe.ts';

/** What a process says of itself with every beat, so that any host can show it. Small: it is written twice a second. */
export interface Published {
  state: DrainState;
  /** Messages of this process since it started. */
  read: number;
  appended: number;
  ratePerSecond: number;
  /** What the source still holds, as far as this process knows; null where it does not. */
  remaining: number | null;
  /** Messages that it may read or has read, and has not finished. */
  inHand: number;
  /** Messages that stay in the source because the filter can say nothing of them; null: none. */
  unevaluated: Unevaluated | null;
  brakes: BrakeReason[];
  /** What it waits for, who and why. */
  waits: string[];
}

const MOST_WAITS = 5;
const MOST_CHARACTERS = 200;

/** Of many lanes all wait for the same: the first few tell. */
export function shortWaits(waits: string[]): string[] {
  return waits.slice(0, MOST_WAITS).map((wait) => wait.slice(0, MOST_CHARACTERS));
}
