import type { RedisConnection } from '../src/backends/redis/index.ts';

/**
 * Runs work on Redis. An error of the server or of the connection says what was tried and what to do;
 * any other stays as it is: a bug must look like one.
 *
 * @param doing what is tried, as a verb phrase: `list the runs`
 */
export async function askRedis<T>(redis: RedisConnection, doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { isRetryable, replyCode, toTargetError } = await import('../src/backends/redis/index.ts');
    if (replyCode(error) === '' && !isRetryable(error, redis.kind)) throw error;
    throw toTargetError(error, redis.label, doing);
  }
}
