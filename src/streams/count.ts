import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { countRange } from '../backends/redis/scripts/count-range.ts';
import { page, QUIET, type Work } from './work.ts';

/** Redis looks at no more than this in one go, some milliseconds. */
const PAGE = { entries: 2000, bytes: 4_000_000 };

/** How many entries lie in a range, as far as was looked. */
export interface RangeCount {
  count: number;
  /** False where the limit ended the count: there may be more. */
  complete: boolean;
  /** The last entry that was counted; null where there was none. */
  lastId: string | null;
}

/**
 * Counts the entries of a range, page by page, without sending them; Redis has no command for it.
 *
 * @param from id, with `(` where exclusive
 * @param limit ends the count
 */
export async function countEntries(
  redis: RedisConnection,
  stream: string,
  from: string,
  to: string,
  { limit = Number.POSITIVE_INFINITY, work = QUIET }: { limit?: number; work?: Work } = {},
): Promise<RangeCount> {
  let result: RangeCount = { count: 0, complete: false, lastId: null };
  while (result.count < limit && !result.complete && !work.signal.aborted) {
    const cursor = result.lastId === null ? from : `(${result.lastId}`;
    const wanted = Math.min(PAGE.entries, limit - result.count);
    const [count, last, , done] = (await page(redis, work, `count the entries of ${stream}`, () =>
      runScript(redis.client, countRange, [stream], [cursor, to, wanted, PAGE.bytes]),
    )) as [number, string, number, number];
    result = { count: result.count + count, complete: done === 1, lastId: last || result.lastId };
  }
  return result;
}
