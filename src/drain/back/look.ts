import type { RedisConnection } from '../../backends/redis/index.ts';
import { partitionKeys } from '../../model/keys.ts';
import { compareStreamIds } from '../../model/stream-id.ts';
import {
  type Consumer,
  countEntries,
  type GroupFacts,
  groupOf,
  measureLag,
  readConsumers,
  readFacts,
  requireFacts,
  type StreamFacts,
  waitingFor,
} from '../../streams/index.ts';
import type { BackSource } from './request.ts';

/** Counting ends here; what lies beyond is "at least". */
const LIMIT = 1_000_000;
const PAGE = 1000;

/** What a group has and has not finished, over all streams that it reads. Null: more than was counted. */
export interface GroupLook {
  streams: string[];
  pending: number;
  /** Pending, before the first id that is wanted. */
  pendingBefore: number;
  undelivered: number | null;
  undeliveredBefore: number | null;
  /** Not due yet, beside the stream. */
  waiting: number;
  /** Delivered and acknowledged, among those that still stand in the stream. */
  finished: number | null;
  consumers: (Consumer & { stream: string })[];
  /** Other groups of the streams: they keep what they have. */
  otherGroups: string[];
}

/** Looks at the group. Throws `failed` where stream or group do not exist. Changes nothing. */
export async function lookAtGroup(redis: RedisConnection, source: BackSource): Promise<GroupLook> {
  const look: GroupLook = {
    ...{
      streams: [],
      pending: 0,
      pendingBefore: 0,
      undelivered: 0,
      undeliveredBefore: 0,
      finished: 0,
      waiting: 0,
    },
    ...{ consumers: [], otherGroups: [] },
  };
  for (const stream of partitionKeys(source.stream, source.partitions)) {
    const facts = await readFacts(redis, stream);
    if (facts) await addStream(redis, source, facts, look);
    look.waiting += (await waitingFor(redis, stream)).waiting;
  }
  // None at all: the error names a stream that is spelt almost alike.
  if (look.streams.length === 0)
    await requireFacts(redis, partitionKeys(source.stream, source.partitions)[0]!);
  return look;
}

async function addStream(
  redis: RedisConnection,
  source: BackSource,
  facts: StreamFacts,
  look: GroupLook,
): Promise<void> {
  const { stream } = facts;
  const group = groupOf(facts, source.group, {} as never);
  const { lag } = await measureLag(redis, facts, group, { limit: LIMIT });
  const before = await countBefore(redis, source, facts, group);
  const delivered = await deliveredFrom(redis, source, facts, group);
  look.streams.push(stream);
  look.pending += group.pending;
  look.pendingBefore += before.pending;
  look.undelivered = plus(look.undelivered, lag);
  look.undeliveredBefore = plus(look.undeliveredBefore, before.undelivered);
  look.finished = plus(
    look.finished,
    delivered === null ? null : Math.max(0, delivered - (group.pending - before.pending)),
  );
  for (const consumer of await readConsumers(redis, stream, source.group))
    look.consumers.push({ ...consumer, stream });
  const others = facts.groups.map((one) => one.group).filter((name) => name !== source.group);
  look.otherGroups = [...new Set([...look.otherGroups, ...others])];
}

function plus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

async function countBefore(
  redis: RedisConnection,
  { from, group }: BackSource,
  facts: StreamFacts,
  { lastDeliveredId }: GroupFacts,
): Promise<{ pending: number; undelivered: number | null }> {
  if (from === undefined) return { pending: 0, undelivered: 0 };
  const pending = await pendingBefore(redis, facts.stream, group, from);
  if (compareStreamIds(lastDeliveredId, from) >= 0) return { pending, undelivered: 0 };
  const { count, complete } = await countEntries(redis, facts.stream, `(${lastDeliveredId}`, `(${from}`, {
    limit: LIMIT,
  });
  return { pending, undelivered: complete ? count : null };
}

async function pendingBefore(
  redis: RedisConnection,
  stream: string,
  group: string,
  from: string,
): Promise<number> {
  let cursor = '-';
  let count = 0;
  for (;;) {
    const rows = (await redis.client.call('XPENDING', stream, group, cursor, `(${from}`, PAGE)) as [string][];
    count += rows.length;
    if (rows.length < PAGE) return count;
    cursor = `(${rows.at(-1)![0]}`;
  }
}

/** Entries that the group was given and that still stand in the stream. */
async function deliveredFrom(
  redis: RedisConnection,
  { from = '-' }: BackSource,
  { stream, firstId }: StreamFacts,
  { lastDeliveredId }: GroupFacts,
): Promise<number | null> {
  const start = from === '-' ? firstId : from;
  if (start === null || compareStreamIds(start, lastDeliveredId) > 0) return 0;
  const { count, complete } = await countEntries(redis, stream, start, lastDeliveredId, { limit: LIMIT });
  return complete ? count : null;
}
