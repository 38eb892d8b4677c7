import { connectRedis, type RedisFacts, type RedisOptions, redisFacts } from '../backends/redis/index.ts';

/** What was seen of a Redis. */
export interface RedisLook {
  kind: 'redis';
  /** Where it is; no secret. */
  at: string;
  facts: RedisFacts;
}

/** Connects, asks what it is, and leaves. Throws as {@link connectRedis}. */
export async function lookAtRedis(options: RedisOptions): Promise<RedisLook> {
  const redis = await connectRedis(options);
  try {
    return { kind: 'redis', at: redis.label, facts: await redisFacts(redis) };
  } finally {
    await redis.close();
  }
}
