import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { countEntries, type Work } from '../../src/streams/index.ts';
import { startRedis } from '../support/redis.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: RedisConnection;
beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());

async function streamOf(count: number, bytes = 1, on = redis): Promise<string> {
  const stream = uniqueName('count');
  const body = 'x'.repeat(bytes);
  for (let from = 1; from <= count; from += 1000) {
    const pipeline = on.client.pipeline();
    for (let id = from; id < from + 1000 && id <= count; id += 1)
      pipeline.xadd(stream, `${id}-0`, 'body', body);
    await pipeline.exec();
  }
  return stream;
}

test('entries are counted over many pages, whatever the range', async () => {
  const stream = await streamOf(5000);
  const counts = (from: string, to: string, limit?: number) =>
    countEntries(redis, stream, from, to, { limit });
  expect(await counts('-', '+')).toEqual({ count: 5000, complete: true, lastId: '5000-0' });
  expect(await counts('(1-0', '+')).toEqual({ count: 4999, complete: true, lastId: '5000-0' });
  expect(await counts('(1-0', '(5000-0')).toEqual({ count: 4998, complete: true, lastId: '4999-0' });
  expect(await counts('7', '7')).toEqual({ count: 1, complete: true, lastId: '7-0' });
  expect(await counts('6000', '+')).toEqual({ count: 0, complete: true, lastId: null });
  expect(await countEntries(redis, uniqueName('none'), '-', '+')).toEqual({
    count: 0,
    complete: true,
    lastId: null,
  });
});

test('a limit ends the count at that number, and it says that there may be more', async () => {
  const stream = await streamOf(2500);
  const counts = (limit: number) => countEntries(redis, stream, '-', '+', { limit });
  expect(await counts(0)).toEqual({ count: 0, complete: false, lastId: null });
  expect(await counts(1)).toEqual({ count: 1, complete: false, lastId: '1-0' });
  expect(await counts(2499)).toEqual({ count: 2499, complete: false, lastId: '2499-0' });
  expect(await counts(2501)).toEqual({ count: 2500, complete: true, lastId: '2500-0' });
});

test('bodies of a megabyte do not fill the memory of the server', async () => {
  const server = await startRedis();
  const own = await connectRedis({ url: server.url });
  try {
    const stream = await streamOf(100, 1000, own);
    for (let id = 200; id < 300; id += 1)
      await own.client.xadd(stream, `${id}-0`, 'body', Buffer.alloc(1_000_000));
    const peak = async () => Number(/used_memory_peak:(\d+)/.exec(await own.client.info('memory'))![1]);
    const before = await peak();
    expect((await countEntries(own, stream, '-', '+')).count).toBe(200);
    // The whole stream would be another 100 MB.
    expect((await peak()) - before).toBeLessThan(60_000_000);
  } finally {
    await own.close();
    await server.stop();
  }
});

test('a count that is stopped says how far it came', async () => {
  const stream = await streamOf(3000);
  const stop = new AbortController();
  const work: Work = { signal: stop.signal, waiting: () => undefined };
  const client = new Proxy(redis.client, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (name === 'evalsha') stop.abort();
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const counted = await countEntries({ ...redis, client }, stream, '-', '+', { work });
  expect(counted).toEqual({ count: 2000, complete: false, lastId: '2000-0' });
});
