import { streamIdAgeMs } from '../model/stream-id.ts';
import {
  type GroupFacts,
  judgeLag,
  largestLag,
  oldestUndeliveredId,
  type StreamFacts,
} from '../streams/index.ts';
import type { Rates } from './rates.ts';
import type { GroupRow, StreamRow } from './snapshot.ts';

/**
 * One stream and its groups as they are shown.
 *
 * @param nowMs to which all ages of a look refer, so that ages of what did not change differ by the same
 */
export function streamRow(
  facts: StreamFacts,
  rates: Rates,
  nowMs: number,
  waiting: number | null,
): StreamRow {
  const { stream, length, timeMs, firstId, lastId, memoryBytes, entriesAdded } = facts;
  const added = rates.growth(stream, entriesAdded);
  const inPerSecond = rates.perSecond(stream, { timeMs, value: entriesAdded });
  const groups = facts.groups.map((group) => groupRow(facts, group, rates, nowMs, added));
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
    entriesAdded,
    inPerSecond,
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

/** @param added entries since the look before: more than these and what lay behind the group it cannot have been given */
function groupRow(
  facts: StreamFacts,
  group: GroupFacts,
  rates: Rates,
  nowMs: number,
  added: number | null,
): GroupRow {
  const { lag, atLeast, atMost, how } = judgeLag(facts, group);
  const { timeMs } = facts;
  const { pending } = group;
  const entriesRead = readBy(facts, group);
  const key = `${facts.stream} ${JSON.stringify(group.group)}`;
  const finished = entriesRead === null ? null : entriesRead - pending;
  const since = added ?? Number.POSITIVE_INFINITY;
  return {
    group: group.group,
    consumers: group.consumers,
    pending,
    lag,
    lagAtLeast: atLeast,
    lagAtMost: atMost,
    lagHow: how,
    oldestPendingAgeMs: streamIdAgeMs(group.oldestPendingId, nowMs),
    oldestUndeliveredAgeMs: streamIdAgeMs(oldestUndeliveredId(facts, group), nowMs),
    deliveredPerSecond: rates.perSecond(
      `${key} given`,
      { timeMs, value: entriesRead, mostGrowth: atMost },
      since,
    ),
    finishedPerSecond: rates.perSecond(
      `${key} done`,
      { timeMs, value: finished, mostGrowth: atMost + pending },
      since,
    ),
  };
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
