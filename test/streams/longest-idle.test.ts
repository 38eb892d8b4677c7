import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { longestIdle } from '../../src/streams/index.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: RedisConnection;
const stream = uniqueName('orders');
const DAY = 86_400_000;

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
  const { client } = redis;
  await client.xgroup('CREATE', stream, 'workers', '0', 'MKSTREAM');
  await client.xgroup('CREATE', stream, 'idlers', '$');
  for (let i = 1; i <= 2001; i += 1) void client.xadd(stream, `${i}-0`, 'n', i);
  await client.xreadgroup('GROUP', 'workers', 'c', 'COUNT', 2001, 'STREAMS', stream, '>');
});
afterAll(async () => {
  await redis.client.del(stream);
  await redis.close();
});

test.each([1, 1000, 1001, 2001])('the entry that was idle for longest is found as number %d', async (at) => {
  await redis.client.call('XCLAIM', stream, 'workers', 'c', 0, `${at}-0`, 'IDLE', 3 * DAY, 'JUSTID');
  const { idleMs, complete } = await longestIdle(redis, stream, 'workers');
  await redis.client.call('XCLAIM', stream, 'workers', 'c', 0, `${at}-0`, 'IDLE', 0, 'JUSTID');
  expect(complete).toBe(true);
  expect(idleMs).toBeGreaterThanOrEqual(3 * DAY);
  expect(idleMs).toBeLessThan(3 * DAY + 60_000);
});

test('where nothing is pending there is none', async () => {
  expect(await longestIdle(redis, stream, 'idlers')).toEqual({ idleMs: null, complete: true });
});

test('a search that is ended says that it is not complete', async () => {
  const work = { signal: AbortSignal.abort(), waiting: () => undefined };
  expect(await longestIdle(redis, stream, 'workers', work)).toEqual({ idleMs: null, complete: false });
});

test('a group that is not there is an error that says so', async () => {
  await expect(longestIdle(redis, stream, 'none')).rejects.toMatchObject({
    message: expect.stringContaining(`cannot look at the pending entries of ${stream} none`),
  });
});
