import type { RedisConnection } from '../backends/redis/index.ts';
import { asking } from './asking.ts';
import type { ClaimRequest } from './claim.ts';
import type { ClaimTarget } from './claim-target.ts';
import type { GroupFacts, StreamFacts } from './facts.ts';
import { scanPending } from './pending.ts';
import type { Work } from './work.ts';

/** What a claim would do. */
export interface ClaimPlan {
  stream: string;
  group: string;
  /** Null where nothing is pending and nobody was named. */
  to: ClaimTarget | null;
  minIdleMs: number;
  /** Only entries of this consumer; null: of all. */
  from: string | null;
  /** Chosen ids; null: all that are idle for long enough. */
  ids: number | null;
  /** Entries pending in all. */
  pending: number;
  /** How many would be claimed, their messages trimmed away included; null where it was not counted. */
  claim: number | null;
  /** How many would become dead letters; null where it was not counted. */
  deadLetter: number | null;
  deadLetterStream: string | null;
  maxDeliveries: number | null;
}

/**
 * Counts what a claim would do. Changes nothing.
 *
 * @param count false leaves the counts unknown: going through a million pending entries takes seconds
 */
export async function planClaim(
  redis: RedisConnection,
  facts: StreamFacts,
  group: GroupFacts,
  request: ClaimRequest,
  to: ClaimTarget | null,
  { count, work }: { count: boolean; work?: Work },
): Promise<ClaimPlan> {
  const { maxDeliveries, from, ids, minIdleMs } = request;
  const plan: ClaimPlan = {
    stream: facts.stream,
    group: group.group,
    to,
    minIdleMs,
    from: from ?? null,
    ids: ids?.length ?? null,
    pending: group.pending,
    claim: null,
    deadLetter: null,
    deadLetterStream: maxDeliveries === undefined ? null : request.deadLetter,
    maxDeliveries: maxDeliveries ?? null,
  };
  if (group.pending === 0) return { ...plan, claim: 0, deadLetter: 0 };
  if (!count) return plan;
  if (ids) return { ...plan, ...(await countChosen(redis, request, ids)) };
  const last = (maxDeliveries ?? Number.POSITIVE_INFINITY) - 1;
  const deliveryBounds = maxDeliveries === undefined ? [] : [last];
  const filter = { consumer: from, minIdleMs };
  const scan = await scanPending(redis, facts.stream, group.group, filter, { deliveryBounds, work });
  plan.claim = scan.deliveries[0]!.count;
  plan.deadLetter = maxDeliveries === undefined ? 0 : scan.deliveries[1]!.count;
  return plan;
}

const AT_ONCE = 100;

async function countChosen(
  redis: RedisConnection,
  { stream, group, minIdleMs, maxDeliveries = Number.POSITIVE_INFINITY }: ClaimRequest,
  ids: readonly string[],
): Promise<{ claim: number; deadLetter: number }> {
  const counts = { claim: 0, deadLetter: 0 };
  const look = (id: string) => redis.client.call('XPENDING', stream, group, id, id, '1');
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const rows = (await asking(redis, `look at the pending entries of ${stream} ${group}`, () =>
      Promise.all(ids.slice(at, at + AT_ONCE).map(look)),
    )) as [string, string, number, number][][];
    for (const [, , idleMs, deliveries] of rows.flat())
      if (idleMs >= minIdleMs) counts[deliveries >= maxDeliveries ? 'deadLetter' : 'claim'] += 1;
  }
  return counts;
}
