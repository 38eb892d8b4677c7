import { pause as pauseUnless } from '../../model/patience.ts';

/** Longest sleep in one piece, so that a host that was suspended wakes up soon after its time. */
const MOST_MS = 30_000;

/** Waits; rejects with the signal's reason once that is given. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await pauseUnless(Math.max(0, ms), signal);
  signal.throwIfAborted();
}

/** Waits until a clock shows a time; see {@link pause}. */
export async function pauseUntil(at: Date, now: () => Date, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  for (let left = at.getTime() - now().getTime(); left > 0; left = at.getTime() - now().getTime()) {
    await pause(Math.min(left, MOST_MS), signal);
  }
}
