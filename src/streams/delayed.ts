import { type RedisConnection, replyCode } from '../backends/redis/index.ts';
import { DELAYED_INDEX, streamKeys } from '../model/keys.ts';
import { asking } from './asking.ts';
import { isIntact } from './intact.ts';

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

/**
 * The same for several streams at once, as it is shown beside other facts of them. Null for those that this
 * user may not look at.
 */
export async function waitingForAll(
  redis: RedisConnection,
  streams: readonly string[],
): Promise<Map<string, Waiting | null>> {
  const found = await Promise.all(
    streams.map(async (stream): Promise<[string, Waiting | null]> => {
      try {
        return [stream, await waitingFor(redis, stream)];
      } catch (error) {
        if (replyCode((error as Error).cause) === 'NOPERM') return [stream, null];
        throw error;
      }
    }),
  );
  return new Map(found);
}

/** A time of {@link Waiting} as JSON has it: RFC 3339. */
export function dueText(dueMs: number | null): string | null {
  return dueMs === null ? null : new Date(dueMs).toISOString();
}
