import { isRetryablePostgres } from '../backends/postgres/index.ts';
import { isRetryable } from '../backends/redis/errors.ts';
import { isRetryableSqs } from '../backends/sqs/index.ts';
import { pause } from '../model/patience.ts';
import type { Meter } from './meter.ts';

const AGAIN_MS = 200;

/** Why an error of either side is worth waiting out; undefined where it is not. */
export function passing(error: unknown): string | undefined {
  return isRetryable(error) ?? isRetryablePostgres(error) ?? isRetryableSqs(error);
}

/**
 * Does a step before or after the draining, again for as long as a server is away; the step must bear
 * being repeated. Once the operator wants to stop, the error itself is thrown.
 */
export async function outlasting<T>(meter: Meter, action: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const result = await action();
      meter.waiting('drain', null);
      return result;
    } catch (error) {
      const reason = passing(error);
      if (reason === undefined || meter.signal.aborted) throw error;
      meter.waiting('drain', reason);
      await pause(AGAIN_MS, meter.signal);
    }
  }
}
