import type { RedisConnection } from '../backends/redis/index.ts';
import { compareStreamIds, nextStreamId } from '../model/stream-id.ts';
import { asking } from './asking.ts';
import { countEntries } from './count.ts';
import type { GroupFacts, StreamFacts } from './facts.ts';
import { QUIET, type Work } from './work.ts';

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
  const neededFrom = await firstNeeded(redis, facts);
  const { below, cut } = await whereToCut(redis, facts, bound, neededFrom, work);
  const losing = below !== null && neededFrom !== null && compareStreamIds(neededFrom, below) < 0;
  const losses = losing
    ? await Promise.all(facts.groups.map((group) => lossOf(redis, facts, group, below, work)))
    : [];
  return {
    stream: facts.stream,
    length: facts.length,
    below,
    cut,
    neededFrom,
    losses: losses.filter(({ undelivered, unacknowledged }) => undelivered + unacknowledged > 0),
    groups: facts.groups.length,
  };
}

async function whereToCut(
  redis: RedisConnection,
  facts: StreamFacts,
  bound: TrimBound,
  neededFrom: string | null,
  work: Work,
): Promise<{ below: string | null; cut: number }> {
  const { stream, length, firstId, lastId } = facts;
  if (firstId === null || lastId === null) return { below: null, cut: 0 };
  if (bound.kind === 'maxLen') {
    const cut = Math.max(0, length - bound.length);
    if (cut === 0) return { below: null, cut };
    const { lastId: lastCut } = await countEntries(redis, stream, '-', '+', { limit: cut, work });
    return lastCut === null ? { below: null, cut: 0 } : { below: nextStreamId(lastCut)!, cut };
  }
  const below = bound.kind === 'minId' ? bound.id : (neededFrom ?? nextStreamId(lastId)!);
  if (compareStreamIds(below, firstId) <= 0) return { below: null, cut: 0 };
  const { count } = await countEntries(redis, stream, '-', `(${below}`, { work });
  return { below: count > 0 ? below : null, cut: count };
}

/** The first entry that a group has not been given or has not acknowledged, over all groups. */
async function firstNeeded(redis: RedisConnection, facts: StreamFacts): Promise<string | null> {
  const needed = await Promise.all(facts.groups.map((group) => neededBy(redis, facts, group)));
  const ids = needed.flat().sort(compareStreamIds);
  return ids[0] ?? null;
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
  const unacknowledged = pending === 0 ? 0 : await pendingBelow(redis, facts, group, below);
  return { group, undelivered: undelivered?.count ?? 0, unacknowledged };
}

async function pendingBelow(
  redis: RedisConnection,
  { stream, firstId }: StreamFacts,
  group: string,
  below: string,
): Promise<number> {
  let count = 0;
  for (let cursor = firstId!; ; ) {
    const rows = (await asking(redis, `look at the pending entries of ${stream} ${group}`, () =>
      redis.client.call('XPENDING', stream, group, cursor, `(${below}`, '1000'),
    )) as [string][];
    count += rows.length;
    if (rows.length < 1000) return count;
    cursor = `(${rows.at(-1)![0]}`;
  }
}
