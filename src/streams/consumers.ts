import type { RedisConnection } from '../backends/redis/index.ts';
import { streamIdAgeMs } from '../model/stream-id.ts';
import { asking } from './asking.ts';
import type { StreamFacts } from './facts.ts';

/** One member of a consumer group. */
export interface Consumer {
  consumer: string;
  pending: number;
  /** Since it last asked for entries; one that blocks on a quiet stream looks idle. */
  idleMs: number;
  /** Since it last got an entry; null before Redis 7.2, and where it never did. */
  inactiveMs: number | null;
}

/** The members of a group, by name. Throws `failed` REDIS_NOGROUP where there is no such group. */
export async function readConsumers(
  redis: RedisConnection,
  stream: string,
  group: string,
): Promise<Consumer[]> {
  const rows = (await asking(redis, `list the consumers of ${stream} ${group}`, () =>
    redis.client.call('XINFO', 'CONSUMERS', stream, group),
  )) as unknown[][];
  return rows.map(toConsumer).sort((a, b) => (a.consumer < b.consumer ? -1 : 1));
}

function toConsumer(row: unknown[]): Consumer {
  const value = (name: string): unknown =>
    row[row.findIndex((part, at) => at % 2 === 0 && part === name) + 1];
  const inactive = row.some((part, at) => at % 2 === 0 && part === 'inactive')
    ? Number(value('inactive'))
    : -1;
  return {
    consumer: String(value('name')),
    pending: Number(value('pending')),
    idleMs: Number(value('idle')),
    inactiveMs: inactive < 0 ? null : inactive,
  };
}

/** A consumer that is idle for longer than this is not at work, where the configuration says nothing else. */
export const IDLE_MS = 300_000;

/**
 * `active`: it asked for entries lately. `idle`: it did not, and holds nothing. `stuck`: it did not, and
 * holds entries that nobody else gets.
 */
export type ConsumerVerdict = 'active' | 'idle' | 'stuck';

/** One member of a group, judged. */
export interface Member extends Consumer {
  /** Null where nothing is pending. */
  oldestPendingId: string | null;
  /** By the server's clock, from when the entry was added; null where the id is no time. */
  oldestPendingAgeMs: number | null;
  verdict: ConsumerVerdict;
}

/** Judges a consumer by when it last asked for entries. */
export function judgeConsumer(
  { pending, idleMs }: Pick<Consumer, 'pending' | 'idleMs'>,
  maxIdleMs = IDLE_MS,
): ConsumerVerdict {
  if (idleMs < maxIdleMs) return 'active';
  return pending > 0 ? 'stuck' : 'idle';
}

/** The members of a group by name, each with the oldest entry that it has not acknowledged. */
export async function readMembers(
  redis: RedisConnection,
  { stream, timeMs }: Pick<StreamFacts, 'stream' | 'timeMs'>,
  group: string,
  maxIdleMs = IDLE_MS,
): Promise<Member[]> {
  const members: Member[] = [];
  const consumers = await readConsumers(redis, stream, group);
  for (let at = 0; at < consumers.length; at += AT_ONCE) {
    const some = consumers.slice(at, at + AT_ONCE).map(async (consumer) => {
      const oldestPendingId = await oldestPending(redis, stream, group, consumer);
      const oldestPendingAgeMs = streamIdAgeMs(oldestPendingId, timeMs);
      return {
        ...consumer,
        oldestPendingId,
        oldestPendingAgeMs,
        verdict: judgeConsumer(consumer, maxIdleMs),
      };
    });
    members.push(...(await Promise.all(some)));
  }
  return members;
}

const AT_ONCE = 250;

async function oldestPending(
  redis: RedisConnection,
  stream: string,
  group: string,
  { consumer, pending }: Consumer,
): Promise<string | null> {
  if (pending === 0) return null;
  const rows = (await asking(redis, `look at the pending entries of ${stream} ${group}`, () =>
    redis.client.call('XPENDING', stream, group, '-', '+', '1', consumer),
  )) as [string][];
  return rows[0]?.[0] ?? null;
}
