import type { RedisConnection } from '../backends/redis/index.ts';
import { compareStreamIds, nextStreamId } from '../model/stream-id.ts';
import { asking } from './asking.ts';
import { countEntries } from './count.ts';
import type { GroupFacts, StreamFacts } from './facts.ts';
import { page, QUIET, type Work } from './work.ts';

/** How much of a stream stays. */
export type TrimBound =
  | { kind: 'maxLen'; length: number }
  | { kind: 'minId'; id: string }
  | { kind: 'acknowledged' };

/** What a group would lose. */
export interface TrimLoss {
  group: string;
  /** Never delivered to it. */
  undelivered: number;
  /** Delivered and not acknowledged. */
  unacknowledged: number;
}

/** What a trim would do. */
export interface TrimPlan {
  stream: string;
  length: number;
  /** Every entry with a smaller id is cut; null: nothing is. */
  below: string | null;
  /** How many that are. */
  cut: number;
  /** The first entry that some group still needs; null where none does. */
  neededFrom: string | null;
  /** Groups that would lose entries; empty where none would. */
  losses: TrimLoss[];
  groups: number;
}

/** Counts what a trim would cut, and from whom. Changes nothing. */
export async function planTrim(
  redis: RedisConnection,
  facts: StreamFacts,
  bound: TrimBound,
  work: Work = QUIET,
): Promise<TrimPlan> {
  const neededFrom = (await firstNeeded(redis, facts))?.id ?? null;
  const { below, cut, length } = await whereToCut(redis, facts, bound, neededFrom, work);
  const losing = below !== null && neededFrom !== null && compareStreamIds(neededFrom, below) < 0;
  const losses = losing
    ? await Promise.all(facts.groups.map((group) => lossOf(redis, facts, group, below, work)))
    : [];
  return {
    stream: facts.stream,
    length,
    below,
    cut,
    neededFrom,
    losses: losses.filter(({ undelivered, unacknowledged }) => undelivered + unacknowledged > 0),
    groups: facts.groups.length,
  };
}

/** From where on a stream stays, how many entries lie before that, and how long it was then. */
export interface Cut {
  below: string | null;
  cut: number;
  length: number;
}

async function whereToCut(
  redis: RedisConnection,
  facts: StreamFacts,
  bound: TrimBound,
  neededFrom: string | null,
  work: Work,
): Promise<Cut> {
  const { length, firstId, lastId } = facts;
  if (firstId === null || lastId === null) return { below: null, cut: 0, length };
  if (bound.kind === 'maxLen') return whereToKeep(redis, facts, bound.length, work);
  return whereBelow(
    redis,
    facts,
    bound.kind === 'minId' ? bound.id : (neededFrom ?? nextStreamId(lastId)!),
    work,
  );
}

/** Cuts all entries with a smaller id, or the first `most` of them. */
export async function whereBelow(
  redis: RedisConnection,
  { stream, firstId, length }: StreamFacts,
  below: string,
  work: Work,
  most = Number.POSITIVE_INFINITY,
): Promise<Cut> {
  if (firstId === null || compareStreamIds(below, firstId) <= 0) return { below: null, cut: 0, length };
  const { count, lastId } = await countEntries(redis, stream, '-', `(${below}`, { limit: most, work });
  const to = count < most || lastId === null ? below : nextStreamId(lastId)!;
  return { below: count > 0 ? to : null, cut: count, length };
}

/**
 * As many entries as the stream is too long are counted from its start. Where somebody else cuts it
 * meanwhile these are too many; so it is counted again until the stream has not become shorter: then at
 * least as many stay as are to be kept, whatever was added and cut.
 *
 * @param bounds `until`: an entry that stays, and all behind it; null: none has to. `most`: no more are cut
 */
export async function whereToKeep(
  redis: RedisConnection,
  facts: StreamFacts,
  keep: number,
  work: Work,
  { until = null, most = Number.POSITIVE_INFINITY }: { until?: string | null; most?: number } = {},
): Promise<Cut> {
  const { stream } = facts;
  const to = until === null ? '+' : `(${until}`;
  let { length } = facts;
  while (length > keep) {
    const limit = Math.min(length - keep, most);
    const { count, lastId } = await countEntries(redis, stream, '-', to, { limit, work });
    if (lastId === null) break;
    const now = await asking(redis, `look at stream ${stream}`, () => redis.client.xlen(stream));
    if (now >= length) return { below: nextStreamId(lastId) ?? null, cut: count, length };
    length = now;
  }
  return { below: null, cut: 0, length };
}

/** An entry that a group still needs. */
export interface Needed {
  id: string;
  group: string;
}

/** The first entry that a group has not been given or has not acknowledged, over all groups. */
export async function firstNeeded(redis: RedisConnection, facts: StreamFacts): Promise<Needed | null> {
  const needed = await Promise.all(
    facts.groups.map(async (one) => {
      const ids = await neededBy(redis, facts, one);
      return ids.map((id) => ({ id, group: one.group }));
    }),
  );
  return needed.flat().sort((a, b) => compareStreamIds(a.id, b.id))[0] ?? null;
}

async function neededBy(
  redis: RedisConnection,
  { stream, firstId }: StreamFacts,
  { group, pending, lastDeliveredId }: GroupFacts,
): Promise<string[]> {
  if (firstId === null) return [];
  const next = await countEntries(redis, stream, `(${lastDeliveredId}`, '+', { limit: 1 });
  if (pending === 0) return next.lastId === null ? [] : [next.lastId];
  // What is pending below the first entry was cut away before: nobody can need it any more.
  const rows = (await asking(redis, `look at the pending entries of ${stream} ${group}`, () =>
    redis.client.call('XPENDING', stream, group, firstId, '+', '1'),
  )) as [string][];
  return [next.lastId, rows[0]?.[0]].filter((id) => id !== null && id !== undefined);
}

async function lossOf(
  redis: RedisConnection,
  facts: StreamFacts,
  { group, pending, lastDeliveredId }: GroupFacts,
  below: string,
  work: Work,
): Promise<TrimLoss> {
  const { stream } = facts;
  const behind = compareStreamIds(lastDeliveredId, below) < 0;
  const undelivered = behind
    ? await countEntries(redis, stream, `(${lastDeliveredId}`, `(${below}`, { work })
    : null;
  const unacknowledged = pending === 0 ? 0 : await pendingBelow(redis, facts, group, below, work);
  return { group, undelivered: undelivered?.count ?? 0, unacknowledged };
}

async function pendingBelow(
  redis: RedisConnection,
  { stream, firstId }: StreamFacts,
  group: string,
  below: string,
  work: Work,
): Promise<number> {
  let count = 0;
  for (let cursor = firstId!; !work.signal.aborted; ) {
    const rows = (await page(redis, work, `look at the pending entries of ${stream} ${group}`, () =>
      redis.client.call('XPENDING', stream, group, cursor, `(${below}`, '1000'),
    )) as [string][];
    count += rows.length;
    if (rows.length < 1000) break;
    cursor = `(${rows.at(-1)![0]}`;
  }
  return count;
}
