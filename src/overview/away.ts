import { isRetryable, type RedisConnection } from '../backends/redis/index.ts';
import { isQctlError, QctlError } from '../errors.ts';

/** Whether an error says that Redis does not answer at present, rather than that it refuses this one question. */
export function isAway(error: unknown, redis: RedisConnection): boolean {
  if (isQctlError(error) && error.code === 'REDIS_AWAY') return true;
  return isRetryable(error, redis.kind) !== undefined || redis.trouble() !== undefined;
}

/** Why, as one line. */
export function whyOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Says that nothing is asked of it until it answers again. */
export function redisAway(why: string): QctlError {
  return new QctlError('target', `Redis is away: ${why}`, {
    code: 'REDIS_AWAY',
    hint: ['it is looked at again and again: ask once it is back'],
  });
}
