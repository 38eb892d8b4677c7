import type { RedisConnection } from '../backends/redis/index.ts';
import { pause } from '../model/patience.ts';
import { countEntries, readFacts, serverTimeMs } from '../streams/index.ts';
import type { Measuring } from './metric.ts';
import { MOST_COUNTED, workOf } from './streams.ts';

/** What was there at one instant. */
interface Look {
  /** By the clock of Redis. */
  timeMs: number;
  streams: Map<string, { added: number | null; lastId: string }>;
}

/** An older look says nothing of the present. */
const OLDEST_MS = 300_000;

/**
 * Entries added a second since the last measurement. The first one, and one that comes sooner than `overMs` after
 * the last, waits for that long. Null where a stream was made anew meanwhile.
 */
export async function measureRate(
  redis: RedisConnection,
  streams: readonly string[],
  { memory, signal }: Measuring,
  overMs: number,
): Promise<number | null> {
  let now = await lookAt(redis, streams);
  const kept = memory.kept as Look | undefined;
  const before = kept && now.timeMs - kept.timeMs <= OLDEST_MS ? kept : now;
  if (now.timeMs - before.timeMs < overMs) {
    await pause(before.timeMs + overMs - now.timeMs, signal);
    now = await lookAt(redis, streams);
  }
  memory.kept = now;
  const added = await addedBetween(redis, before, now, signal);
  const seconds = (now.timeMs - before.timeMs) / 1000;
  return added === null || seconds <= 0 ? null : added / seconds;
}

async function lookAt(redis: RedisConnection, streams: readonly string[]): Promise<Look> {
  const timeMs = await serverTimeMs(redis);
  const looks = await Promise.all(streams.map((stream) => readFacts(redis, stream)));
  const found = streams.map((stream, nth) => {
    const { entriesAdded = 0, lastGeneratedId = '0-0' } = looks[nth] ?? {};
    return [stream, { added: entriesAdded, lastId: lastGeneratedId }] as const;
  });
  return { timeMs, streams: new Map(found) };
}

async function addedBetween(
  redis: RedisConnection,
  before: Look,
  now: Look,
  signal: AbortSignal,
): Promise<number | null> {
  let total = 0;
  for (const [stream, { added, lastId }] of now.streams) {
    const earlier = before.streams.get(stream) ?? { added: 0, lastId: '0-0' };
    const more = await moreThan(earlier, added, () =>
      countBehind(redis, stream, earlier.lastId, lastId, signal),
    );
    if (more === null) return null;
    total += more;
  }
  return total;
}

/** Before 7.0 Redis does not count what was added. */
async function moreThan(
  earlier: { added: number | null },
  added: number | null,
  count: () => Promise<number | null>,
): Promise<number | null> {
  if (added === null || earlier.added === null) return count();
  return added < earlier.added ? null : added - earlier.added;
}

async function countBehind(
  redis: RedisConnection,
  stream: string,
  from: string,
  to: string,
  signal: AbortSignal,
): Promise<number | null> {
  const options = { limit: MOST_COUNTED, work: workOf(signal) };
  const { count, complete } = await countEntries(redis, stream, `(${from}`, to, options);
  return complete ? count : null;
}
