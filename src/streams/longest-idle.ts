import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { longestIdlePage } from '../backends/redis/scripts/longest-idle.ts';
import { page, QUIET, type Work } from './work.ts';

const PAGE = 1000;

/** The pending entry that nobody was given for the longest time. */
export interface LongestIdle {
  /** Null where nothing is pending, as far as was looked. */
  idleMs: number | null;
  /** False where the signal ended the search: there may be a longer one. */
  complete: boolean;
}

/**
 * Goes through the pending entries list of a group page by page; Redis keeps no order by idle time. The
 * first by id need not be it: a claim begins the idle time anew.
 */
export async function longestIdle(
  redis: RedisConnection,
  stream: string,
  group: string,
  work: Work = QUIET,
): Promise<LongestIdle> {
  let longest = -1;
  let cursor = '-';
  while (cursor !== '' && !work.signal.aborted) {
    const [next, , idle] = (await page(redis, work, `look at the pending entries of ${stream} ${group}`, () =>
      runScript(redis.client, longestIdlePage, [stream], [group, cursor, PAGE]),
    )) as [string, number, number];
    longest = Math.max(longest, idle);
    cursor = next;
  }
  return { idleMs: longest < 0 ? null : longest, complete: cursor === '' };
}
