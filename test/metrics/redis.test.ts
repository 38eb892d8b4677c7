import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { operateBreaker } from '../../src/breaker/index.ts';
import { startRedis } from '../support/redis.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { measuring } from './measuring.ts';

let redis: RedisConnection;
let measure: ReturnType<typeof measuring>;

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
  measure = measuring({ redis: async () => redis });
});
afterAll(() => redis?.close());

async function filled(entries: number, groups: string[] = []): Promise<string> {
  const stream = uniqueName('metric');
  await add(stream, entries);
  for (const group of groups) await redis.client.xgroup('CREATE', stream, group, '0');
  return stream;
}

async function add(stream: string, entries: number): Promise<void> {
  for (let n = 0; n < entries; n += 1) await redis.client.xadd(stream, '*', 'n', String(n));
}

const read = (stream: string, group: string, count: number) =>
  redis.client.xreadgroup('GROUP', group, 'c1', 'COUNT', count, 'STREAMS', stream, '>');

test('lag and pending of a group', async () => {
  const stream = await filled(5, ['workers']);
  await read(stream, 'workers', 2);
  const of = { stream, group: 'workers' };
  expect(await measure('redis.lag', of)).toBe(3);
  expect(await measure('redis.pending', of)).toBe(2);
  expect(await measure('redis.pending', { ...of, minIdle: '1h' })).toBe(0);
  expect(await measure('redis.oldestPending', of)).toBeGreaterThanOrEqual(0);
});

test('a lag that Redis does not know is counted', async () => {
  const stream = await filled(5, ['workers']);
  await read(stream, 'workers', 1);
  const [entries] = [await redis.client.xrange(stream, '-', '+')];
  await redis.client.xdel(stream, entries[2]![0]);
  expect(await measure('redis.lag', { stream, group: 'workers' })).toBe(3);
});

test('without a stream or a group there is no number, and never 0', async () => {
  const stream = await filled(3);
  for (const metric of ['redis.lag', 'redis.pending', 'redis.oldestPending', 'stream.oldestAge']) {
    expect(await measure(metric, { stream, group: 'nobody' })).toBeNull();
    expect(await measure(metric, { stream: uniqueName('none'), group: 'nobody' })).toBeNull();
  }
  expect(await measure('stream.length', { stream: uniqueName('none') })).toBeNull();
  expect(await measure('stream.rate', { stream: uniqueName('none') })).toBeNull();
});

test('a partitioned stream is measured as a whole, and a partition without the group leaves it unknown', async () => {
  const stream = uniqueName('parts');
  await add(`${stream}:{0}`, 2);
  await add(`${stream}:{1}`, 3);
  await redis.client.xgroup('CREATE', `${stream}:{0}`, 'workers', '0');
  const config = async () => ({ sources: {}, streams: { [stream]: { partitions: 2 } } });
  const ofParts = measuring({ redis: async () => redis, config });
  expect(await ofParts('stream.length', { stream })).toBe(5);
  expect(await ofParts('redis.lag', { stream, group: 'workers' })).toBeNull();
  await redis.client.xgroup('CREATE', `${stream}:{1}`, 'workers', '0');
  expect(await ofParts('redis.lag', { stream, group: 'workers' })).toBe(5);
});

test('the age of the oldest entry, and of the oldest that a group waits for', async () => {
  const stream = uniqueName('old');
  const now = Date.now();
  for (const age of [60_000, 30_000, 10_000]) await redis.client.xadd(stream, `${now - age}-0`, 'n', '1');
  await redis.client.xgroup('CREATE', stream, 'workers', '0');
  await read(stream, 'workers', 2);
  const within = (low: number) => expect.toSatisfy((age: number) => age >= low && age < low + 9000);
  expect(await measure('stream.oldestAge', { stream })).toEqual(within(60_000));
  expect(await measure('stream.oldestAge', { stream, group: 'workers' })).toEqual(within(10_000));
  await read(stream, 'workers', 2);
  expect(await measure('stream.oldestAge', { stream, group: 'workers' })).toBe(0);
});

test('a rate is that between two measurements; the first takes its time', async () => {
  const stream = await filled(3);
  const first = measure('stream.rate', { stream, over: '50ms' });
  expect(await first).toBe(0);
  await add(stream, 10);
  const rate = (await measure('stream.rate', { stream, over: '50ms' })) as number;
  expect(rate).toBeGreaterThan(0);
  expect(rate).toBeLessThanOrEqual(10 / 0.05);
  await redis.client.del(stream);
  await add(stream, 1);
  expect(await measure('stream.rate', { stream, over: '50ms' })).toBeNull();
});

test('dead letters that are not there yet are none, and those of a stream that nobody knows are an error', async () => {
  const stream = await filled(1);
  expect(await measure('dlq.length', { stream })).toBe(0);
  expect(await measure('dlq.rate', { stream, over: '20ms' })).toBe(0);
  await add(`${stream}:dead`, 2);
  expect(await measure('dlq.length', { stream })).toBe(2);
  expect(await measure('dlq.rate', { stream, over: '20ms' })).toBeGreaterThan(0);
  await expect(measure('dlq.length', { stream: uniqueName('none') })).rejects.toMatchObject({
    code: 'STREAM_MISSING',
  });
});

test('counters of other programs', async () => {
  const key = uniqueName('counter');
  await redis.client.set(key, '42');
  await redis.client.hset(`${key}:h`, 'processed', '1.5', 'mode', 'live');
  expect(await measure('redis.value', { key })).toBe(42);
  expect(await measure('redis.value', { key: `${key}:h`, field: 'processed' })).toBe(1.5);
  expect(await measure('redis.value', { key: `${key}:h`, field: 'mode' })).toBe('live');
  expect(await measure('redis.value', { key: `${key}:none` })).toBeNull();
  await expect(measure('redis.value', { key: `${key}:h` })).rejects.toThrow(`read key ${key}:h`);
});

test('memory in bytes; as a part of a maxmemory that is not set there is no number', async () => {
  expect(await measure('redis.memory', {})).toBeGreaterThan(100_000);
  expect(await measure('redis.memory', { as: 'part' })).toBeNull();
});

test('the state of a breaker as calls meet it', async () => {
  const name = uniqueName('cb');
  const by = { by: 'test', host: 'here', reason: 'test' };
  expect(await measure('breaker.state', { name })).toBeNull();
  await operateBreaker(redis, name, { verb: 'trip' }, by);
  expect(await measure('breaker.state', { name })).toBe('open');
  await operateBreaker(redis, name, { verb: 'hold', mode: 'closed' }, by);
  expect(await measure('breaker.state', { name })).toBe('closed');
  await operateBreaker(redis, name, { verb: 'release' }, by);
  await operateBreaker(redis, name, { verb: 'reset' }, by);
  expect(await measure('breaker.state', { name })).toBe('closed');
});

test('a Redis that is away is an error at once, not a number', async () => {
  const gone = await connectRedis({ url: sharedRedisUrl() });
  await gone.close();
  const away = measuring({ redis: async () => gone });
  await expect(away('stream.length', { stream: 'x' })).rejects.toThrow('look at stream x');
});

test('whether Redis is up: also one that keeps silent, or is gone', async () => {
  const server = await startRedis();
  const redis = await connectRedis({ url: server.url, connectTimeoutMs: 500 });
  const up = () => measuring({ redis: async () => redis })('redis.up', { within: '300ms' });
  expect(await up()).toBe(1);
  server.pause();
  expect(await up()).toBe(0);
  server.resume();
  await server.kill9();
  expect(await waitFor(async () => (await up()) === 0)).toBe(true);
  const gone = () => connectRedis({ url: server.url, connectTimeoutMs: 500 });
  expect(await measuring({ redis: gone })('redis.up', {})).toBe(0);
  await server.restart();
  expect(await waitFor(async () => (await up()) === 1)).toBe(true);
  // It answers, and not to this user: nothing is known of whether others could use it.
  const stranger = () => connectRedis({ url: server.url.replace('//', '//nobody:x@') });
  await expect(measuring({ redis: stranger })('redis.up', {})).rejects.toThrow(/nobody/);
  await redis.close();
  await server.stop();
});
