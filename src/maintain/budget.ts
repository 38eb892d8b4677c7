import { eitherSignal } from '../model/either-signal.ts';
import type { Work } from '../streams/index.ts';

/** Longer than this nobody waits for a Redis that is away: the next run comes soon. */
const PATIENCE_MS = 10_000;

/** How long work may take: an end, and the signals that end it sooner. */
export interface Budget {
  work: Work;
  /** True once nothing may be begun any more. */
  readonly over: boolean;
  dispose(): void;
}

/**
 * Work that ends with the page in hand when the time is over, or as soon as one of the signals is aborted.
 *
 * @param waiting told why Redis is waited for; null when it is back
 */
export function budgetOf(ms: number, signals: readonly AbortSignal[], waiting: Work['waiting']): Budget {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), ms);
  const { signal, dispose } = eitherSignal(...signals, timeout.signal);
  // A Redis that is away must end the work as such, before the time does.
  const work = { signal, waiting, patienceMs: Math.min(PATIENCE_MS, ms / 2) };
  return {
    work,
    get over() {
      return signal.aborted;
    },
    dispose() {
      clearTimeout(timer);
      dispose();
    },
  };
}
