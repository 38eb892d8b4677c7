import type { RedisConnection } from '../backends/redis/index.ts';
import { partitionKeys } from '../model/keys.ts';
import { waitingFor } from '../streams/index.ts';
import type { Manifest } from './manifest.ts';
import type { Totals } from './totals.ts';

/** When what waits for a target is due, that of other runs included. */
export interface Due {
  /** Ms since 1970; null where all of it is in somebody's hand. */
  nextDueMs: number | null;
  lastDueMs: number | null;
}

/** Asks only where something waits; null where nothing does. */
export async function readDue(
  redis: RedisConnection,
  { target }: Manifest,
  { waiting }: Totals,
): Promise<Due | null> {
  if (waiting === 0) return null;
  const streams = partitionKeys(target.stream, target.partitions);
  const all = await Promise.all(streams.map((stream) => waitingFor(redis, stream)));
  const next = all.flatMap(({ nextDueMs }) => nextDueMs ?? []);
  const last = all.flatMap(({ lastDueMs }) => lastDueMs ?? []);
  return {
    nextDueMs: next.length > 0 ? Math.min(...next) : null,
    lastDueMs: last.length > 0 ? Math.max(...last) : null,
  };
}
