import type { RedisConnection } from '../backends/redis/index.ts';
import { compareStreamIds } from '../model/stream-id.ts';
import type { StreamFacts } from './facts.ts';
import { type Cut, firstNeeded, type TrimPlan, whereBelow, whereToKeep } from './trim-plan.ts';
import type { Work } from './work.ts';

/** How much of a stream is to stay; of two bounds the one that cuts more holds. */
export interface Retention {
  maxLen?: number;
  maxAgeMs?: number;
}

/** Counts to the end. */
const ALL = Number.POSITIVE_INFINITY;

/** What of the entries beyond a retention may go. */
export interface RetentionPlan extends TrimPlan {
  /** The group because of which entries beyond the retention stay; null where none has to. */
  heldBy: string | null;
  /** True where as many were counted as were asked for: more may lie behind them. */
  more: boolean;
}

/**
 * Counts what lies beyond the retention and is finished by every group: what a group still needs, and all behind it,
 * stays whatever its age. So the plan takes nothing from anybody. Changes nothing.
 *
 * @param most no more than so many are counted, the oldest; default: all
 */
export async function planRetention(
  redis: RedisConnection,
  facts: StreamFacts,
  { maxLen, maxAgeMs }: Retention,
  work: Work,
  most = ALL,
): Promise<RetentionPlan> {
  const { stream, timeMs, length, firstId, groups } = facts;
  const needed = firstId === null ? null : await firstNeeded(redis, facts);
  const oldest = maxAgeMs === undefined ? null : `${Math.max(0, timeMs - maxAgeMs)}-0`;
  const aged = oldest !== null && needed !== null && compareStreamIds(needed.id, oldest) < 0;
  const nothing: Cut = { below: null, cut: 0, length };
  const kept =
    maxLen === undefined
      ? nothing
      : await whereToKeep(redis, facts, maxLen, work, { until: needed?.id ?? null, most });
  const young =
    oldest === null ? nothing : await whereBelow(redis, facts, aged ? needed.id : oldest, work, most);
  const chosen = young.cut > kept.cut ? young : kept;
  const more = chosen.cut >= most;
  const tooLong = !more && maxLen !== undefined && needed !== null && kept.length - kept.cut > maxLen;
  return {
    stream,
    ...chosen,
    neededFrom: needed?.id ?? null,
    losses: [],
    groups: groups.length,
    heldBy: aged || tooLong ? needed.group : null,
    more,
  };
}
