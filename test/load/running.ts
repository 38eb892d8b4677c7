import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { type LoadDoors, type LoadResult, profileOf, runLoad } from '../../src/load/index.ts';

/** What a load test gets where it needs Redis alone. */
export function redisDoors(redis: RedisConnection): LoadDoors {
  const none = async (): Promise<never> => {
    throw new Error('not in this test');
  };
  return {
    redis: async () => redis,
    postgres: none,
    sqs: none,
    broker: none,
    config: async () => ({ sources: {}, streams: {} }),
    env: {},
  };
}

/** Runs a profile against this Redis. */
export async function loadRedis(
  url: string,
  raw: Record<string, unknown>,
  signal = new AbortController().signal,
): Promise<LoadResult> {
  const redis = await connectRedis({ url });
  try {
    const profile = profileOf({ raw, folder: process.cwd() });
    return await runLoad(profile, redisDoors(redis), { signal, version: 'test' });
  } finally {
    await redis.close();
  }
}

/**
 * Runs a load test until this machine was not in its way: tests beside it may hold the process for a moment, and then
 * its result is rightly called invalid.
 */
export async function whileInvalid<T>(run: () => Promise<T>, isInvalid: (outcome: T) => boolean): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const outcome = await run();
    if (tries === MOST_TRIES || !isInvalid(outcome)) return outcome;
  }
}

const MOST_TRIES = 10;
