import { streamIdAgeMs } from '../model/stream-id.ts';
import {
  type GroupFacts,
  judgeLag,
  largestLag,
  oldestUndeliveredId,
  type StreamFacts,
} from '../streams/index.ts';
import { type Counter, growth, perSecond } from './rates.ts';
import type { GroupRow, StreamRow } from './snapshot.ts';

/**
 * One stream and its groups as they are shown.
 *
 * @param before at the look before; undefined: there was none
 * @param nowMs to which all ages of a look refer, so that ages of what did not change differ by the same
 */
export function streamRow(
  facts: StreamFacts,
  before: StreamFacts | undefined,
  nowMs: number,
  waiting: number | null,
): StreamRow {
  const { stream, length, firstId, lastId, memoryBytes } = facts;
  const groups = facts.groups.map((group) => groupRow(facts, before, group, nowMs));
  const lag = largestLag(
    groups.map((group) => ({ lag: group.lag, atLeast: group.lagAtLeast, atMost: group.lagAtMost })),
  );
  return {
    stream,
    length,
    lastId,
    oldestAgeMs: streamIdAgeMs(firstId, nowMs),
    lastAddedAgeMs: streamIdAgeMs(lastId, nowMs),
    memoryBytes,
    entriesAdded: facts.entriesAdded,
    inPerSecond: perSecond(before && addedTo(before), addedTo(facts)),
    outPerSecond: least(groups.map(({ finishedPerSecond }) => finishedPerSecond)),
    pending: groups.reduce((sum, { pending }) => sum + pending, 0),
    lag: lag?.lag ?? null,
    lagAtLeast: lag?.atLeast ?? null,
    lagAtMost: lag?.atMost ?? null,
    oldestPendingAgeMs: most(groups.map(({ oldestPendingAgeMs }) => oldestPendingAgeMs)),
    waiting,
    groups,
  };
}

function addedTo({ timeMs, entriesAdded }: StreamFacts): Counter {
  return { timeMs, value: entriesAdded };
}

function groupRow(
  facts: StreamFacts,
  before: StreamFacts | undefined,
  group: GroupFacts,
  nowMs: number,
): GroupRow {
  const { lag, atLeast, atMost, how } = judgeLag(facts, group);
  return {
    group: group.group,
    consumers: group.consumers,
    pending: group.pending,
    lag,
    lagAtLeast: atLeast,
    lagAtMost: atMost,
    lagHow: how,
    oldestPendingAgeMs: streamIdAgeMs(group.oldestPendingId, nowMs),
    oldestUndeliveredAgeMs: streamIdAgeMs(oldestUndeliveredId(facts, group), nowMs),
    ...groupRates(facts, before, group),
  };
}

/** More than what lay behind it, and what was added since, it cannot have been given. */
function groupRates(
  facts: StreamFacts,
  before: StreamFacts | undefined,
  group: GroupFacts,
): Pick<GroupRow, 'deliveredPerSecond' | 'finishedPerSecond'> {
  const earlier = before?.groups.find((one) => one.group === group.group);
  if (!before || !earlier) return { deliveredPerSecond: null, finishedPerSecond: null };
  const added = growth(before.entriesAdded, facts.entriesAdded) ?? Number.POSITIVE_INFINITY;
  const most = judgeLag(before, earlier).atMost + added;
  const [then, now] = [readBy(before, earlier), readBy(facts, group)];
  const rate = (was: number | null, is: number | null, mostGrowth: number) =>
    perSecond({ timeMs: before.timeMs, value: was }, { timeMs: facts.timeMs, value: is }, mostGrowth);
  return {
    deliveredPerSecond: rate(then, now, most),
    finishedPerSecond: rate(less(then, earlier.pending), less(now, group.pending), most + earlier.pending),
  };
}

function less(number: number | null, by: number): number | null {
  return number === null ? null : number - by;
}

/** A group at the very beginning has been given nothing: Redis itself knows no number before its first read. */
function readBy({ entriesAdded }: StreamFacts, { entriesRead, lastDeliveredId }: GroupFacts): number | null {
  return entriesRead ?? (entriesAdded !== null && lastDeliveredId === '0-0' ? 0 : null);
}

function known(numbers: readonly (number | null)[]): number[] {
  return numbers.filter((one) => one !== null);
}

function least(numbers: readonly (number | null)[]): number | null {
  const all = known(numbers);
  return all.length === 0 ? null : Math.min(...all);
}

function most(numbers: readonly (number | null)[]): number | null {
  const all = known(numbers);
  return all.length === 0 ? null : Math.max(...all);
}
