import type { RedisConnection } from '../backends/redis/index.ts';
import { asking } from './asking.ts';

/** The server's clock, ms since 1970; on a cluster that of any node. */
export async function serverTimeMs(redis: RedisConnection): Promise<number> {
  const [seconds, micros] = (await asking(redis, 'ask for the time', () =>
    redis.client.time(),
  )) as unknown as [string, string];
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}
