import type { RedisConnection } from '../backends/redis/index.ts';
import { BREAKER_EVENTS, breakerKeys } from '../model/keys.ts';

const MOST_EVENTS = 10_000;

/**
 * On a cluster a script cannot write the stream of all events, which lies in another slot: brings what waits beside
 * the breaker there. Whoever cannot, or dies in between, leaves it to the next; an event that is then there twice has the
 * same `breaker` and `seq`.
 */
export async function forwardEvents({ client, kind }: RedisConnection, name: string): Promise<void> {
  if (kind !== 'cluster') return;
  await bring(client, breakerKeys(name).outbox).catch(() => undefined);
}

async function bring(client: RedisConnection['client'], outbox: string): Promise<void> {
  for (const [id, fields] of await client.xrange(outbox, '-', '+')) {
    await client.xadd(BREAKER_EVENTS, 'MAXLEN', '~', MOST_EVENTS, '*', ...fields);
    await client.xdel(outbox, id);
  }
}
