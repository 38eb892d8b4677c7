import type { Redis } from 'ioredis';

/** Sets something for the time of a test. */
export async function having<T>(
  redis: Redis,
  settings: Record<string, string>,
  run: () => Promise<T>,
): Promise<T> {
  const before: [string, string][] = [];
  for (const [name, value] of Object.entries(settings)) {
    before.push([name, ((await redis.config('GET', name)) as string[])[1]!]);
    await redis.config('SET', name, value);
  }
  try {
    return await run();
  } finally {
    for (const [name, value] of before.reverse()) await redis.config('SET', name, value);
  }
}
