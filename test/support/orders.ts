import { Redis } from 'ioredis';

const ENTRIES = 1500;
const DELIVERED = 1200;
const HELD_BY_DEAD = 312;
const FAILED_OFTEN = 14;
const IDLE_MS = 720_000;
const AGE_MS = 900_000;

/**
 * A stream `orders` as an operator finds it at night: of group `workers`, worker-1 died twelve minutes ago
 * with 312 entries pending, 14 of them delivered three times; worker-2 is at work, and 300 entries wait.
 */
export async function fillOrders(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  try {
    const ids = await addOrders(redis);
    await redis.xgroup('CREATE', 'orders', 'workers', '0');
    await redis.xreadgroup('GROUP', 'workers', 'worker-1', 'COUNT', HELD_BY_DEAD, 'STREAMS', 'orders', '>');
    await leaveBehind(redis, ids.slice(0, FAILED_OFTEN), 3);
    await leaveBehind(redis, ids.slice(FAILED_OFTEN, HELD_BY_DEAD), 1);
    const rest = DELIVERED - HELD_BY_DEAD;
    await redis.xreadgroup('GROUP', 'workers', 'worker-2', 'COUNT', rest, 'STREAMS', 'orders', '>');
    await redis.xack('orders', 'workers', ...ids.slice(HELD_BY_DEAD, DELIVERED - 3));
  } finally {
    redis.disconnect();
  }
}

async function addOrders(redis: Redis): Promise<string[]> {
  const pipeline = redis.pipeline();
  const first = Date.now() - AGE_MS;
  for (let n = 1; n <= ENTRIES; n += 1) {
    const body = JSON.stringify({ order: n, customer: `c-${n % 97}`, total: (n * 7) % 500 });
    pipeline.xadd('orders', `${first + n}-0`, 'id', String(n), 'body', body, 'type', 'order.created');
  }
  const replies = await pipeline.exec();
  return replies!.map(([, id]) => String(id));
}

function leaveBehind(redis: Redis, ids: string[], deliveries: number): Promise<unknown> {
  const how = ['IDLE', IDLE_MS, 'RETRYCOUNT', deliveries, 'JUSTID'];
  return redis.call('XCLAIM', 'orders', 'workers', 'worker-1', 0, ...ids, ...how);
}
