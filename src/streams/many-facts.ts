import type { RedisConnection } from '../backends/redis/index.ts';
import { isQctlError } from '../errors.ts';
import { UNREADABLE } from './dead-letters.ts';
import { readFacts, type StreamFacts } from './facts.ts';

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

const AT_ONCE = 100;

/** Looks at many streams, cheaply enough for once a second. Throws what `readFacts` does, but for streams refused one by one. */
export async function readManyFacts(
  redis: RedisConnection,
  streams: readonly string[],
  { memory, countEach = 0, countAll = Number.POSITIVE_INFINITY, heard }: ManyFactsOptions = {},
): Promise<ManyFacts> {
  const found: ManyFacts = { facts: [], denied: [] };
  let counted = 0;
  for (let at = 0; at < streams.length; at += AT_ONCE) {
    const some = streams.slice(at, at + AT_ONCE);
    const count = counted < countAll ? countEach : Math.min(countEach, 1);
    const looks = await Promise.all(some.map((stream) => look(redis, stream, { memory, count })));
    heard?.();
    for (const [nth, one] of looks.entries()) {
      if (one === 'denied') found.denied.push(some[nth]!);
      else if (one) found.facts.push(one);
    }
    counted += countedIn(found.facts.slice(-some.length));
  }
  return found;
}

async function look(
  redis: RedisConnection,
  stream: string,
  options: { memory?: boolean; count: number },
): Promise<StreamFacts | 'denied' | undefined> {
  try {
    return await readFacts(redis, stream, options);
  } catch (error) {
    if (!isQctlError(error) || !UNREADABLE.has(error.code)) throw error;
    // Since it was listed another kind of value may have taken its place.
    return error.code === 'REDIS_NOPERM' ? 'denied' : undefined;
  }
}

/** What lies behind several groups was counted once. */
function countedIn(facts: readonly StreamFacts[]): number {
  return facts.reduce(
    (sum, { groups }) => sum + groups.reduce((most, { counted }) => Math.max(most, counted?.count ?? 0), 0),
    0,
  );
}
