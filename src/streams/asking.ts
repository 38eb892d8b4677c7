import { type RedisConnection, toTargetError } from '../backends/redis/index.ts';

/** Runs one exchange with Redis; its errors say what was tried and what to do. */
export async function asking<T>(redis: RedisConnection, doing: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw toTargetError(error, redis.label, doing);
  }
}
