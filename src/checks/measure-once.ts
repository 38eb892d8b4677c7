import { isQctlError } from '../errors.ts';
import type { CheckSpec, CheckValue, Measure } from './check.ts';

/** A value, or why there is none. */
export type Measured = { value: CheckValue } | { error: string };

/**
 * Measures once. What is not there within the time of the check is an error, and its late answer is nobody's any
 * more. Undefined where the signal has ended it. Never rejects.
 */
export function measureOnce(
  spec: CheckSpec,
  measure: Measure,
  signal: AbortSignal,
): Promise<Measured | undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const own = new AbortController();
    const end = (result: Measured | undefined): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      // Whatever is still under way has to let go of its connection.
      own.abort();
      resolve(result);
    };
    const stop = (): void => end(undefined);
    const timer = setTimeout(() => end({ error: `no answer within ${spec.timeoutMs} ms` }), spec.timeoutMs);
    signal.addEventListener('abort', stop);
    const { metric, with: parameters } = spec;
    Promise.resolve()
      .then(() => measure({ metric, with: parameters }, own.signal))
      .then(
        (value) => end({ value }),
        (error) => end({ error: reasonOf(error) }),
      );
  });
}

function reasonOf(error: unknown): string {
  if (isQctlError(error)) return error.message;
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}
