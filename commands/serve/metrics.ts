import type { RedisConnection } from '../../src/backends/redis/index.ts';
import { type ConsumerFacts, metricsText, type Seen, type Snapshot } from '../../src/overview/index.ts';
import { readConsumers } from '../../src/streams/index.ts';
import type { Context } from '../context.ts';

const AT_ONCE = 50;

/**
 * What Prometheus is told of each look.
 *
 * @param consumers they are asked for as well, with one command for each group
 */
export function metricsOf(
  context: Context,
  consumers: boolean,
): (seen: Seen, viewers: number) => Promise<string> {
  const { version } = context;
  return async (seen, viewers) => {
    const about = { version, viewers };
    if (!consumers || !seen.snapshot || seen.away) return metricsText(seen, about);
    return metricsText(seen, { ...about, consumers: await readFacts(await context.redis(), seen.snapshot) });
  };
}

/** A group that is gone by now, or that this user may not look at, is left out. */
async function readFacts(redis: RedisConnection, { streams }: Snapshot): Promise<ConsumerFacts[]> {
  const all = streams.flatMap(({ stream, groups }) => groups.map(({ group }) => ({ stream, group })));
  const facts: ConsumerFacts[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const some = all.slice(at, at + AT_ONCE).map(async ({ stream, group }) => {
      const members = await readConsumers(redis, stream, group).catch(() => []);
      return members.map(({ consumer, pending, idleMs }) => ({ stream, group, consumer, pending, idleMs }));
    });
    facts.push(...(await Promise.all(some)).flat());
  }
  return facts;
}
