import type { RedisConnection } from '../backends/redis/index.ts';
import { type GroupFacts, readFacts, resolveStreams, type StreamFacts, type Work } from '../streams/index.ts';
import type { Measuring } from './metric.ts';

/** A stream that is looked at: one, the partitions of one, or all that match a pattern. */
export interface Looked {
  redis: RedisConnection;
  /** Of those that are there. */
  facts: StreamFacts[];
  /** For reading page by page. */
  work: Work;
}

/** Looks at what a name means. A Redis that is away is an error at once: it is measured again soon enough. */
export async function lookAtStreams(
  { doors, signal }: Measuring,
  stream: string,
  count = 0,
): Promise<Looked> {
  const [redis, { streams }] = await Promise.all([doors.redis(), doors.config()]);
  const named = await resolveStreams(redis, streams, stream);
  const looks = await Promise.all(named.map((one) => readFacts(redis, one.stream, { count })));
  return { redis, facts: looks.filter((one) => one !== undefined), work: workOf(signal) };
}

/** Work that nobody is told of, and that waits for nothing. */
export function workOf(signal: AbortSignal): Work {
  return { signal, waiting: () => undefined, patienceMs: 0 };
}

/**
 * Adds up what is measured of a group in each partition. Null where it is not known of one of them, where one has no
 * such group, and where there is no stream.
 */
export async function sumOverGroup(
  { facts }: Looked,
  group: string,
  measure: (facts: StreamFacts, group: GroupFacts) => number | null | Promise<number | null>,
  join: (a: number, b: number) => number = (a, b) => a + b,
): Promise<number | null> {
  if (facts.length === 0) return null;
  let total = 0;
  for (const one of facts) {
    const found = one.groups.find((candidate) => candidate.group === group);
    const value = found ? await measure(one, found) : null;
    if (value === null) return null;
    total = join(total, value);
  }
  return total;
}

/** Far beyond what anybody wants to be told exactly. */
export const MOST_COUNTED = 1_000_000;
/** So many are counted while Redis looks at the stream. */
export const COUNTED_AT_ONCE = 1000;
