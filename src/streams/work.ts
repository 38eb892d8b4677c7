import { isRetryable, type RedisConnection, replyCode, toTargetError } from '../backends/redis/index.ts';
import { isQctlError } from '../errors.ts';
import { Interrupted, type Patience, patiently } from '../model/patience.ts';

/** What a piece of work that takes many pages is given: when to stop, and whom to tell why it waits. */
export interface Work extends Patience {
  /** After this a Redis that does not come back ends the work with its error. Default {@link PATIENCE_MS}. */
  patienceMs?: number;
}

/** How long a page waits for Redis to come back. */
export const PATIENCE_MS = 60_000;

/** Replies that do not pass by waiting, however often a page is sent: somebody has to act. */
const LASTING = new Set(['OOM', 'MISCONF', 'NOREPLICAS']);

/**
 * Sends one page, and again after a lost connection or a failover: the page must be one that may be
 * repeated. Throws `Interrupted` where the operator stops the wait, else an error that may be shown.
 */
export async function page<T>(
  redis: RedisConnection,
  work: Work,
  doing: string,
  send: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + (work.patienceMs ?? PATIENCE_MS);
  const reasonOf = (error: unknown): string | undefined => {
    if (LASTING.has(replyCode(error)) || performance.now() > deadline) return undefined;
    return isRetryable(error, redis.kind);
  };
  try {
    return await patiently(work, 'Redis', reasonOf, send);
  } catch (error) {
    if (isQctlError(error) || error instanceof Interrupted) throw error;
    throw toTargetError(error, redis.label, doing);
  }
}

/** Work that nobody watches or stops. */
export const QUIET: Work = { signal: new AbortController().signal, waiting: () => undefined };
