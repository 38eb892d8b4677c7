import { pause } from '../model/patience.ts';

/** What a timer takes at most; a longer one would go off at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Sleeps, however long, but not past an abort. */
export async function sleepUnless(signal: AbortSignal, ms: number): Promise<void> {
  const until = performance.now() + ms;
  for (let left = ms; left > 0 && !signal.aborted; left = until - performance.now()) {
    await pause(Math.min(left, LONGEST_MS), signal);
  }
}
