import { mastersOf, type RedisConnection, refuseClusterNode } from '../../src/backends/redis/index.ts';
import type { ResolvedConfig } from '../../src/config/resolve.ts';
import { formatDuration } from '../../src/model/duration.ts';
import {
  BREAKER_INDEX,
  CUTOVER_INDEX,
  cutoverKeys,
  isOwn,
  partitionKeys,
  ROUTE_INDEX,
  RUN_INDEX,
  runKey,
} from '../../src/model/keys.ts';
import { plural } from '../../src/model/plural.ts';
import type { Wanted } from './candidate.ts';
import type { AddName } from './names.ts';

/** The newest runs are those that somebody means. */
const MOST_RUNS = 50;
/** Names that are looked at in an index. */
const MOST_NAMES = 1000;

/** Adds what Redis knows, as it comes. Throws what Redis says. */
export async function addFromRedis(
  redis: RedisConnection,
  wanted: Wanted,
  config: ResolvedConfig,
  add: AddName,
): Promise<void> {
  switch (wanted.kind) {
    case 'stream':
      return addStreams(redis, wanted.begin, add);
    case 'group':
      return addGroups(redis, keyOf(wanted, config), add);
    case 'consumer':
      return addConsumers(redis, wanted, config, add);
    case 'run':
      return addRuns(redis, wanted.begin, RUN_INDEX, runKey, add);
    case 'cutover':
      return addRuns(redis, wanted.begin, CUTOVER_INDEX, (run) => cutoverKeys(run).record, add);
    case 'breaker':
      return addIndexed(redis, BREAKER_INDEX, add);
    case 'route':
      return addIndexed(redis, ROUTE_INDEX, add);
    default:
      return undefined;
  }
}

/** Streams are not kept in an index: all keys are gone through, and a page that was found counts at once. */
async function addStreams(redis: RedisConnection, begin: string, add: AddName): Promise<void> {
  await refuseClusterNode(redis, 'complete names of streams');
  const pattern = `${begin.replace(/[*?[\]\\]/g, '\\$&')}*`;
  await Promise.all(
    mastersOf(redis).map(async (node) => {
      let cursor = '0';
      do {
        const args = [cursor, 'MATCH', pattern, 'COUNT', '1000', 'TYPE', 'stream'];
        const [next, names] = (await node.call('SCAN', ...args)) as [string, string[]];
        cursor = next;
        for (const name of names.sort()) if (!isOwn(name) || isOwn(begin)) add(name);
      } while (cursor !== '0');
    }),
  );
}

/** Of a partitioned stream all partitions have the same groups. */
function keyOf({ stream = '' }: Wanted, { streams }: ResolvedConfig): string {
  return partitionKeys(stream, streams[stream]?.partitions ?? 1)[0]!;
}

async function addGroups({ client }: RedisConnection, stream: string, add: AddName): Promise<void> {
  for (const { name, consumers, pending } of rowsOf(await client.call('XINFO', 'GROUPS', stream)))
    add(String(name), `${consumers} ${plural(Number(consumers), 'consumer')}, ${pending} pending`);
}

async function addConsumers(
  { client }: RedisConnection,
  wanted: Wanted,
  config: ResolvedConfig,
  add: AddName,
): Promise<void> {
  const group = wanted.group ?? config.streams[wanted.stream ?? '']?.group ?? config.defaults.group;
  if (group === undefined) return;
  const reply = await client.call('XINFO', 'CONSUMERS', keyOf(wanted, config), group);
  for (const { name, pending, idle } of rowsOf(reply))
    add(String(name), `${pending} pending, idle for ${formatDuration(Number(idle))}`);
}

/** What XINFO says: names and values in turn. */
function rowsOf(reply: unknown): Record<string, unknown>[] {
  return (reply as unknown[][]).map((row) => {
    const pairs = row.flatMap((name, at) => (at % 2 === 0 ? [[String(name), row[at + 1]] as const] : []));
    return Object.fromEntries(pairs);
  });
}

async function addRuns(
  { client }: RedisConnection,
  begin: string,
  index: string,
  keyOfRun: (run: string) => string,
  add: AddName,
): Promise<void> {
  const newest = await client.zrevrange(index, 0, MOST_NAMES - 1);
  const runs = newest.filter((run) => run.startsWith(begin)).slice(0, MOST_RUNS);
  const states = await Promise.all(runs.map((run) => client.hget(keyOfRun(run), 'state').catch(() => null)));
  for (const [at, run] of runs.entries()) add(run, states[at] ?? undefined);
}

async function addIndexed({ client }: RedisConnection, index: string, add: AddName): Promise<void> {
  const names = (await client.call('ZRANGE', index, '0', String(MOST_NAMES - 1))) as string[];
  for (const name of names.sort()) add(name);
}
