import type { RedisConnection } from '../../backends/redis/index.ts';
import { plural } from '../../model/plural.ts';
import { judgeLag, measureLag, readFacts, type StreamFacts } from '../../streams/index.ts';
import { counted, type Probe } from './probe.ts';

/** Counting entry by entry that is no longer wanted. */
const QUIET = { signal: new AbortController().signal, waiting: () => undefined };

/**
 * Entries that the slowest group has not been given yet, over all streams of the target. Where a stream
 * lacks a group that another has, or has none at all, all its entries wait for somebody.
 */
export function lagProbe(redis: RedisConnection, streams: readonly string[], limit: number): Probe {
  return {
    brake: 'max-lag',
    limit,
    look: async () => {
      const facts = await Promise.all(streams.map((stream) => readFacts(redis, stream)));
      const found = facts.filter((one) => one !== undefined);
      const groups = [...new Set(found.flatMap((one) => one.groups.map(({ group }) => group)))];
      if (groups.length === 0) {
        const length = found.reduce((sum, one) => sum + one.length, 0);
        return counted(
          length,
          limit,
          `no group reads the stream, whose ${length} ${plural(length, 'entry')} ${plural(length, 'waits')}; ${atMost(limit)}`,
        );
      }
      const slowest = await slowestOf(redis, found, groups, limit);
      return counted(
        slowest.lag,
        limit,
        `group ${slowest.group} lags by ${slowest.lag} ${plural(slowest.lag, 'entry')}; ${atMost(limit)}`,
      );
    },
  };
}

function atMost(limit: number): string {
  return `at most ${limit} may`;
}

async function slowestOf(
  redis: RedisConnection,
  streams: StreamFacts[],
  groups: string[],
  limit: number,
): Promise<{ group: string; lag: number }> {
  let slowest = { group: groups[0]!, lag: -1 };
  for (const group of groups) {
    let lag = 0;
    for (const facts of streams) lag += await lagOf(redis, facts, group, limit);
    if (lag > slowest.lag) slowest = { group, lag };
  }
  return slowest;
}

/** Never too low: where the lag is not known it is counted, up to the limit, and where that ends it is at least the limit. */
async function lagOf(
  redis: RedisConnection,
  facts: StreamFacts,
  name: string,
  limit: number,
): Promise<number> {
  const group = facts.groups.find((one) => one.group === name);
  if (!group) return facts.length;
  const judged = judgeLag(facts, group);
  if (judged.lag !== null) return judged.lag;
  if (judged.atMost < limit) return judged.atMost;
  const measured = await measureLag(redis, facts, group, {
    limit: limit + 1,
    work: { ...QUIET, patienceMs: 0 },
  });
  return measured.lag ?? measured.atLeast;
}
