import type { RedisConnection } from '../backends/redis/index.ts';
import { readFacts, type StreamFacts } from './facts.ts';
import { page, type Work } from './work.ts';

/** Like `readFacts`, in the middle of long work: a lost connection is waited out. */
export function lookPatiently(
  redis: RedisConnection,
  stream: string,
  work: Work,
): Promise<StreamFacts | undefined> {
  return page(redis, work, `look at stream ${stream}`, () => readFacts(redis, stream));
}
