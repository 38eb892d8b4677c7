import { isRetryable, type RedisConnection } from '../backends/redis/index.ts';
import { isQctlError } from '../errors.ts';

/** Whether an error says that Redis does not answer at present, rather than that it refuses this one question. */
export function isAway(error: unknown, redis: RedisConnection): boolean {
  if (isQctlError(error) && error.code === 'REDIS_AWAY') return true;
  return isRetryable(error, redis.kind) !== undefined || redis.trouble() !== undefined;
}

/** Why, as one line. */
export function whyOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
