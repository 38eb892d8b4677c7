import type { RedisConnection } from '../backends/redis/index.ts';
import type { StreamConfig } from '../config/schema.ts';
import { isPattern } from '../config/streams.ts';
import { isQctlError } from '../errors.ts';
import { isDeadLetter, resolveStreams, type StreamSettings } from '../streams/index.ts';

/**
 * The streams of the configuration, or what a name means, each once: patterns and partitions are resolved. A pattern
 * that matches nothing is none, and it never means dead letters, whose retention is another.
 */
export async function streamsToMaintain(
  redis: RedisConnection,
  streams: Record<string, StreamConfig>,
  named?: string,
): Promise<StreamSettings[]> {
  const found = new Map<string, StreamSettings>();
  for (const name of named === undefined ? Object.keys(streams) : [named])
    for (const one of await meantBy(redis, streams, name)) found.set(one.stream, one);
  return [...found.values()];
}

async function meantBy(
  redis: RedisConnection,
  streams: Record<string, StreamConfig>,
  name: string,
): Promise<StreamSettings[]> {
  try {
    const all = await resolveStreams(redis, streams, name);
    if (!isPattern(name)) return all;
    return all.filter(({ stream }) => Object.hasOwn(streams, stream) || !isDeadLetter(streams, stream));
  } catch (error) {
    if (isQctlError(error) && error.code === 'STREAM_MISSING') return [];
    throw error;
  }
}
