import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** Default 10 s. */
  timeoutMs?: number;
  /** Default: 5 ms at first, which may be a moment that passes; 30 ms after half a second. */
  everyMs?: number;
  /** What is waited for, for the error's text. */
  what?: string;
}

/** Far beyond what anything takes that ends at once, however busy the machine is. */
const GENEROUS_MS = 20_000;

/** What a promise gives; an error that says what did not happen where it takes for ever. */
export async function inTime<T>(promise: Promise<T>, what: string, timeoutMs = GENEROUS_MS): Promise<T> {
  const timer = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what} did not happen within ${timeoutMs} ms`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

/**
 * Polls until `condition` returns something truthy and returns that. An error of the condition
 * counts as "not yet"; the last one is the cause when time runs out.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs, what = 'condition' }: WaitOptions = {},
): Promise<NonNullable<T>> {
  const began = Date.now();
  const deadline = began + timeoutMs;
  let cause: unknown;
  do {
    try {
      const value = await condition();
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await sleep(everyMs ?? Math.min(30, 5 + (Date.now() - began) / 20));
  } while (Date.now() < deadline);
  throw new Error(`${what} not met within ${timeoutMs} ms`, { cause });
}
