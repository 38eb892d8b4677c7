import { type Family, familyOf, seconds } from '../../model/exposition.ts';
import {
  CONSUMER_SERIES,
  DEAD_LETTER_SERIES,
  GROUP_SERIES,
  STREAM_SERIES,
} from '../../model/series/streams.ts';
import type { DeadLetterRow, GroupRow, StreamRow } from '../snapshot.ts';

/** A consumer as `--consumers` tells of it. */
export interface ConsumerFacts {
  stream: string;
  group: string;
  consumer: string;
  pending: number;
  idleMs: number;
}

/** Streams, their groups, and dead letters. */
export function streamFamilies(
  streams: readonly StreamRow[],
  deadLetters: readonly DeadLetterRow[],
): Family[] {
  const of = ({ stream }: { stream: string }) => ({ stream });
  return [
    familyOf(STREAM_SERIES.length, streams, of, ({ length }) => length),
    familyOf(STREAM_SERIES.added, streams, of, ({ entriesAdded }) => entriesAdded),
    familyOf(STREAM_SERIES.memory, streams, of, ({ memoryBytes }) => memoryBytes),
    familyOf(STREAM_SERIES.oldest, streams, of, ({ oldestAgeMs }) => seconds(oldestAgeMs)),
    familyOf(STREAM_SERIES.newest, streams, of, ({ lastAddedAgeMs }) => seconds(lastAddedAgeMs)),
    familyOf(STREAM_SERIES.scheduled, streams, of, ({ waiting }) => waiting),
    ...groupFamilies(streams),
    familyOf(DEAD_LETTER_SERIES.count, deadLetters, of, ({ length }) => length),
    familyOf(DEAD_LETTER_SERIES.newest, deadLetters, of, ({ newestAgeMs }) => seconds(newestAgeMs)),
    familyOf(DEAD_LETTER_SERIES.oldest, deadLetters, of, ({ oldestAgeMs }) => seconds(oldestAgeMs)),
  ];
}

function groupFamilies(streams: readonly StreamRow[]): Family[] {
  const rows = streams.flatMap(({ stream, groups }) => groups.map((group) => ({ stream, ...group })));
  const of = ({ stream, group }: (typeof rows)[number]) => ({ stream, group });
  const family = (name: keyof typeof GROUP_SERIES, measure: (row: GroupRow) => number | null) =>
    familyOf(GROUP_SERIES[name], rows, of, measure);
  return [
    family('lag', ({ lag }) => lag),
    family('lagAtLeast', ({ lag, lagAtLeast }) => (lag === null ? lagAtLeast : null)),
    family('lagAtMost', ({ lag, lagAtMost }) => (lag === null ? lagAtMost : null)),
    family('pending', ({ pending }) => pending),
    family('consumers', ({ consumers }) => consumers),
    family('oldestPending', ({ pending, oldestPendingAgeMs }) => {
      return pending === 0 ? 0 : seconds(oldestPendingAgeMs);
    }),
    family('oldestUndelivered', ({ lag, oldestUndeliveredAgeMs }) => {
      return lag === 0 ? 0 : seconds(oldestUndeliveredAgeMs);
    }),
    family('delivered', ({ deliveredPerSecond }) => deliveredPerSecond),
    family('finished', ({ finishedPerSecond }) => finishedPerSecond),
  ];
}

/** Consumers, each a series of its own. */
export function consumerFamilies(consumers: readonly ConsumerFacts[]): Family[] {
  const of = ({ stream, group, consumer }: ConsumerFacts) => ({ stream, group, consumer });
  return [
    familyOf(CONSUMER_SERIES.pending, consumers, of, ({ pending }) => pending),
    familyOf(CONSUMER_SERIES.idle, consumers, of, ({ idleMs }) => seconds(idleMs)),
  ];
}
