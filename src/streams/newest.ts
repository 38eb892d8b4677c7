import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { newestIds } from '../backends/redis/scripts/newest-ids.ts';
import { compareStreamIds } from '../model/stream-id.ts';
import type { StreamFacts } from './facts.ts';
import { page, type Work } from './work.ts';

const PAGE = { ids: 2000, bytes: 4_000_000 };

/**
 * Where to begin in each stream so that the newest `count` entries of all together come: an id for
 * ranges. Streams that have none of them are left out.
 */
export async function startOfNewest(
  redis: RedisConnection,
  all: readonly StreamFacts[],
  count: number,
  work: Work,
): Promise<Map<string, string>> {
  const starts = new Map<string, string>();
  const newest: { stream: string; id: string }[] = [];
  for (const { stream, lastId } of all) {
    if (lastId === null) continue;
    const ids = await idsOf(redis, stream, lastId, count, work);
    newest.push(...ids.map((id) => ({ stream, id })));
    newest.sort((a, b) => compareStreamIds(b.id, a.id)).splice(count);
  }
  for (const { stream, id } of newest) starts.set(stream, id);
  return starts;
}

async function idsOf(
  redis: RedisConnection,
  stream: string,
  lastId: string,
  count: number,
  work: Work,
): Promise<string[]> {
  const ids: string[] = [];
  let from = lastId;
  while (ids.length < count && !work.signal.aborted) {
    const wanted = Math.min(PAGE.ids, count - ids.length);
    const [done, ...some] = (await page(redis, work, `read stream ${stream}`, () =>
      runScript(redis.client, newestIds, [stream], [from, wanted, PAGE.bytes]),
    )) as [number, ...string[]];
    ids.push(...some);
    if (done === 1) break;
    from = `(${some.at(-1)}`;
  }
  return ids;
}
