import type { DrainState, HeldBy } from '../events.ts';
import type { MemberInfo } from './host.ts';

/** What the processes of a run say of themselves, taken together. */
export interface LiveStatus {
  /** Null where nobody is at work, or nobody has said how it fares yet. */
  state: DrainState | null;
  /** Whether each of them has acted upon a pause, or is about to end. */
  atRest: boolean;
  ratePerSecond: number | null;
  remaining: number | null;
  etaMs: number | null;
  brakes: HeldBy[];
  waits: string[];
}

/** What one process says is true of the whole where it stands further to the left. */
const STATES: readonly DrainState[] = ['paused', 'braked', 'stopping', 'waiting', 'running', 'following'];

/** Puts it together. The source is one for all, so the lowest count of what is left is the freshest. */
export function liveOf(members: readonly MemberInfo[]): LiveStatus {
  const all = members.flatMap(({ live }) => live ?? []);
  const ratePerSecond = all.length === 0 ? null : all.reduce((sum, one) => sum + one.ratePerSecond, 0);
  const known = all.flatMap(({ remaining }) => remaining ?? []);
  const remaining = known.length === 0 ? null : Math.min(...known);
  return {
    state: STATES.find((state) => all.some((one) => one.state === state)) ?? null,
    atRest: members.every(({ live }) => live?.state === 'paused' || live?.state === 'stopping'),
    ratePerSecond,
    remaining,
    etaMs: remaining === null || !ratePerSecond ? null : Math.round((remaining / ratePerSecond) * 1000),
    brakes: firstOf(all.flatMap(({ brakes }) => brakes)),
    waits: [...new Set(all.flatMap(({ waits }) => waits))],
  };
}

/** All processes see the same: a brake is told once, since when the first of them has seen it. */
function firstOf(brakes: HeldBy[]): HeldBy[] {
  const byName = new Map<string, HeldBy>();
  for (const brake of brakes) {
    const known = byName.get(brake.brake);
    if (!known || brake.since < known.since) byName.set(brake.brake, brake);
  }
  return [...byName.values()];
}
