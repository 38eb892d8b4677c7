import {
  mastersOf,
  type RedisConnection,
  refuseClusterNode,
  replyCode,
  scanNode,
} from '../../backends/redis/index.ts';

/** What stands where bytes were no UTF-8. */
const REPLACED = '\ufffd';

/** How many keys are asked for at once. */
const AT_ONCE = 200;

/**
 * The keys that match a pattern, each once, by name; of a cluster those of all masters. Throws the raw error of
 * Redis, or `config` REDIS_IS_CLUSTER where one URL leads to a node of a cluster.
 */
export async function findKeys(redis: RedisConnection, pattern: string): Promise<string[]> {
  await refuseClusterNode(redis, `list the keys ${pattern}`);
  const found = await Promise.all(mastersOf(redis).map((node) => scanNode(node, pattern)));
  return [...new Set(found.flat())].sort();
}

/** Whether a name is the name itself: one that is no UTF-8 text cannot be asked for. */
export function isReadable(name: string): boolean {
  return !name.includes(REPLACED);
}

/** Reads one thing after another, some at once, in the order in which they were given. */
export async function readEach<T, R>(items: readonly T[], read: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE)
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(read))));
  return results;
}

/** What a command gives; undefined where the key holds another kind of value. Throws any other error. */
export async function unlessWrongType<T>(reply: Promise<T>): Promise<T | undefined> {
  try {
    return await reply;
  } catch (error) {
    if (replyCode(error) === 'WRONGTYPE') return undefined;
    throw error;
  }
}
