import { type RedisConnection, replyCode, runScript } from '../backends/redis/index.ts';
import { manyStreamFacts } from '../backends/redis/scripts/stream-facts.ts';
import { isQctlError } from '../errors.ts';
import { asking } from './asking.ts';
import { UNREADABLE } from './dead-letters.ts';
import { type FactsReply, MOST_BYTES, readFacts, type StreamFacts, toFacts } from './facts.ts';

/** How {@link readManyFacts} looks. */
export interface ManyFactsOptions {
  memory?: boolean;
  /** Counts no further behind the groups of one stream, see `readFacts`; default 0. */
  countEach?: number;
  /** Once so many were counted the other streams are not counted any more. Default: no end. */
  countAll?: number;
  /** Called with each answer of Redis. */
  heard?: () => void;
}

/** What {@link readManyFacts} has found; streams that are gone stand nowhere. */
export interface ManyFacts {
  /** In the order of the names. */
  facts: StreamFacts[];
  /** Streams that this user may not read. */
  denied: string[];
}

type Found = StreamFacts | 'denied' | undefined;

/** Redis looks at so many in one go, some milliseconds. */
const IN_ONE_SCRIPT = 50;
/** So many scripts at once, where each stream has its own. */
const SCRIPTS_AT_ONCE = 100;

/**
 * Looks at many streams, cheaply enough for once a second: many in one script, but on a cluster, where they lie in
 * different slots. Throws what `readFacts` does, but for what is wrong with one stream.
 */
export async function readManyFacts(
  redis: RedisConnection,
  streams: readonly string[],
  options: ManyFactsOptions = {},
): Promise<ManyFacts> {
  const { countEach = 0, countAll = Number.MAX_SAFE_INTEGER } = options;
  const found: ManyFacts = { facts: [], denied: [] };
  const atOnce = redis.kind === 'cluster' ? SCRIPTS_AT_ONCE : IN_ONE_SCRIPT;
  let left = countAll;
  for (let at = 0; at < streams.length; at += atOnce) {
    const some = streams.slice(at, at + atOnce);
    const limits = { memory: options.memory ?? false, each: countEach, all: Math.max(left, 0) };
    const looks = await (redis.kind === 'cluster' ? apart : together)(redis, some, limits);
    options.heard?.();
    for (const [nth, one] of looks.entries()) {
      if (one === 'denied') found.denied.push(some[nth]!);
      else if (one) found.facts.push(one);
      if (typeof one === 'object') left -= countedIn(one);
    }
  }
  return found;
}

interface Limits {
  memory: boolean;
  each: number;
  all: number;
}

async function together(
  redis: RedisConnection,
  streams: readonly string[],
  { memory, each, all }: Limits,
): Promise<Found[]> {
  const args = [memory ? '1' : '0', each, all, MOST_BYTES];
  try {
    const replies = (await asking(redis, `look at ${streams.length} streams`, () =>
      runScript(redis.client, manyStreamFacts, [...streams], args),
    )) as (FactsReply | Error | null)[];
    return replies.map((reply, nth) => found(streams[nth]!, reply));
  } catch (error) {
    // One of them may refuse the script for all.
    if (isQctlError(error) && error.code === 'REDIS_NOPERM')
      return apart(redis, streams, { memory, each, all });
    throw error;
  }
}

function found(stream: string, reply: FactsReply | Error | null): Found {
  if (reply === null) return undefined;
  if (!(reply instanceof Error)) return toFacts(stream, reply);
  // Since it was listed another kind of value may have taken its place.
  return replyCode(reply) === 'NOPERM' ? 'denied' : undefined;
}

function apart(
  redis: RedisConnection,
  streams: readonly string[],
  { memory, each, all }: Limits,
): Promise<Found[]> {
  const count = all > 0 ? each : Math.min(each, 1);
  return Promise.all(streams.map((stream) => look(redis, stream, { memory, count })));
}

async function look(
  redis: RedisConnection,
  stream: string,
  options: { memory: boolean; count: number },
): Promise<Found> {
  try {
    return await readFacts(redis, stream, options);
  } catch (error) {
    if (!isQctlError(error) || !UNREADABLE.has(error.code)) throw error;
    return error.code === 'REDIS_NOPERM' ? 'denied' : undefined;
  }
}

/** What lies behind several groups was counted once. */
function countedIn({ groups }: StreamFacts): number {
  return groups.reduce((most, { counted }) => Math.max(most, counted?.count ?? 0), 0);
}
