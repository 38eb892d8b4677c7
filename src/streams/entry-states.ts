import type { RedisConnection } from '../backends/redis/index.ts';
import type { StreamSettings } from '../config/streams.ts';
import { compareStreamIds } from '../model/stream-id.ts';
import { requireFacts } from './facts.ts';
import { groupOf } from './group-of.ts';
import { page, type Work } from './work.ts';

/**
 * What a group has done with an entry. `acknowledged` is all that it was given, or that its position was
 * moved past, and that is not pending.
 */
export type EntryState =
  | { state: 'undelivered' | 'acknowledged' }
  | { state: 'pending'; consumer: string; idleMs: number; deliveries: number };

/** So many pending entries are listed in one go; those that were deleted from the stream are among them. */
const PAGE = 1000;

/** The state of each of these entries in a group. The ids must be in order. Throws where the group is gone. */
export async function entryStates(
  redis: RedisConnection,
  settings: StreamSettings,
  group: string,
  ids: readonly string[],
  work: Work,
): Promise<EntryState[]> {
  const { stream } = settings;
  if (ids.length === 0) return [];
  // The position first: what is delivered in between is pending then, and not taken for acknowledged.
  const { lastDeliveredId } = await page(redis, work, `look at group ${group} of ${stream}`, async () =>
    groupOf(await requireFacts(redis, stream), group, settings),
  );
  const pending = await pendingBetween(redis, stream, group, [ids[0]!, ids.at(-1)!], work);
  return ids.map((id): EntryState => {
    const held = pending.get(id);
    if (held) return held;
    return { state: compareStreamIds(id, lastDeliveredId) > 0 ? 'undelivered' : 'acknowledged' };
  });
}

type PendingRow = [id: string, consumer: string, idleMs: number, deliveries: number];

async function pendingBetween(
  redis: RedisConnection,
  stream: string,
  group: string,
  [first, last]: [string, string],
  work: Work,
): Promise<Map<string, EntryState>> {
  const found = new Map<string, EntryState>();
  let from = first;
  for (;;) {
    const rows = (await page(redis, work, `look at the pending entries of ${stream} ${group}`, () =>
      redis.client.call('XPENDING', stream, group, from, last, String(PAGE)),
    )) as PendingRow[];
    for (const [id, consumer, idleMs, deliveries] of rows) {
      found.set(id, { state: 'pending', consumer, idleMs, deliveries });
    }
    if (rows.length < PAGE) return found;
    from = `(${rows.at(-1)![0]}`;
  }
}
