import { isRetryable, type RedisConnection, replyCode, toTargetError } from '../backends/redis/index.ts';

/**
 * Runs one exchange with Redis; an error of the server or the connection says what was tried, any other stays as it is.
 *
 * @param doing as a verb phrase: `take the lock`
 */
export async function ask<T>(redis: RedisConnection, doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (replyCode(error) === '' && !isRetryable(error, redis.kind)) throw error;
    throw toTargetError(error, redis.label, doing);
  }
}

/** True where Redis does not answer at present: it is away for all that is still to be done as well. */
export function isAway(error: unknown, { kind }: RedisConnection): boolean {
  return isRetryable(error, kind) !== undefined;
}
