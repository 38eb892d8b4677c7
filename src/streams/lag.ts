import type { RedisConnection } from '../backends/redis/index.ts';
import { compareStreamIds } from '../model/stream-id.ts';
import { countEntries } from './count.ts';
import type { GroupFacts, StreamFacts } from './facts.ts';
import type { Work } from './work.ts';

/**
 * How a lag is known. `position`: the group stands before the first entry, at it, or behind the last one,
 * which settles it. `reported`: by Redis, of a stream that never lost an entry. `counted`: entry by entry.
 * `bound`: not known, only between two numbers.
 */
export type LagSource = 'position' | 'reported' | 'counted' | 'bound';

/** How many entries a group has not been given yet. */
export interface Lag {
  /** Null where it is not known: never 0 for unknown. */
  lag: number | null;
  atLeast: number;
  atMost: number;
  how: LagSource;
  /** Why Redis' own number was not taken, and what was done instead; null where it was. */
  note: string | null;
}

/**
 * What the facts alone tell of a lag. Redis' own number is taken only where the stream still holds every
 * entry that it ever got: once entries were trimmed or deleted, Redis 7.0 to 8 may count some that nobody
 * will ever get, and nothing in the facts tells when.
 */
export function judgeLag(facts: StreamFacts, group: GroupFacts): Lag {
  const { reportedLag, counted } = group;
  const settled = lagByPosition(facts, group);
  if (settled) return exact(settled.lag, 'position', noteOn(reportedLag, settled.lag, settled.why));
  const doubt = doubtOf(facts, group);
  if (doubt === null) return exact(reportedLag!, 'reported', null);
  if (counted) return ofCount(facts, doubt, counted);
  return { lag: null, ...boundsOf(facts, 0), how: 'bound', note: doubt };
}

function exact(lag: number, how: LagSource, note: string | null): Lag {
  return { lag, atLeast: lag, atMost: lag, how, note };
}

/** Known without counting: compares the group's position with the two ends of the stream. */
function lagByPosition(
  { length, firstId, lastId }: StreamFacts,
  { lastDeliveredId }: GroupFacts,
): { lag: number; why: string } | undefined {
  if (firstId === null || lastId === null || compareStreamIds(lastDeliveredId, lastId) >= 0) {
    return { lag: 0, why: 'no entry lies behind its position' };
  }
  const order = compareStreamIds(lastDeliveredId, firstId);
  if (order < 0) return { lag: length, why: 'all entries lie behind its position' };
  if (order === 0) return { lag: length - 1, why: 'all entries but the first lie behind its position' };
  return undefined;
}

function noteOn(reported: number | null, actual: number, why: string): string | null {
  if (reported === null || reported === actual) return null;
  return `Redis reports ${reported}, which counts entries that were deleted or trimmed; ${why}`;
}

function doubtOf({ length, entriesAdded }: StreamFacts, { reportedLag }: GroupFacts): string | null {
  if (entriesAdded === null) return 'this version of Redis does not report a lag';
  if (reportedLag === null) {
    return 'Redis reports no lag: the position was set to an id, or there is a gap before or behind it';
  }
  if (entriesAdded !== length) {
    return `Redis reports ${reportedLag}, which may count entries that were deleted or trimmed`;
  }
  // The first entry lies before the position and the last one behind it.
  const possible = reportedLag >= 1 && reportedLag < length;
  return possible ? null : `Redis reports ${reportedLag}, which the stream's length rules out`;
}

function ofCount(facts: StreamFacts, doubt: string, { count, complete }: Count): Lag {
  if (complete) return exact(count, 'counted', `${doubt}; counted to the end`);
  const note = `${doubt}; counted up to ${count} entries`;
  return { lag: null, ...boundsOf(facts, count), how: 'bound', note };
}

/** Where the group stands between the first entry and the last, and so many behind it were counted. */
function boundsOf({ length }: StreamFacts, counted: number): { atLeast: number; atMost: number } {
  const atLeast = Math.max(1, counted);
  return { atLeast, atMost: Math.max(length - 1, atLeast) };
}

/** What was counted behind a position. */
interface Count {
  count: number;
  complete: boolean;
}

/**
 * The lag as {@link judgeLag} sees it; where that is only a bound, the entries are counted.
 *
 * @param limit counts no further; the lag stays a bound then
 */
export async function measureLag(
  redis: RedisConnection,
  facts: StreamFacts,
  group: GroupFacts,
  { limit, work }: { limit: number; work?: Work },
): Promise<Lag> {
  const judged = judgeLag(facts, group);
  const before = group.counted ?? { count: 0, lastId: null };
  if (judged.lag !== null || before.count >= limit) return judged;
  const from = `(${before.lastId ?? group.lastDeliveredId}`;
  const options = { limit: limit - before.count, work };
  const { count, complete } = await countEntries(redis, facts.stream, from, facts.lastId!, options);
  return ofCount(facts, doubtOf(facts, group)!, { count: before.count + count, complete });
}

/**
 * The oldest entry that a group has not been given; null where there is none. The facts must have been
 * asked for with `count`.
 */
export function oldestUndeliveredId(facts: StreamFacts, group: GroupFacts): string | null {
  const { firstId } = facts;
  if (firstId !== null && compareStreamIds(group.lastDeliveredId, firstId) < 0) return firstId;
  return group.counted?.firstId ?? null;
}
