import type { RedisConnection } from '../backends/redis/index.ts';
import { resolveDeadLetters } from '../streams/index.ts';
import type { MetricDoors } from './metric.ts';

/**
 * The dead-letter streams of a stream, or the one of that name; they need not be there yet. Throws `failed`
 * STREAM_MISSING where neither is known to anybody: a misspelt name must not look like a stream without dead letters.
 */
export async function deadLetterStreams(
  doors: MetricDoors,
  stream: string,
): Promise<{ redis: RedisConnection; names: string[] }> {
  const [redis, { streams }] = await Promise.all([doors.redis(), doors.config()]);
  const found = await resolveDeadLetters(redis, streams, stream);
  return { redis, names: found.map((one) => one.stream) };
}
