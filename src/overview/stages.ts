import type { RedisConnection } from '../backends/redis/index.ts';
import type { StageRow, StreamRow } from './snapshot.ts';

/** What the consumers of these streams have recorded of their work; none does yet. */
export async function stagesOf(_redis: RedisConnection, _streams: readonly StreamRow[]): Promise<StageRow[]> {
  return [];
}
