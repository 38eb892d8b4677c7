import type { RedisConnection } from '../../backends/redis/index.ts';
import { counted, type Probe } from './probe.ts';

/** Entries in all streams of the target together. */
export function streamLengthProbe(redis: RedisConnection, streams: readonly string[], limit: number): Probe {
  return {
    brake: 'max-stream-length',
    limit,
    look: async () => {
      const lengths = await Promise.all(streams.map((stream) => redis.client.xlen(stream)));
      const length = lengths.reduce((a, b) => a + b, 0);
      return counted(length, limit, `the stream holds ${length} entries of at most ${limit}`);
    },
  };
}
