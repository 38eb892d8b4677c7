import type { RedisConnection } from '../../backends/redis/index.ts';
import type { Finding } from '../../model/finding.ts';
import type { MoveRequest } from '../request.ts';
import type { RedisServerFacts, TargetStreamFacts } from './facts.ts';

/** What an analysis has found out about the server. */
export interface ServerLook {
  facts: RedisServerFacts;
  findings: Finding[];
}

/** What an analysis has found out about a stream. */
export interface StreamLook {
  facts: TargetStreamFacts;
  findings: Finding[];
}

/** Looks at the server: reads only. */
export async function lookAtServer(redis: RedisConnection): Promise<ServerLook> {
  return { facts: { label: redis.label }, findings: [] };
}

/** Looks at the stream of one move, and at what of the server depends on that move: reads only. */
export async function lookAtStream(
  _redis: RedisConnection,
  { target }: MoveRequest & { target: NonNullable<MoveRequest['target']> },
): Promise<StreamLook> {
  const { stream, partitions } = target;
  return { facts: { stream, partitions }, findings: [] };
}
