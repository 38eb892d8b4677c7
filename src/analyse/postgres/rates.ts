import { pause } from '../../model/patience.ts';
import type { LookOptions } from '../look.ts';
import { type Counts, countReady } from './counts.ts';
import type { OpenTable } from './open.ts';
import { type TableSize, tableSize } from './size.ts';
import type { States } from './states.ts';

/** Messages a second; null where it cannot be seen. */
export interface Rates {
  arrivalPerSecond: number | null;
  completionPerSecond: number | null;
  observedMs: number | null;
}

interface Look {
  at: number;
  size: TableSize;
  ready: number | undefined;
}

/**
 * Looks twice, so long apart, at what PostgreSQL has counted; without that it goes by the times of enqueueing,
 * of which those messages are missing that are gone already. Holds nothing while it waits.
 */
export async function ratesOf(
  open: OpenTable,
  states: States,
  counts: Counts,
  { observeMs, signal }: LookOptions,
): Promise<Rates> {
  if (observeMs <= 0)
    return { arrivalPerSecond: counts.recentPerSecond, completionPerSecond: null, observedMs: null };
  const counted = counts.ready.how === 'counted';
  const first = await lookOnce(open, states, counted);
  await pause(observeMs, signal ?? new AbortController().signal);
  const second = await lookOnce(open, states, counted);
  const seconds = (second.at - first.at) / 1000;
  const arrived = more(first.size.inserted, second.size.inserted);
  const completed = arrived === null ? null : completions(first, second, arrived);
  return {
    arrivalPerSecond: arrived === null ? null : arrived / seconds,
    completionPerSecond: completed === null ? null : completed / seconds,
    observedMs: Math.round(second.at - first.at),
  };
}

async function lookOnce(open: OpenTable, states: States, counted: boolean): Promise<Look> {
  const ready = counted ? await countReady(open, states) : undefined;
  return { at: performance.now(), size: await tableSize(open), ready };
}

/** What came in and is not ready any more; where that cannot be counted, what was deleted. */
function completions(first: Look, second: Look, arrived: number): number | null {
  if (first.ready !== undefined && second.ready !== undefined)
    return Math.max(0, arrived - (second.ready - first.ready));
  const deleted = more(first.size.deleted, second.size.deleted);
  const updated = more(first.size.updated, second.size.updated);
  // An update may have taken a message, given it back, or finished it.
  return deleted === 0 && updated !== 0 ? null : deleted;
}

/** Statistics that were reset meanwhile tell nothing. */
function more(before: number | null, after: number | null): number | null {
  return before === null || after === null || after < before ? null : after - before;
}
