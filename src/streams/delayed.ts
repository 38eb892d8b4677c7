import type { RedisConnection } from '../backends/redis/index.ts';
import { isQctlError } from '../errors.ts';
import { isIntact } from '../model/intact.ts';
import { DELAYED_INDEX, streamKeys } from '../model/keys.ts';
import { asking } from './asking.ts';

/** How many messages wait for a stream until they are due. */
export interface Waiting {
  waiting: number;
  /** When the first and the last of them are due, in ms since 1970; null where none waits. */
  nextDueMs: number | null;
  lastDueMs: number | null;
}

/** The streams that messages were put aside for, in the order of their names; some may have none any more. */
export async function delayedStreams(redis: RedisConnection): Promise<string[]> {
  const names = await asking(redis, 'list the streams that messages wait for', () =>
    redis.client.zrange(DELAYED_INDEX, '0', '-1'),
  );
  return names.filter(isIntact).sort();
}

/** Looks at one stream: two commands, whatever waits for it. */
export async function waitingFor(redis: RedisConnection, stream: string): Promise<Waiting> {
  const { delayed, delayedHeld } = streamKeys(stream);
  const { client } = redis;
  const [first, last, count, held] = await asking(redis, `look at what waits for stream ${stream}`, () =>
    Promise.all([
      client.zrange(delayed, '0', '0', 'WITHSCORES'),
      client.zrange(delayed, '-1', '-1', 'WITHSCORES'),
      client.zcard(delayed),
      client.zcard(delayedHeld),
    ]),
  );
  return {
    waiting: count + held,
    nextDueMs: first[1] === undefined ? null : Number(first[1]),
    lastDueMs: last[1] === undefined ? null : Number(last[1]),
  };
}

/** What waits for a stream, as it is shown beside other facts of it. Null where this user may not look. */
export interface WaitingFacts {
  waiting: number | null;
  /** RFC 3339; null where nothing waits. */
  nextDueAt: string | null;
}

/** Looks at those of many streams that messages were put aside for. */
export async function waitingFacts(
  redis: RedisConnection,
  streams: readonly string[],
): Promise<(stream: string) => WaitingFacts> {
  const names = await unlessDenied(delayedStreams(redis));
  const known = names && new Set(names);
  const wanted = streams.filter((stream) => known?.has(stream));
  const found = await Promise.all(
    wanted.map(async (stream) => [stream, await unlessDenied(waitingFor(redis, stream))] as const),
  );
  const byName = new Map(found);
  return (stream) => {
    const facts = known === null ? null : byName.get(stream);
    if (facts === null) return { waiting: null, nextDueAt: null };
    return { waiting: facts?.waiting ?? 0, nextDueAt: dueText(facts?.nextDueMs ?? null) };
  };
}

async function unlessDenied<T>(look: Promise<T>): Promise<T | null> {
  try {
    return await look;
  } catch (error) {
    if (isQctlError(error) && error.code === 'REDIS_NOPERM') return null;
    throw error;
  }
}

/** A time of {@link Waiting} as JSON has it: RFC 3339. */
export function dueText(dueMs: number | null): string | null {
  return dueMs === null ? null : new Date(dueMs).toISOString();
}
