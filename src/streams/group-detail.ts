import type { RedisConnection } from '../backends/redis/index.ts';
import { streamIdAgeMs } from '../model/stream-id.ts';
import type { GroupFacts, StreamFacts } from './facts.ts';
import { type LagSource, measureLag, oldestUndeliveredId } from './lag.ts';
import type { Work } from './work.ts';

/** All that is known of a consumer group. Ages are by the server's clock, null where an id is no time. */
export interface GroupDetail {
  stream: string;
  group: string;
  consumers: number;
  pending: number;
  /** Null where nothing is pending. */
  oldestPendingId: string | null;
  oldestPendingAgeMs: number | null;
  /** Entries that it has not been given; null where that is not known. */
  lag: number | null;
  lagAtLeast: number;
  lagAtMost: number;
  lagHow: LagSource;
  lagNote: string | null;
  lastDeliveredId: string;
  lastDeliveredAgeMs: number | null;
  /** Null where it has been given everything. */
  oldestUndeliveredId: string | null;
  /** How far it is behind in time. */
  oldestUndeliveredAgeMs: number | null;
}

/**
 * Describes a group of a stream. The facts must have been asked for with `count`.
 *
 * @param limit a lag that Redis does not know is counted up to so many entries
 */
export async function describeGroup(
  redis: RedisConnection,
  facts: StreamFacts,
  group: GroupFacts,
  { limit, work }: { limit: number; work?: Work },
): Promise<GroupDetail> {
  const { stream, timeMs } = facts;
  const { consumers, pending, oldestPendingId, lastDeliveredId } = group;
  const { lag, atLeast, atMost, how, note } = await measureLag(redis, facts, group, { limit, work });
  const undelivered = oldestUndeliveredId(facts, group);
  return {
    stream,
    group: group.group,
    consumers,
    pending,
    oldestPendingId,
    oldestPendingAgeMs: streamIdAgeMs(oldestPendingId, timeMs),
    lag,
    lagAtLeast: atLeast,
    lagAtMost: atMost,
    lagHow: how,
    lagNote: note,
    lastDeliveredId,
    lastDeliveredAgeMs: streamIdAgeMs(lastDeliveredId, timeMs),
    oldestUndeliveredId: undelivered,
    oldestUndeliveredAgeMs: streamIdAgeMs(undelivered, timeMs),
  };
}
